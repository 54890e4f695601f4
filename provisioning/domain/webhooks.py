"""Webhooks: who is told what, in which form, signed how, and when a receiver that is silent is tried again.

The form is that of Standard Webhooks 1.0.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`), so that receivers
verify with any of its libraries (NET-2). A body names people by id; anything more is there only where the receiver's
account asked for that very field. Ids of people and groups are not secrets and let a receiver ask back.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from provisioning.domain.errors import invalid
from provisioning.domain.groups import Group
from provisioning.domain.users import User

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix of Standard Webhooks.
SECRET_BYTES = 32
SIGNATURE_VERSION = "v1"
LONGEST_URL = 2048
MOST_WEBHOOKS = 20
# How long both secrets sign after a rotation, unless asked otherwise.
OVERLAP_SECONDS = 24 * 3600
LONGEST_OVERLAP_SECONDS = 7 * 24 * 3600
# Pauses after the first, second, … failed attempt; after the last attempt a delivery is given up and can be replayed.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600, 86400, 86400)
)  # fmt: skip
# A receiver that did not answer at all is left alone for as long as it has been silent, within these limits: one
# dead host must not keep the workers waiting once for each event.
SHORTEST_SILENCE, LONGEST_SILENCE = timedelta(seconds=5), timedelta(hours=1)
DEAD_AFTER = timedelta(hours=48)
# Longer than one attempt can take: a job that was killed gives its delivery back after this time.
LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)
# Deliveries that say who confirmed the end of an access stay as long as the sessions' own traces (SES-7).
RECEIPTS_KEPT_FOR = timedelta(days=90)
LONGEST_EXCERPT = 500
# All sessions of somebody, and one of them: whoever takes the second for the first ends too much.
SESSIONS_ENDED, SESSION_ENDED = "sessions.ended", "session.ended"

# Kind of an entry in the activity report -> event. What ends all sessions is told by its own job, not from the report.
EVENT_OF: Mapping[str, str] = {
    "group.changed": "group.updated",
    "group.created": "group.created",
    "group.deleted": "group.deleted",
    "group.members_changed": "group.members_changed",
    "invitation.accepted": "user.updated",
    "session.ended": SESSION_ENDED,
    "session.logged_out": SESSION_ENDED,
    "user.changed": "user.updated",
    "user.created": "user.created",
    "user.deleted": "user.deleted",
    "user.disabled": "user.disabled",
    "user.enabled": "user.enabled",
    "user.linked": "user.updated",
    "user.taken_over": "user.updated",
}
EVENTS = tuple(sorted({*EVENT_OF.values(), SESSIONS_ENDED}))

USER_FIELDS: Mapping[str, Callable[[User], object]] = {
    "email": attrgetter("email"),
    "external_id": attrgetter("external_id"),
    "first_name": attrgetter("first_name"),
    "last_name": attrgetter("last_name"),
    "name": attrgetter("name"),
    "role": attrgetter("role"),
    "status": attrgetter("status"),
    "user_name": attrgetter("user_name"),
}
# What an entry of the report says of the change itself.
CHANGED, MEMBER_CHANGES = "user.changed", "group.member_changes"
GROUP_FIELDS: Mapping[str, Callable[[Group], object]] = {
    "external_id": attrgetter("external_id"),
    "member_count": attrgetter("member_count"),
    "name": attrgetter("name"),
}
FIELDS = tuple(
    sorted({
        *(f"user.{name}" for name in USER_FIELDS), *(f"group.{name}" for name in GROUP_FIELDS), CHANGED, MEMBER_CHANGES,
    })
)  # fmt: skip
MEMBER_CHANGE_NAMES = ("added", "removed", "added_count", "removed_count")


class PauseReason(StrEnum):
    """Why a webhook is paused."""

    ASKED = "asked"
    DEAD = "dead"
    GONE = "gone"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint of an account that is told what happens; never its secret.

    Attributes:
        url: where events go.
        events: which ones, of `EVENTS`.
        fields: what a body says beside ids, of `FIELDS`.
        told_to: number of the last seal of the activity report whose entry was handed over.
        old_secret_until: until when the secret before the last rotation signs too, None without one.
        paused_at, pause_reason: since when and why nothing is sent; what happens meanwhile is sent on resuming.
        failing_since, failures: since when and how many attempts failed in a row.
        retry_at: nothing is tried before, after the receiver did not answer at all.
        confirmed_at: last time that the receiver took an event.
    """

    account_id: str
    id: str
    url: str
    events: tuple[str, ...]
    fields: tuple[str, ...]
    told_to: int
    created_at: datetime
    updated_at: datetime
    old_secret_until: datetime | None = None
    paused_at: datetime | None = None
    pause_reason: PauseReason | None = None
    failing_since: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether nothing is sent."""
        return self.paused_at is not None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook.

    Attributes:
        event_id: the same for every attempt and every webhook: what a receiver knows repeats by.
        kind: the event.
        body: what is sent, byte for byte the same at each attempt.
        attempts: made so far.
        next_at: when the next one is due, while `state` is pending.
        tried_at, answer_status, fault, excerpt: the last attempt: its answer, or what went wrong.
        confirmed_at: when the receiver answered with a 2xx.
        revocation_id: the receipt that this delivery belongs to.
        replayed_by: who asked for it to be sent again, as `<credential>:<id>` (AUZ-7).
    """

    account_id: str
    id: str
    webhook_id: str
    event_id: str
    kind: str
    body: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    created_at: datetime
    tried_at: datetime | None = None
    answer_status: int | None = None
    fault: str | None = None
    excerpt: str | None = None
    confirmed_at: datetime | None = None
    revocation_id: str | None = None
    replayed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: a status and the beginning of its body; or no status and what went wrong."""

    status: int | None
    excerpt: str = ""
    fault: str | None = None

    @property
    def is_confirmation(self) -> bool:
        """Whether the receiver took the event."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver asks never to be told again (Standard Webhooks: 410)."""
        return self.status == 410


def checked_names(field: str, asked: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Return names in order, each once.

    Raises:
        Refusal: INVALID_VALUE for one that is not known.
    """
    names = set(asked)
    unknown = sorted(names - set(known))
    if unknown:
        raise invalid(field, f"{unknown[0][:64]!r} is none of {', '.join(known)}.")
    return tuple(sorted(names))


def checked_overlap(seconds: int) -> timedelta:
    """Return how long an old secret goes on; refuse more than a week."""
    if not 0 <= seconds <= LONGEST_OVERLAP_SECONDS:
        raise invalid("overlap_seconds", f"overlap_seconds is between 0 and {LONGEST_OVERLAP_SECONDS}.")
    return timedelta(seconds=seconds)


def new_secret(random: bytes) -> str:
    """Return a secret in the form of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def headers_of(delivery: Delivery, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers that a delivery is signed by: one signature for each secret that is good now (NET-2)."""
    seconds = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signature(each, delivery.event_id, seconds, delivery.body) for each in secrets),
    }


def signature(secret: str, event_id: str, seconds: str, body: str) -> str:
    """Return the signature of Standard Webhooks: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{event_id}.{seconds}.{body}".encode(), hashlib.sha256)
    return f"{SIGNATURE_VERSION},{base64.b64encode(digest).decode()}"


def event_body(event_id: str, kind: str, at: datetime, data: Mapping[str, object]) -> str:
    """Return the body of an event: `id, type, timestamp, data`."""
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"id": event_id, "type": kind, "timestamp": timestamp, "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def user_data(user_id: str, user: User, fields: Collection[str], changed: object = None) -> dict[str, object]:
    """Return what a body says of a user: the id, and the fields that were asked for."""
    said = {name: read(user) for name, read in USER_FIELDS.items() if f"user.{name}" in fields}
    if CHANGED in fields and changed is not None:
        said["changed"] = changed
    return {"user": {"id": user_id, **said}}


def group_data(
    group_id: str, name: str, group: Group | None, fields: Collection[str], change: Mapping[str, object]
) -> dict[str, object]:
    """Return what a body says of a group; of one that is gone its last name.

    Args:
        group_id, name: as the report has them.
        group: as it is now, None where it was deleted.
        fields: those asked for.
        change: data of the entry.
    """
    present = {"name": name} if group is None else {each: read(group) for each, read in GROUP_FIELDS.items()}
    said: dict[str, object] = {each: value for each, value in present.items() if f"group.{each}" in fields}
    if MEMBER_CHANGES in fields and "added_count" in change:
        said["member_changes"] = {each: change[each] for each in MEMBER_CHANGE_NAMES}
    return {"group": {"id": group_id, **said}}


def pause_after(attempts: int) -> timedelta | None:
    """Return the pause after a number of failed attempts, None where the delivery is given up."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def silence_after(failing_since: datetime, now: datetime) -> timedelta:
    """Return how long a receiver that did not answer is left alone: as long as it has been failing already."""
    return min(max(now - failing_since, SHORTEST_SILENCE), LONGEST_SILENCE)


def is_dead(failing_since: datetime | None, now: datetime) -> bool:
    """Return whether a receiver has failed for so long that it is paused and the administrators are told."""
    return failing_since is not None and now - failing_since >= DEAD_AFTER
