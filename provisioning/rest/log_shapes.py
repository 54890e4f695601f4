"""The provisioning log on the wire."""

from marshmallow import Schema, fields

from provisioning.actions.provisioning_log import ToldRequest
from provisioning.domain.activity_query import Outcome
from provisioning.domain.provisioning_log import LONGEST_TEXT, METHODS, BodyState, Change
from provisioning.domain.query_texts import LONGEST_ID, MOST_ON_A_PAGE
from provisioning.rest.fields import Members, choice, said, text, whole
from provisioning.rest.records import always, many
from provisioning.rest.representation import Record, moment


class LogMembers(Members):
    """Which requests; all that are given must hold."""

    connection = text(LONGEST_ID, **said("Id of a SCIM connection."))
    status = choice([each.value for each in Outcome])
    method = choice(METHODS)
    resource = text(LONGEST_ID, **said("Id of a user or group."))
    text = text(LONGEST_TEXT, **said("What stands in address, body, answer or notes, in any letter case."))
    since = fields.String(data_key="from", **said("Moment or day, ISO 8601; inclusive."))
    until = fields.String(data_key="to", **said("Moment, exclusive; or day, inclusive."))
    cursor = fields.String(**said("`next_cursor` of the page before."))
    limit = whole(1, MOST_ON_A_PAGE, **said("Requests on a page; preset 100."))


class ChangeRecord(Schema):
    """One thing that a request changed, as the activity report has it."""

    kind = always(fields.String)
    target_kind = always(fields.String)
    target_id = always(fields.String)
    target_name = always(fields.String)
    changed = fields.List(fields.String(), required=True, **said("Names of fields."))
    added = fields.List(fields.String(), required=True, **said("Ids of members, at most 20."))
    removed = fields.List(fields.String(), required=True, **said("Ids of members, at most 20."))
    added_count = always(fields.Integer)
    removed_count = always(fields.Integer)


class LoggedRequestRecord(Schema):
    """One request of an identity provider, without its body."""

    id = always(fields.String, **said("What was answered as `X-Request-Id`."))
    at = always(fields.DateTime)
    connection = always(fields.String, **said("Id of the SCIM connection."))
    token = always(fields.String, **said("Id of the token, never its text."))
    address = always(fields.String, allow_none=True)
    sentence = always(fields.String, **said("What it was, in words."))
    method = always(fields.String)
    path = always(fields.String, **said("Below `/scim/v2`; what may not be kept reads `[hidden]`."))
    query = always(fields.String)
    status = always(fields.Integer, **said("Of HTTP."))
    code = always(fields.String, allow_none=True, **said("Of the refusal."))
    answer = always(fields.String, allow_none=True, **said("The sentence of the refusal."))
    milliseconds = always(fields.Integer)
    resource = always(fields.String, allow_none=True, **said("Id of the user or group that it was about."))
    changes = many(ChangeRecord)
    notes = fields.List(fields.String(), required=True, **said("What was done otherwise than asked."))
    replayable = always(fields.Boolean, **said("Whether it can be run again."))
    replay_of = always(fields.String, allow_none=True, **said("Id of the refused request that this one repeats."))
    replayed_by = always(fields.String, allow_none=True, **said("Who asked for the repetition."))
    replayed_as = always(fields.String, allow_none=True, **said("Id of the request that repeats this one."))


class WholeRequestRecord(LoggedRequestRecord):
    """One request of an identity provider."""

    body = fields.Raw(
        required=True, allow_none=True, **said("JSON; values that nobody knows, and passwords, read `[hidden]`.")
    )
    body_state = choice([each.value for each in BodyState], required=True)


class LogRecord(Schema):
    """A page of the provisioning log, newest request first."""

    provisioning_log = many(LoggedRequestRecord)
    next_cursor = fields.String(**said("Only where there are more."))


def log_texts(query: Record) -> dict[str, str]:
    """Return the parameters of a page as the texts that every door reads them from."""
    names = {"since": "from", "until": "to"}
    return {names.get(name, name): str(value) for name, value in query.items()}


def request_record(told: ToldRequest) -> Record:
    """Return a request without its body."""
    entry = told.entry
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "connection": entry.connection_id,
        "token": entry.token_id,
        "address": entry.address,
        "sentence": told.sentence,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "code": entry.code,
        "answer": entry.answer,
        "milliseconds": round(entry.milliseconds),
        "resource": entry.resource_id,
        "changes": [_change_record(change) for change in entry.changes],
        "notes": list(entry.notes),
        "replayable": entry.why_not_again is None,
        "replay_of": entry.replay_of,
        "replayed_by": entry.replayed_by,
        "replayed_as": entry.replayed_as,
    }


def whole_record(told: ToldRequest) -> Record:
    """Return a request with its body."""
    return {**request_record(told), "body": told.entry.json, "body_state": told.entry.body_state.value}


def _change_record(change: Change) -> Record:
    return {
        "kind": change.kind,
        "target_kind": change.target_kind,
        "target_id": change.target_id,
        "target_name": change.target_name,
        "changed": list(change.fields),
        "added": list(change.added),
        "removed": list(change.removed),
        "added_count": change.added_count,
        "removed_count": change.removed_count,
    }
