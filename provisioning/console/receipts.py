"""The receipts of a user: each end of their access, what ended with it, and which webhooks have confirmed (OUT-2)."""

from flask import Blueprint
from werkzeug.wrappers import Response

from provisioning.actions.receipts import list_revocations
from provisioning.actions.user_table import user_page
from provisioning.console.pages import add_routes, page
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.revocations import Revocation, all_confirmed_at
from provisioning.domain.webhooks import DeliveryState
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

STATE_NAMES = {
    DeliveryState.PENDING: "Not confirmed yet",
    DeliveryState.CONFIRMED: "Confirmed",
    DeliveryState.GIVEN_UP: "Given up",
}


def add_receipts(blueprint: Blueprint) -> None:
    """Add the route of a user's receipts."""
    add_routes(blueprint, ("/users/<user_id>/receipts", "GET", show_receipts))


@requires(Permission.ACCOUNT_USERS_READ, session_caller)
def show_receipts(caller: Caller, user_id: str) -> Response:
    """Show the receipts of a user, also of a deleted one, newest first (SES-7)."""
    return page(
        "receipts.html",
        caller=caller,
        shown=user_page(caller, user_id, services()),
        receipts=list_revocations(caller, user_id, services()),
        all_confirmed_at=all_confirmed_at,
        state_names=STATE_NAMES,
    )


def address_of(receipt: Revocation) -> str:
    """Return where a receipt stands on the page of its user's receipts."""
    return f"/users/{receipt.user_id}/receipts#{receipt.id}"
