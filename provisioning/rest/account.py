"""Calls about the account itself: seats, security settings, activity report, cancelling."""

from typing import Any

from provisioning.actions.accounts import cancel_account
from provisioning.actions.activity import list_activity
from provisioning.actions.seats import change_additional_seats, show_seats
from provisioning.actions.security_settings import SecurityChanges, change_security, show_security
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.activity_query import query_from
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest.account_shapes import (
    AccountStateRecord,
    ActivityMembers,
    ActivityRecord,
    CancelMembers,
    SeatsMembers,
    SeatsRecord,
    SecurityMembers,
    SecurityRecord,
    activity_texts,
    entry_record,
    seats_record,
    security_record,
)
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, moment

ACCOUNT = Noun("Account", "The account itself. These calls are Gatelodge's own.")
SEATS, SECURITY = Permission.ACCOUNT_SEATS_MANAGE, Permission.ACCOUNT_SECURITY_MANAGE
Members = dict[str, Any]


@ACCOUNT.call("GET", "/seats", SEATS, answer=SeatsRecord)
def get_seats(caller: Caller) -> Record:
    """Show the user limit."""
    return seats_record(show_seats(caller, services()))


@ACCOUNT.call("PUT", "/seats", SEATS, body=SeatsMembers, answer=SeatsRecord)
def change_seats(caller: Caller, members: Members) -> Record:
    """Change the user limit.

    Additional subscriptions go up and down at any time, never below the seats in use.
    """
    return seats_record(change_additional_seats(caller, members["additional"], services()))


@ACCOUNT.call("GET", "/security", SECURITY, answer=SecurityRecord)
def get_security(caller: Caller) -> Record:
    """Show the security settings."""
    return security_record(show_security(caller, services()))


@ACCOUNT.call("PUT", "/security", SECURITY, body=SecurityMembers, answer=SecurityRecord)
def change_security_settings(caller: Caller, members: Members) -> Record:
    """Change the security settings.

    Only the members that are sent change, all of them or none.
    """
    asked = SecurityChanges(
        two_factor=TwoFactor(members["two_factor"]) if "two_factor" in members else None,
        session_idle_seconds=members.get("session_idle_seconds"),
        session_max_seconds=members.get("session_max_seconds"),
        saml_enforced=members.get("enforce_saml"),
    )
    return security_record(change_security(caller, asked, services()))


@ACCOUNT.call("GET", "/activity", Permission.ACCOUNT_ACTIVITY_READ, query=ActivityMembers, answer=ActivityRecord)
def get_activity(caller: Caller, query: Members) -> Record:
    """Show a page of the activity report.

    Newest entries first. That somebody read it is an entry itself. `gatelodge activity export` writes all of it.
    """
    page = list_activity(caller, query_from(activity_texts(query)), services())
    more = {"next_cursor": page.cursor} if page.cursor is not None else {}
    return {"activity": [entry_record(entry) for entry in page.entries], **more}


@ACCOUNT.call("POST", "/cancel", SECURITY, body=CancelMembers, answer=AccountStateRecord)
def cancel(caller: Caller, members: Members) -> Record:
    """Cancel the account.

    It takes the root user's password, and a code of the second factor where one is set up; everything else is
    refused with `root_user_only`. All sessions end, and every key, token and login is refused from then on, this key
    too. The operator can restore the account for 30 days.
    """
    account = cancel_account(caller, members["password"], members.get("code"), services())
    return {"id": account.id, "cancelled_at": moment(account.cancelled_at or services().now())}
