"""The account itself on the wire: its seats, its security settings, its activity report, the end of it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from provisioning.domain.accounts import Account, TwoFactor
from provisioning.domain.activity import Entry
from provisioning.domain.activity_query import Outcome
from provisioning.domain.caller import WayIn
from provisioning.domain.events import KINDS
from provisioning.domain.query_texts import LONGEST_ID, MOST_ON_A_PAGE
from provisioning.domain.seats import MOST_ADDITIONAL_BY_SELF_SERVICE, MOST_SEATS, Seats
from provisioning.domain.sessions import IDLE_SECONDS, LEAST_SECONDS, MOST_SECONDS, Method, Session
from provisioning.rest.fields import Body, Members, any_object, any_text, choice, said, text, truth, whole
from provisioning.rest.records import always, many
from provisioning.rest.representation import Record, moment

TWO_FACTOR = [each.value for each in TwoFactor]
LONGEST_PASSWORD = 1024
LONGEST_CODE = 64
LONGEST_MOMENT = 40


class SeatsMembers(Body):
    """How many additional users are wanted."""

    read_only = frozenset({"used", "limit", "plan_seats"})

    # The domain refuses more than self-service gives, and says whom to ask (SEAT-2).
    additional = whole(
        0,
        MOST_SEATS,
        required=True,
        **said(f"Additional subscriptions: 0 to {MOST_ADDITIONAL_BY_SELF_SERVICE}; for more, contact support."),
    )


class SeatsRecord(Schema):
    """The user limit."""

    used = always(fields.Integer, **said("Users that are not deleted, pending and disabled ones too."))
    limit = always(fields.Integer, **said("plan_seats and additional together."))
    plan_seats = always(fields.Integer)
    additional = always(fields.Integer)


class SecurityMembers(Body):
    """What a request can set of the security settings."""

    two_factor = choice(TWO_FACTOR, **said("SAML provisioning needs disabled."))
    session_idle_seconds = whole(LEAST_SECONDS, IDLE_SECONDS, **said("A session ends after so long without a request."))
    session_max_seconds = whole(LEAST_SECONDS, MOST_SECONDS, **said("And after so long in all; for later logins."))
    enforce_saml = truth(**said("Refused until one login through a SAML connection has succeeded."))


class SecurityRecord(Schema):
    """The security settings of the account."""

    two_factor = choice(TWO_FACTOR, required=True)
    session_idle_seconds = always(fields.Integer)
    session_max_seconds = always(fields.Integer)
    enforce_saml = always(fields.Boolean)


class CancelMembers(Body):
    """The root user's proof of identity."""

    password = any_text(LONGEST_PASSWORD, required=True, **said("The root user's password."))
    code = text(LONGEST_CODE, **said("A code of the root user's second factor, where one is set up."))


class AccountStateRecord(Schema):
    """The account, cancelled."""

    id = always(fields.String)
    cancelled_at = always(fields.DateTime, **said("The operator can restore it for 30 days."))


class ActivityMembers(Members):
    """Which entries; all that are given must hold."""

    person = text(LONGEST_ID, **said("Id of a user, key, token or connection: what it did or what was done to it."))
    kind = choice([*KINDS])
    way_in = choice([each.value for each in WayIn])
    outcome = choice([each.value for each in Outcome])
    since = text(LONGEST_MOMENT, data_key="from", **said("Moment or day, ISO 8601; inclusive."))
    until = text(LONGEST_MOMENT, data_key="to", **said("Moment, exclusive; or day, inclusive."))
    cursor = text(LONGEST_ID, **said("`next_cursor` of the page before."))
    limit = whole(1, MOST_ON_A_PAGE, **said("Entries on a page; preset 100."))


class ActivityEntry(Schema):
    """Who did what to whom, when, from where, by which way in."""

    id = always(fields.String)
    at = always(fields.DateTime)
    kind = always(fields.String)
    outcome = choice([each.value for each in Outcome], required=True)
    code = always(fields.String, allow_none=True, **said("Of the refusal."))
    way_in = always(fields.String)
    actor_id = always(fields.String)
    actor_name = always(fields.String)
    address = always(fields.String, allow_none=True)
    target_kind = always(fields.String)
    target_id = always(fields.String)
    target_name = always(fields.String)
    data = any_object(required=True)


class ActivityRecord(Schema):
    """A page of the activity report, newest entry first."""

    activity = many(ActivityEntry)
    next_cursor = fields.String(**said("Only where there are more."))


class UserSession(Schema):
    """A session of a user that is good now."""

    id = always(fields.String)
    method = choice([method.value for method in Method], required=True)
    created_at = always(fields.DateTime)
    last_seen_at = always(fields.DateTime)
    expires_at = always(fields.DateTime)
    address = always(fields.String, allow_none=True)
    user_agent = always(fields.String, allow_none=True)
    saml_connection = always(fields.String, allow_none=True)


class UserSessionList(Schema):
    """Sessions of a user, newest first."""

    sessions = many(UserSession)


def seats_record(seats: Seats) -> Record:
    """Return the user limit."""
    return {
        "used": seats.used, "limit": seats.limit, "plan_seats": seats.plan_seats, "additional": seats.additional,
    }  # fmt: skip


def security_record(account: Account) -> Record:
    """Return the security settings."""
    return {
        "two_factor": account.two_factor.value,
        "session_idle_seconds": account.session_idle_seconds,
        "session_max_seconds": account.session_max_seconds,
        "enforce_saml": account.saml_enforced,
    }


def entry_record(entry: Entry) -> Record:
    """Return an entry of the activity report; its account is the caller's."""
    names = tuple(ActivityEntry().fields)
    return {name: getattr(entry, name) for name in names} | {"at": moment(entry.at), "data": dict(entry.data)}


def user_session_record(session: Session) -> Record:
    """Return a session as an administrator sees it; its secret is not known to anybody."""
    return {
        "id": session.id,
        "method": session.method.value,
        "created_at": moment(session.created_at),
        "last_seen_at": moment(session.last_seen_at),
        "expires_at": moment(session.expires_at),
        "address": session.address,
        "user_agent": session.user_agent,
        "saml_connection": session.connection_id,
    }


def activity_texts(query: Mapping[str, Any]) -> dict[str, str]:
    """Return a query as the texts that every door asks the activity report with."""
    names = {"since": "from", "until": "to"}
    return {names.get(name, name): str(value) for name, value in query.items()}
