"""Several actions in one transaction, as a bulk runs them: each has a unit of its own, and all of them one commit.

What the units note (activity entries, debts, seats) is gathered and written once, with the seat counter last, so the
row that writers of an account share is held as briefly as for one action alone. Inside a savepoint they are gathered
apart: rolled back, they are forgotten with it. The account is read once and held as it is until the commit.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import ARRAY, Connection, Table, Text, bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError

from provisioning.domain.accounts import Account
from provisioning.domain.activity import Entry
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal
from provisioning.domain.revocations import Revocation
from provisioning.store.accounts import Accounts
from provisioning.store.engine import Database, translated
from provisioning.store.statements import Statement, pipelined
from provisioning.store.tables.groups import groups
from provisioning.store.tables.users import users
from provisioning.store.unit_of_work import Adapters, Unit, refused_entry


def _locking(table: Table) -> Statement:
    """Return the statement that locks the rows of some ids in the order of the ids."""
    wanted = table.c.id == func.any(bindparam("of_ids", type_=ARRAY(Text)))
    mine = select(table.c.id).where(table.c.account_id == bindparam("of_account"), wanted)
    return Statement(mine.order_by(table.c.id).with_for_update(key_share=True))


# In the order in which actions lock too: groups, then people.
LOCKS = (_locking(groups), _locking(users))


class Interrupted(Exception):
    """A statement that was sent in one go with others failed; which action it was of cannot be told."""


class HeldAccounts(Accounts):
    """The caller's account, read once for all actions of a transaction and unchanged until its end."""

    def __init__(self, connection: Connection, account_id: str) -> None:
        super().__init__(connection, account_id)
        self._held: Account | None = None

    def get(self) -> Account:
        """Return the caller's account, held against changes by others until the end of the transaction."""
        if self._held is None:
            self._held = self.share()
        return self._held


class Joint:
    """One open transaction that several actions share.

    Args:
        connection: where statements go.
        caller: who asks for all of them.
        adapters: what is handed in from outside.

    Attributes:
        recorded: the entries written so far, which hold once the transaction is committed.
    """

    def __init__(self, connection: Connection, caller: Caller, adapters: Adapters) -> None:
        self._connection = connection
        self._caller = caller
        self._adapters = adapters
        self._accounts = HeldAccounts(connection, caller.account)
        self._noted = self._unit(caller)
        self._ended: list[Revocation] = []
        self.recorded: list[Entry] = []

    @contextmanager
    def unit(self, caller: Caller) -> Iterator[Unit]:
        """Open a unit for one action; what it notes is written with what all the others note."""
        unit = self._unit(caller)
        yield unit
        self._noted.absorb(unit)

    @contextmanager
    def read(self, caller: Caller) -> Iterator[Unit]:
        """Open a unit for reads, which see what the transaction has written so far."""
        yield self._unit(caller)

    def hold(self, ids: Collection[str]) -> None:
        """Lock the groups and users of some ids, in order: of two bulks that name the same ones, one waits.

        Else each would lock them in the order of its operations, and they would wait for each other in a circle.
        """
        for lock in LOCKS if ids else ():
            lock.run(self._connection, of_account=self._caller.account, of_ids=sorted(ids))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Write what is done inside together with its notes, or nothing of it.

        Raises:
            Refusal, Conflict, QueryCancelled, Unavailable: what was refused inside, or what the database's fault means.
        """
        outside, self._noted = self._noted, self._unit(self._caller)
        try:
            with self._connection.begin_nested():
                yield
                self.flush()
        except SQLAlchemyError as error:
            raise translated(error) from error
        finally:
            self._noted = outside

    def note_refusal(self, refusal: Refusal) -> None:
        """Note the entry of a refused attempt that is rolled back already, where its kind wants one (AUD-1)."""
        entry = refused_entry(self._caller, refusal, self._adapters)
        if entry is not None:
            self._noted.note(entry)

    def flush(self) -> None:
        """Write what was noted since the transaction or the innermost savepoint began."""
        self._noted.flush()
        self.recorded += self._noted.recorded
        self._ended += self._noted.ended
        self._noted = self._unit(self._caller)

    def measure(self) -> None:
        """Note how long each ending of an access took, from the moment of asking to the commit (OUT-2)."""
        for ended in self._ended:
            self._adapters.measure("effective", (self._adapters.now() - ended.ended_at).total_seconds())

    def _unit(self, caller: Caller) -> Unit:
        unit = Unit(self._connection, caller, self._adapters)
        unit.accounts = self._accounts
        return unit


@contextmanager
def open_joint(database: Database, caller: Caller, adapters: Adapters, *, in_one_go: bool = False) -> Iterator[Joint]:
    """Open one transaction for several actions; leaving it commits, an exception rolls all of them back.

    Refusals that leave it are not recorded: whoever asked runs the actions again, each in a savepoint.

    Args:
        in_one_go: send the statements of all actions without awaiting each answer. Only for actions whose statements
            are compiled ones (statements.py), as those of a create are.

    Raises:
        Conflict, QueryCancelled, Unavailable: what the database's fault means.
        Interrupted: any other fault of the database, where the statements were sent in one go.
    """
    try:
        with database.writer.begin() as connection:
            joint = Joint(connection, caller, adapters)
            with pipelined(connection) if in_one_go else nullcontext():
                yield joint
                joint.flush()
        joint.measure()
    except SQLAlchemyError as error:
        means = translated(error)
        raise Interrupted if in_one_go and means is error else means from error
