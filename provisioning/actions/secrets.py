"""Secrets at rest under the newest key of the operator, so that an old key can be thrown away (OPS-2)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.store.secrets import SecretColumn, renew, secret_columns

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Reencrypted:
    """What a portion did: secrets now under the newest key, and the places of those that cannot be read."""

    renewed: int
    damaged: tuple[str, ...]


def reencrypt(caller: Caller, services: Services) -> Iterator[Reencrypted]:
    """Encrypt every stored secret under the newest key, portion by portion, and yield what each did.

    Each portion is a transaction of its own with its entry in the account's report. Whoever kills this half way loses
    nothing: what was done is done, and the next run finds the rest. A secret that cannot be read (its row was swapped
    with another, or its key is gone) is left as it is and named.

    Args:
        caller: the operator.
        services: from outside.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
        accounts = [account.id for account in unit.accounts.all()]
    for account_id in accounts:
        for column in secret_columns():
            yield from _column(replace(caller, account=account_id), column, services)


def _column(caller: Caller, column: SecretColumn, services: Services) -> Iterator[Reencrypted]:
    after: str | None = ""
    while after is not None:
        damaged: list[str] = []

        def make(secret: bytes, place: str, damaged: list[str] = damaged) -> bytes | None:
            """Return a secret under the newest key, None for one that no key opens."""
            renewed = services.cipher.renewed(secret, place)
            if renewed is None:
                damaged.append(place)
            return renewed

        with services.unit(caller) as unit:
            newest = services.cipher.newest_begins
            done, after = renew(unit.connection, caller.account, column, newest, after, AT_ONCE, make)
            if done:
                data = {"table": column.table.name, "number": done, "key": newest.decode().rstrip(":")}
                account = unit.accounts.get()
                unit.record(Event("secrets.reencrypted", "account", account.id, account.name, data))
        if done or damaged:
            yield Reencrypted(done, tuple(damaged))
