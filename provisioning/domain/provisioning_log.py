"""SCM-9: what identity providers asked for, as it is kept: redacted, with its answer and what it changed.

An entry is made once, when the request was answered, and never changes but for one mark: that it was run again. It is
kept 30 days and then deleted; what was changed stands in the activity report for good.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from provisioning.domain.activity import Entry
from provisioning.domain.activity_query import Outcome
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.provisioning_redaction import HIDDEN
from provisioning.domain.query_texts import COMMON_READERS, Reader, id_text, values_of

KEPT_FOR = timedelta(days=30)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LONGEST_TEXT = 200
FIRST_REFUSAL = 400
# A replay that nobody has seen the end of may be tried again after this time.
REPLAY_LASTS = timedelta(minutes=1)
# Refused because of who asked: the sender never proved to be the identity provider, so nobody acts for them.
NOT_PROVED = frozenset({Code.CREDENTIAL_INVALID.value, Code.ADDRESS_NOT_ALLOWED.value})


class BodyState(StrEnum):
    """What became of a request's body: there was none, it is kept, or why it is not."""

    NONE = "none"
    KEPT = "kept"
    NOT_READ = "not_read"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a request changed, as the activity report has it.

    Attributes:
        kind: of the activity report, such as `user.disabled`.
        target_kind, target_id, target_name: what it happened to.
        fields: names of what changed.
        added, removed: ids of members, at most twenty each; `added_count` and `removed_count` say how many there were.
    """

    kind: str
    target_kind: str
    target_id: str
    target_name: str
    fields: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    added_count: int = 0
    removed_count: int = 0


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request of an identity provider.

    Attributes:
        account_id, id: the id is the request's own, which the client was told as `X-Request-Id`.
        at: when it was answered.
        connection_id, token_id: whose it was; the id of a token tells nothing that anybody could log in with.
        address: network address of the client, None where there was none.
        method, path, query: redacted; the path below the door's base.
        body: JSON text, redacted, None where there is none.
        body_state: why.
        if_match: the versions that the client knew, None for any.
        status, code, answer: what was answered; the stable code and the sentence of a refusal, else None.
        milliseconds: how long the answer took.
        resource_id: what it was about, None for lists and what has no id.
        changes: what it changed.
        notes: what was done otherwise than asked, in sentences.
        replay_of: id of the refused request that this one repeats.
        replayed_by: name of the person or key that asked for the repetition.
        replayed_at, replayed_as: when this one was run again, and the id of that request.
    """

    account_id: str
    id: str
    at: datetime
    connection_id: str
    token_id: str
    address: str | None
    method: str
    path: str
    query: str
    body: str | None
    body_state: BodyState
    if_match: str | None
    status: int
    code: str | None
    answer: str | None
    milliseconds: float
    resource_id: str | None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    replay_of: str | None = None
    replayed_by: str | None = None
    replayed_at: datetime | None = None
    replayed_as: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether it was answered with an error."""
        return self.status >= FIRST_REFUSAL

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of its path: type of resource, id."""
        return tuple(part for part in self.path.split("/") if part)

    @property
    def json(self) -> Any:
        """Its redacted body as a value, None where none is kept."""
        return json.loads(self.body) if self.body is not None else None

    @property
    def why_not_again(self) -> str | None:
        """Why it cannot be run again, as the end of a sentence; None where it can (SCM-9)."""
        reasons = (
            (not self.is_refused, "it was not refused."),
            (self.code in NOT_PROVED, "whoever sent it had no good token."),
            (self.replayed_as is not None, "it was run again already; its repetition can be."),
            (self.body_state not in (BodyState.NONE, BodyState.KEPT), "its body was not kept."),
            (any(HIDDEN in text for text in (self.path, self.query, self.if_match or "")), "it was not kept whole."),
            (self.method not in METHODS, "its method is not one of SCIM's."),
        )
        return next((reason for holds, reason in reasons if holds), None)


def require_replayable(entry: LoggedRequest, now: datetime) -> None:
    """Refuse to run a request again that was not refused, is not kept whole, or is being run again right now.

    Raises:
        Refusal: NOT_REPLAYABLE with the reason.
    """
    reason = entry.why_not_again
    if reason is None and entry.replayed_at is not None and now - entry.replayed_at < REPLAY_LASTS:
        reason = "it is being run again right now."
    if reason is not None:
        raise Refusal(Code.NOT_REPLAYABLE, detail=reason)


def change_of(entry: Entry) -> Change:
    """Return what an entry of the activity report says that a request changed."""
    data = entry.data
    return Change(
        entry.kind,
        entry.target_kind,
        entry.target_id,
        entry.target_name,
        fields=_texts(data.get("fields")),
        added=_texts(data.get("added")),
        removed=_texts(data.get("removed")),
        added_count=_number(data.get("added_count")),
        removed_count=_number(data.get("removed_count")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which requests are wanted; what is None does not narrow.

    Attributes:
        connection: id of a SCIM connection, also of a removed one.
        status: done, or refused.
        method: one of `METHODS`.
        resource: id of a user or group.
        text: what stands in path, query, body, answer or notes, in any letter case.
        since, until: from this moment on, and before that one; in UTC.
        cursor: id of the last request of the page before.
        limit: requests on a page.
    """

    connection: str | None = None
    status: Outcome | None = None
    method: str | None = None
    resource: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: int = 100


def log_query_from(texts: Mapping[str, str]) -> LogQuery:
    """Return the query that the parameters of an address or the fields of a form ask for.

    Args:
        texts: name of `READERS` -> text; read as `activity_query.query_from` reads them.

    Raises:
        Refusal: INVALID_VALUE with the name of the field.
    """
    return LogQuery(**values_of(texts, READERS))  # type: ignore[arg-type]


def _method(text: str) -> str:
    if text.upper() not in METHODS:
        raise ValueError
    return text.upper()


def _plain_text(text: str) -> str:
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValueError
    return text


READERS: Mapping[str, Reader] = {
    "connection": Reader("connection", id_text, "is the id of a SCIM connection"),
    "status": Reader("status", Outcome, f"is one of: {', '.join(Outcome)}"),
    "method": Reader("method", _method, f"is one of: {', '.join(METHODS)}"),
    "resource": Reader("resource", id_text, "is the id of a user or group"),
    "text": Reader("text", _plain_text, f"is a text of at most {LONGEST_TEXT} characters"),
    **COMMON_READERS,
}
