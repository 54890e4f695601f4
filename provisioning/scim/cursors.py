"""Cursors: places in a list, sealed, so that a client can hand one back and neither read nor make one (RFC 9865).

A cursor belongs to one query of one connection of one account, and ends after an hour. It holds the place itself (the
value that the list is ordered by, and an id), not a number: whatever is added or deleted meanwhile moves nothing else.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import datetime
from typing import Any

from provisioning.actions.services import Services
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import Place, Query
from provisioning.scim.parameters import ListRequest

LIFETIME_SECONDS = 3_600
# The characters that a cursor may have in an address as they are (RFC 9865 section 2, RFC 3986 section 2.3).
FORM = re.compile(r"[A-Za-z0-9_-]{1,4096}")


def walking(asked: ListRequest, caller: Caller, services: Services) -> Query:
    """Return the query of a list with the place that its cursor names; as it is where it has no cursor.

    Args:
        asked: what the list is asked for; an empty cursor asks for the first page.
        caller: to whose connection the cursor was given.
        services: time and seal.

    Raises:
        Refusal: INVALID_CURSOR, EXPIRED_CURSOR, or INVALID_COUNT where the pages are to change their size.
    """
    if asked.cursor is None:
        return asked.query
    if not asked.cursor:
        return replace(asked.query, walks=True)
    issued_at, query, count, place = _opened(asked.cursor, caller, services)
    if query != _fingerprint(asked):
        raise Refusal(Code.INVALID_CURSOR)
    if services.now().timestamp() - issued_at > LIFETIME_SECONDS:
        raise Refusal(Code.EXPIRED_CURSOR, limit=LIFETIME_SECONDS)
    if asked.has_count and asked.query.count != count:
        raise Refusal(Code.INVALID_COUNT)
    return replace(asked.query, walks=True, place=place, count=count)


def sealed(place: Place | None, query: Query, asked: ListRequest, caller: Caller, services: Services) -> str | None:
    """Return the cursor of a place in the answer to a query, None for none."""
    if place is None:
        return None
    is_moment = isinstance(place.key, datetime)
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    content = [services.now().timestamp(), _fingerprint(asked), query.count, key, is_moment, place.id, place.is_before]
    return urlsafe_b64encode(services.cipher.encrypt(json.dumps(content), _owner(caller))).decode().rstrip("=")


def _opened(cursor: str, caller: Caller, services: Services) -> tuple[float, str, int, Place]:
    if not FORM.fullmatch(cursor) or len(cursor) % 4 == 1:
        raise Refusal(Code.INVALID_CURSOR)
    text = services.cipher.opened(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), _owner(caller))
    if text is None:
        raise Refusal(Code.INVALID_CURSOR)
    issued_at, query, count, key, is_moment, place_id, is_before = json.loads(text)
    return issued_at, query, count, Place(datetime.fromisoformat(key) if is_moment else key, place_id, is_before)


def _owner(caller: Caller) -> str:
    """Return what a cursor is sealed for: in another account or connection it is no cursor."""
    return f"cursors/{caller.account}/{caller.connection.id if caller.connection else ''}"


def _fingerprint(asked: ListRequest) -> str:
    """Return what tells a query from others: types, filter and order, by their meaning and not by their spelling."""
    query = asked.query
    meaning: tuple[Any, ...] = (
        [each.name for each in asked.resources],
        query.node,
        asked.of_groups,
        query.sort_path,
        query.descending,
    )
    return hashlib.sha256(repr(meaning).encode("utf-8", "surrogatepass")).hexdigest()[:32]
