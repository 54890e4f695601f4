"""Receipts of ended access: what ended, when, by whom, and which webhooks have confirmed it (OUT-2, SES-7)."""

from collections.abc import Sequence
from dataclasses import replace

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.revocations import Confirmation, Revocation
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit

MOST_SHOWN = 100


def list_revocations(caller: Caller, user_id: str, services: Services) -> list[Revocation]:
    """Return the receipts of a user, also of a deleted one, newest first.

    Args:
        caller: needs to read users.
        user_id: of the account.
        services: from outside.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        user = unit.users.get_also_inactive(user_id)
        return _with_confirmations(unit, unit.revocations.of_user(user.id, MOST_SHOWN))


def receipt_of(caller: Caller, user: User, services: Services) -> Revocation | None:
    """Return the receipt of what an action just ended: the one of the epoch that it left the user with.

    Args:
        caller: who ended it.
        user: as the action returned it.
        services: from outside.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_MANAGE)
        found = unit.revocations.find(user.id, user.epoch)
        return _with_confirmations(unit, [found])[0] if found is not None else None


def _with_confirmations(unit: Unit, receipts: Sequence[Revocation]) -> list[Revocation]:
    told = unit.webhooks.of_revocations([each.id for each in receipts]) if receipts else []
    return [
        replace(
            receipt,
            confirmations=tuple(
                Confirmation(delivery.webhook_id, url, delivery.state, delivery.confirmed_at)
                for delivery, url in told
                if delivery.revocation_id == receipt.id
            ),
        )
        for receipt in receipts
    ]
