"""Every request of an identity provider -> its entry in the provisioning log, also where it was refused (SCM-9).

The entry is made when the answer is: redacted here, by the attributes that the traits table knows, so that nothing
secret ever waits to be written. Whoever reads a body keeps its bytes until then; a body that nobody read is not kept.
"""

import json
import re
import time
from typing import Any

from flask import Blueprint, Response, g, request

from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code
from provisioning.domain.provisioning_advice import PASSWORD_NOTE
from provisioning.domain.provisioning_log import FIRST_REFUSAL, BodyState, Change, LoggedRequest, change_of
from provisioning.domain.provisioning_redaction import (
    HIDDEN,
    ID,
    Seen,
    known_from,
    shown_answer,
    shown_body,
    shown_path,
    shown_query,
)
from provisioning.guard.context import services
from provisioning.guard.heard import heard
from provisioning.guard.scim_bearer import CALLER, known_caller, run_again_of
from provisioning.scim.errors import CODE_HEADER
from provisioning.scim.notes import notes_kept
from provisioning.scim.representation import BASE_PATH
from provisioning.scim.traits import RESOURCE_TYPES

# A larger body costs more to redact than it tells.
MOST_KEPT_BYTES = 64 * 1024
MOST_CHANGES = 100
BODY, BEGAN = "body_read", "scim_began"
TRAITS = [trait for resource in RESOURCE_TYPES for table in resource.tables for trait in table.traits]
KNOWN = known_from(
    (each.name for trait in TRAITS for each in (trait, *trait.sub)),
    (table.urn for resource in RESOURCE_TYPES for table in resource.tables),
)
# Answered before anybody asked whose token it is, or because it is not good; only then it is looked up for the log.
# A flood beyond the pace (429) must not cost a look into the database for each of its requests.
NOT_ASKED_WHOSE = frozenset({401, 403, 404, 405})
TAGS = re.compile(r'\*|(?:W/)?"[0-9]{1,9}"(?:\s*,\s*(?:W/)?"[0-9]{1,9}")*')


def keep_body(data: bytes) -> None:
    """Keep the bytes of a body for the request's entry."""
    g.setdefault(BODY, data)


def log_requests(blueprint: Blueprint) -> None:
    """Have every request below the door's path leave its entry, also where no route was found for it."""
    blueprint.before_app_request(_begin)
    blueprint.after_app_request(_end)


def _begin() -> None:
    if request.path.startswith(BASE_PATH):
        setattr(g, BEGAN, time.perf_counter())


def _end(response: Response) -> Response:
    if BEGAN in g and (CALLER in g or response.status_code in NOT_ASKED_WHOSE):
        caller = known_caller()
        if caller is not None:
            services().request_log.add(entry_of(caller, response))
    return response


def entry_of(caller: Caller, response: Response) -> LoggedRequest:
    """Return the entry of the request that is being answered.

    Args:
        caller: whose it is, with its connection.
        response: what is answered.
    """
    assert caller.connection is not None
    again = run_again_of()
    seen = Seen()
    path = shown_path(_storable(request.path.removeprefix(BASE_PATH)), KNOWN) or "/"
    query = shown_query(((_storable(name), _storable(value)) for name, value in request.args.items(multi=True)), KNOWN)
    body, body_state = _body(seen)
    changes = tuple(change_of(entry) for entry in heard() if entry.outcome == "done")[:MOST_CHANGES]
    return LoggedRequest(
        account_id=caller.account,
        id=g.request_id,
        at=services().now(),
        connection_id=caller.connection.id,
        token_id=caller.id,
        address=caller.address,
        method=request.method,
        path=path,
        query=query,
        body=body,
        body_state=body_state,
        if_match=_if_match(),
        status=response.status_code,
        code=response.headers.get(CODE_HEADER),
        answer=_answer(response, f"{path} {query} {body}"),
        milliseconds=round((time.perf_counter() - getattr(g, BEGAN)) * 1000, 2),
        resource_id=_resource_id(changes),
        changes=changes,
        notes=(*notes_kept(), *([PASSWORD_NOTE] if seen.credential else [])),
        replay_of=again.of if again else None,
        replayed_by=again.by if again else None,
    )


def _body(seen: Seen) -> tuple[str | None, BodyState]:
    """Return the body as it is kept, redacted, and what became of it."""
    data: bytes = g.get(BODY, b"")
    if not data:
        # What nobody read may be there all the same: the request was refused before.
        return None, BodyState.NOT_READ if request.content_length else BodyState.NONE
    if len(data) > MOST_KEPT_BYTES:
        return None, BodyState.TOO_LARGE
    try:
        shown = shown_body(json.loads(data), KNOWN, seen)
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None, BodyState.NOT_JSON
    return text.encode("utf-8", "backslashreplace").decode(), BodyState.KEPT


def _if_match() -> str | None:
    """Return the versions that the client knew, None for any; what is no version of ours is hidden."""
    text = request.headers.get("If-Match")
    return text if text is None or TAGS.fullmatch(text) else HIDDEN


def _answer(response: Response, shown: str) -> str | None:
    """Return the sentence of a refusal, without what the redacted request does not show either."""
    if response.status_code < FIRST_REFUSAL or response.headers.get(CODE_HEADER) == Code.CREDENTIAL_INVALID:
        return None
    try:
        told: Any = json.loads(response.get_data())["detail"]
    except (ValueError, TypeError, KeyError):
        return None
    return shown_answer(_storable(str(told)), shown, KNOWN)


def _resource_id(changes: tuple[Change, ...]) -> str | None:
    """Return what a request was about: the id in its address, else the one thing that it made."""
    named = next((value for value in (request.view_args or {}).values() if ID.fullmatch(str(value))), None)
    if named is not None:
        return str(named).lower()
    made = {change.target_id for change in changes if change.kind.endswith(".created")}
    return made.pop() if len(made) == 1 else None


def _storable(text: str) -> str:
    """Return a text that the database can hold: without NUL and without halves of characters."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()
