"""Receipts of ended access: the call that lists them, and the member that force logout and delete answer with."""

from marshmallow import Schema, fields

from provisioning.actions.receipts import list_revocations, receipt_of
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.revocations import MOST_COUNTED, Confirmation, Revocation, all_confirmed_at
from provisioning.domain.sessions import EndReason
from provisioning.domain.users import User
from provisioning.domain.webhooks import DeliveryState
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.fields import Members, choice, said, truth
from provisioning.rest.records import always, many
from provisioning.rest.representation import Record, moment

REVOCATIONS = Noun("Receipts", "What ended with somebody's access, when, and which webhooks have confirmed it.")
MEMBER = "revocation"


class EndedBy(Schema):
    """Who ended it."""

    id = always(fields.String, **said("Of a user, a key or a token; `operator` for the command line."))
    name = always(fields.String)


class ConfirmationRecord(Schema):
    """A webhook that is told of the end."""

    id = always(fields.String, **said("Of the webhook."))
    url = always(fields.String)
    state = choice([state.value for state in DeliveryState], required=True)
    confirmed_at = always(fields.DateTime, allow_none=True)


class RevocationRecord(Schema):
    """The receipt of an ended access."""

    id = always(fields.String)
    reason = choice([reason.value for reason in EndReason], required=True)
    ended_at = always(fields.DateTime, **said("From then on every session check refuses."))
    ended_by = fields.Nested(EndedBy, required=True)
    way_in = always(fields.String, **said("By which door it was ended."))
    sessions = always(
        fields.Integer,
        **said(f"Sessions that were live; {MOST_COUNTED:,} may be more until the job that settles them has counted."),
    )
    pending_logins = always(fields.Integer)
    links = always(fields.Integer, **said("Unused links in mails."))
    devices = always(fields.Integer, **said("Browsers that were known."))
    keys = fields.List(
        fields.String(),
        required=True,
        **said("Live keys and tokens that the user answers for. They go on: keep or end each of them."),
    )
    webhooks = many(ConfirmationRecord)
    confirmed_at = always(
        fields.DateTime, allow_none=True, **said("When the last webhook confirmed; null while one has not.")
    )


class RevocationList(Schema):
    """Receipts of a user, newest first."""

    revocations = many(RevocationRecord)


class ReceiptQuery(Members):
    """Whether the receipt is wanted: the published clients' answers have no room for it unless it is asked for."""

    revocation = truth(**said("True: where access ended, the answer holds the receipt of what ended."))


class RevokedUser(records.User):
    """A user whose access was ended, with the receipt."""

    revocation = fields.Nested(RevocationRecord)


class UserDeleted(records.Done):
    """The user is deleted."""

    revocation = fields.Nested(RevocationRecord)


@REVOCATIONS.call("GET", "/users/<user_id>/revocations", Permission.ACCOUNT_USERS_READ, answer=RevocationList)
def list_revocations_of_user(caller: Caller, user_id: str) -> Record:
    """List the receipts of a user's ended access.

    Force logout, disabling, deleting and a reset of the password each leave one, also those by SCIM; deleted users
    have theirs too. Newest first.
    """
    return {"revocations": [revocation_record(each) for each in list_revocations(caller, user_id, services())]}


def revoked(caller: Caller, user: User) -> Record:
    """Return the member `revocation` for the answer of a call that ended a user's access, nothing where none did.

    Args:
        caller: who asked.
        user: as the action returned it; its epoch names the receipt.
    """
    found = receipt_of(caller, user, services())
    return {MEMBER: revocation_record(found)} if found is not None else {}


def revocation_record(receipt: Revocation) -> Record:
    """Return a receipt with what each webhook has confirmed so far."""
    ended = receipt.ended
    confirmed_at = all_confirmed_at(receipt.confirmations)
    return {
        "id": receipt.id,
        "reason": receipt.reason.value,
        "ended_at": moment(receipt.ended_at),
        "ended_by": {"id": receipt.ended_by, "name": receipt.ended_by_name},
        "way_in": receipt.way_in,
        "sessions": ended.sessions,
        "pending_logins": ended.pending_logins,
        "links": ended.links,
        "devices": ended.devices,
        "keys": list(ended.keys),
        "webhooks": [_confirmation(each) for each in receipt.confirmations],
        "confirmed_at": moment(confirmed_at) if confirmed_at is not None else None,
    }


def _confirmation(told: Confirmation) -> Record:
    at = told.confirmed_at
    return {
        "id": told.webhook_id,
        "url": told.url,
        "state": told.state.value,
        "confirmed_at": moment(at) if at is not None else None,
    }
