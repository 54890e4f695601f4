"""What is done alike to account keys and SCIM tokens: rotated, switched off, revoked, kept, reviewed (API-1, API-2)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from provisioning.actions.services import Services
from provisioning.domain.address_ranges import is_within
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.keys import (
    AccountKey,
    ScimToken,
    overlap_ends_at,
    review_of,
)
from provisioning.store.unit_of_work import Unit

Credentials = TypeVar("Credentials", AccountKey, ScimToken)


def answerable_caller(unit: Unit) -> str | None:
    """Return the user who answers for what the caller makes: the person, or who answers for the calling key (KEY-3)."""
    caller = unit.caller
    if caller.credential is Credential.SESSION:
        return caller.id
    return unit.keys.answerable_of_key(caller.id) if caller.credential is Credential.ACCOUNT_KEY else None


def revoke(unit: Unit, issued: Credentials) -> Credentials:
    """Revoke a key or token for ever; one that is revoked stays so since when it was."""
    return _saved(unit, replace(issued, revoked_at=issued.revoked_at or unit.now))


def switch(unit: Unit, issued: Credentials, *, enabled: bool) -> Credentials:
    """Switch a key or token off, or on again."""
    return _saved(unit, replace(issued, disabled_at=None if enabled else issued.disabled_at or unit.now))


def keep(unit: Unit, issued: Credentials) -> Credentials:
    """Let the caller answer for a key or token from now on, so that nobody has to review it any more (KEY-3)."""
    return _saved(unit, replace(issued, answerable=answerable_caller(unit)))


def retire(unit: Unit, issued: Credentials, replaced_by: str, overlap_seconds: int) -> Credentials:
    """Let a key or token end after the overlap, as another one takes its place (KEY-2).

    Raises:
        Refusal: an impossible overlap.
    """
    ends_at = overlap_ends_at(issued, overlap_seconds, unit.now)
    return _saved(unit, replace(issued, expires_at=ends_at, replaced_by=replaced_by))


def reviewed(unit: Unit, found: Sequence[Credentials]) -> list[Credentials]:
    """Return keys or tokens with the name of who answers for each, and why somebody has to review it (KEY-3)."""
    ids = {each.answerable for each in found if each.answerable is not None}
    people = {user.id: user for user in unit.users.of_ids(sorted(ids))}
    return [
        replace(each, maker=people[each.answerable].name, review=review_of(each, people[each.answerable]))
        if each.answerable in people
        else each
        for each in found
    ]


def told_of(unit: Unit, issued: AccountKey | ScimToken) -> str:
    """Return the id of the user who is mailed about a key or token: who answers for it, else the root user."""
    try:
        user = unit.users.get(issued.answerable) if issued.answerable is not None else None
    except Refusal:
        user = None
    if user is None or user.is_disabled or user.email is None:
        return unit.users.root().id
    return user.id


def require_address(caller: Caller, issued: AccountKey | ScimToken, services: Services) -> None:
    """Refuse a good key or token from an address outside its ranges; its account's report keeps the attempt (KEY-4)."""
    if not is_within(caller.address, issued.address_ranges):
        with services.read(caller):
            raise Refusal(Code.ADDRESS_NOT_ALLOWED)


def _saved(unit: Unit, issued: Credentials) -> Credentials:
    unit.keys.save(issued)
    return issued
