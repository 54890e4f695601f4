"""One transaction: the repositories of the caller's account, and what is written with every change.

The unit collects facts and debts while an action works, and writes them at its end: activity entries, outbox rows, and
last of all the seat counter, the one short row that writers of an account share (lock order: groups, users, seats). A
refusal rolls everything back; where AUD-1 wants it, its entry is written in a transaction of its own afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from provisioning.domain.activity import Entry
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.errors import REFUSALS, Refusal, Refusals
from provisioning.domain.events import TOLD, Event
from provisioning.domain.revocations import Revocation
from provisioning.domain.seats import require_room
from provisioning.domain.users import User
from provisioning.store.accounts import Accounts
from provisioning.store.activity import Activity, add_entries
from provisioning.store.engine import Database, translated
from provisioning.store.environments import AccessKeys, Environments
from provisioning.store.groups import Groups
from provisioning.store.keys import Keys
from provisioning.store.outbox import OwedRow, add_owed
from provisioning.store.provisioning_log import ProvisioningLog
from provisioning.store.revocations import Revocations
from provisioning.store.second_factors import SecondFactors
from provisioning.store.sessions import Sessions
from provisioning.store.sso import SamlConnections
from provisioning.store.statements import pipelined
from provisioning.store.strangers import count_attempt
from provisioning.store.throttle import Devices
from provisioning.store.users import Users
from provisioning.store.webhooks import Webhooks

# Credentials of callers who are not logged in: their attempts are counted, as anybody can make any number of them.
STRANGERS = frozenset({Credential.NONE, Credential.ASSERTION})


@dataclass(frozen=True, slots=True)
class Adapters:
    """What a unit needs from outside: identity, time, rendering, and secrets at rest.

    Attributes:
        new_id: makes a UUIDv7 text.
        now: the time in UTC.
        render: user -> SCIM document; fold: user -> the form that filters compare with.
        encrypt, decrypt: text <-> bytes, bound to a place `table/column/row` (OPS-2).
        measure: notes how long a stage took, in seconds.
    """

    new_id: Callable[[], str]
    now: Callable[[], datetime]
    render: Callable[[User], str]
    fold: Callable[[User], Mapping[str, object]]
    encrypt: Callable[[str, str], bytes]
    decrypt: Callable[[bytes, str], str]
    measure: Callable[[str, float], None]


class Unit:
    """The repositories of one account on one connection; reads too use it, on an autocommit connection.

    Args:
        connection: where statements go.
        caller: who asks; its account binds every repository.
        adapters: what is handed in from outside.
    """

    def __init__(self, connection: Connection, caller: Caller, adapters: Adapters) -> None:
        self.connection = connection
        self.caller = caller
        self.account_id = caller.account
        self.adapters = adapters
        self.now = adapters.now()
        self._entries: list[Entry] = []
        self._attempts: list[Entry] = []
        self._owed: list[OwedRow] = []
        self._seats = 0
        self.revoked: Revocation | None = None
        self.ended: list[Revocation] = []

    @cached_property
    def users(self) -> Users:
        """The account's users."""
        return Users(self.connection, self.account_id, self.adapters.render, self.adapters.fold)

    @cached_property
    def groups(self) -> Groups:
        """The account's groups."""
        return Groups(self.connection, self.account_id)

    @cached_property
    def accounts(self) -> Accounts:
        """The account itself and its seats."""
        return Accounts(self.connection, self.account_id)

    @cached_property
    def environments(self) -> Environments:
        """The account's product environments."""
        return Environments(self.connection, self.account_id)

    @cached_property
    def access_keys(self) -> AccessKeys:
        """The access keys of the account's product environments."""
        return AccessKeys(self.connection, self.account_id)

    @cached_property
    def keys(self) -> Keys:
        """The account's keys, SCIM connections and tokens."""
        return Keys(self.connection, self.account_id)

    @cached_property
    def sessions(self) -> Sessions:
        """The account's sessions and links."""
        return Sessions(self.connection, self.account_id)

    @cached_property
    def saml_connections(self) -> SamlConnections:
        """The account's SAML connections."""
        adapters = self.adapters
        return SamlConnections(
            self.connection,
            self.account_id,
            lambda data, row: adapters.decrypt(data, f"saml_connections/sp_private_key/{row}"),
            lambda text, row: adapters.encrypt(text, f"saml_connections/sp_private_key/{row}"),
        )

    @cached_property
    def revocations(self) -> Revocations:
        """The receipts of ended access."""
        return Revocations(self.connection, self.account_id)

    @cached_property
    def webhooks(self) -> Webhooks:
        """The account's webhooks and what they were told."""
        return Webhooks(self.connection, self.account_id)

    @cached_property
    def second_factors(self) -> SecondFactors:
        """The second factors and unfinished logins of the account's users."""
        adapters = self.adapters
        return SecondFactors(
            self.connection,
            self.account_id,
            lambda data, user_id: adapters.decrypt(data, f"second_factors/seed/{user_id}"),
            lambda text, user_id: adapters.encrypt(text, f"second_factors/seed/{user_id}"),
        )

    @cached_property
    def devices(self) -> Devices:
        """The browsers that the account's users have logged in with."""
        return Devices(self.connection, self.account_id)

    @cached_property
    def provisioning_log(self) -> ProvisioningLog:
        """What the account's identity providers asked for."""
        return ProvisioningLog(self.connection, self.account_id)

    @cached_property
    def activity(self) -> Activity:
        """The account's activity report."""
        return Activity(self.connection, self.account_id)

    def new_id(self) -> str:
        """Return a new id of ours."""
        return self.adapters.new_id()

    @property
    def recorded(self) -> tuple[Entry, ...]:
        """The facts that were noted so far."""
        return tuple(self._entries)

    def record(self, event: Event) -> None:
        """Note a fact: an activity entry, and an outbox row where somebody must be told."""
        self._entries.append(entry_of(self.caller, event, self.new_id(), self.now))
        if event.kind in TOLD:
            self.owe(TOLD[event.kind], {f"{event.target_kind}_id": event.target_id, **_texts(event.data)})

    def record_attempt(self, event: Event, code: str) -> None:
        """Note what somebody who is not logged in tried and was refused: one entry a minute, with a count (AUD-1)."""
        entry = entry_of(self.caller, event, self.new_id(), self.now)
        self._attempts.append(replace(entry, outcome="refused", code=code))

    def owe(self, kind: str, payload: Mapping[str, str], secret: str | None = None) -> None:
        """Note a debt to somebody outside; a secret is kept encrypted until it is paid (INV-2)."""
        row_id = self.new_id()
        hidden = None if secret is None else self.adapters.encrypt(secret, f"outbox/secret/{row_id}")
        self._owed.append(OwedRow(self.account_id, row_id, kind, payload, hidden, 0, self.now))

    def take_seat(self) -> None:
        """Ask for a seat, taken last before the commit; refused there when there is no room (SEAT-3)."""
        self._seats += 1

    def give_seat_back(self) -> None:
        """Give a seat back, last before the commit (USR-7)."""
        self._seats -= 1

    def note(self, entry: Entry) -> None:
        """Note an entry that is made already: that of a refusal inside a transaction that goes on (AUD-1)."""
        self._entries.append(entry)

    def absorb(self, other: "Unit") -> None:
        """Take over what another unit of the same transaction noted, to be written together."""
        self._entries += other._entries
        self._attempts += other._attempts
        self._owed += other._owed
        self._seats += other._seats
        self.ended += [*other.ended, *([other.revoked] if other.revoked is not None else [])]

    def flush(self) -> None:
        """Write what was noted: entries, debts, and last the seat counter."""
        counted = [count_attempt(self.connection, each) for each in self._attempts]
        self._entries += [entry for entry in counted if entry is not None]
        if not (self._entries or self._owed or self._seats):
            return
        with pipelined(self.connection):
            add_entries(self.connection, self._entries)
            add_owed(self.connection, self._owed)
            moved = self.accounts.move_seats(self._seats) if self._seats else None
        if moved is not None and self._seats > 0:
            require_room(moved)


@contextmanager
def open_unit(database: Database, caller: Caller, adapters: Adapters) -> Iterator[Unit]:
    """Open one transaction for one action; leaving it commits, an exception rolls back.

    Raises:
        Conflict, QueryCancelled, Unavailable: what the database's fault means.
    """
    try:
        with database.writer.begin() as connection:
            unit = Unit(connection, caller, adapters)
            yield unit
            unit.flush()
        if unit.revoked is not None:
            # From the moment of asking to the commit, from which on every session check refuses (OUT-2).
            adapters.measure("effective", (adapters.now() - unit.now).total_seconds())
    except Refusal as refusal:
        record_refusal(database, caller, refusal, adapters)
        raise
    except Refusals as refusals:
        for each in refusals.rows.values():
            record_refusal(database, caller, each, adapters)
        raise
    except SQLAlchemyError as error:
        raise translated(error) from error


@contextmanager
def open_reading(database: Database, caller: Caller, adapters: Adapters) -> Iterator[Unit]:
    """Open an autocommit connection for reads: each statement stands alone, none is locked."""
    try:
        with database.reader.connect() as connection:
            yield Unit(connection, caller, adapters)
    except Refusal as refusal:
        record_refusal(database, caller, refusal, adapters)
        raise
    except SQLAlchemyError as error:
        raise translated(error) from error


def record_refusal(database: Database, caller: Caller, refusal: Refusal, adapters: Adapters) -> None:
    """Write the entry of a refused attempt where its kind wants one, after all else is rolled back (ACT-1, AUD-1)."""
    entry = refused_entry(caller, refusal, adapters)
    if entry is None:
        return
    with database.writer.begin() as connection:
        write = count_attempt(connection, entry) if caller.credential in STRANGERS else entry
        add_entries(connection, [write] if write else [])


def refused_entry(caller: Caller, refusal: Refusal, adapters: Adapters) -> Entry | None:
    """Return the entry of a refused attempt, None where its kind wants none (AUD-1)."""
    if not (REFUSALS[refusal.code].recorded and caller.account):
        return None
    return Entry(
        account_id=caller.account,
        id=adapters.new_id(),
        at=adapters.now(),
        kind="attempt.refused",
        outcome="refused",
        code=refusal.code.value,
        way_in=caller.way_in.value,
        actor_id=caller.id,
        actor_name=caller.name,
        address=caller.address,
        target_kind="",
        target_id="",
        target_name="",
        data={"sentence": refusal.sentence, "rule": refusal.rule},
    )


def entry_of(caller: Caller, event: Event, entry_id: str, at: datetime) -> Entry:
    """Return the activity entry of a fact: who, from where, by which way in."""
    data = dict(event.data)
    if caller.reason is not None:
        data["reason"] = caller.reason
    return Entry(
        account_id=caller.account,
        id=entry_id,
        at=at,
        kind=event.kind,
        outcome="done",
        code=None,
        way_in=caller.way_in.value,
        actor_id=caller.id,
        actor_name=caller.name,
        address=caller.address,
        target_kind=event.target_kind,
        target_id=event.target_id,
        target_name=event.target_name,
        data=data,
    )


def _texts(data: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in data.items() if isinstance(value, str)}
