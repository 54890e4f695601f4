"""Second factors, recovery codes, and logins between password and session, as rows (2FA-1, LGN-3, LGN-4)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from provisioning.domain.second_factor import Proof
from provisioning.store.tables.logins import recovery_codes, second_factors, second_steps

STEP_COLUMNS = [
    second_steps.c[name]
    for name in ("account_id", "id", "user_id", "epoch", "proved", "counted", "tries", "expires_at")
]


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A user's second factor; without `confirmed_at` its set-up was only begun."""

    seed: str
    created_at: datetime
    confirmed_at: datetime | None

    @property
    def is_on(self) -> bool:
        """Whether logins ask for it."""
        return self.confirmed_at is not None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A login of one user that is not finished.

    Attributes:
        epoch: the user's when the password was given; a later one ends this login too (OUT-3).
        proved: what was proved, written by us.
        counted: the tries of network address and email were counted for it, and are given back when it succeeds.
        tries: how often a code was tried, this time included.
    """

    account_id: str
    id: str
    user_id: str
    epoch: int
    proved: frozenset[Proof]
    counted: bool
    tries: int
    expires_at: datetime


def step_of(row: Row[Any]) -> StepRow:
    """Return a row of `STEP_COLUMNS` as a value."""
    return StepRow(**{**row._mapping, "proved": frozenset(map(Proof, row.proved))})


def find_step(connection: Connection, secret_hash: str, now: datetime, most: int) -> StepRow | None:
    """Return the unfinished login of a cookie's hash, None where it is unknown, used up, too old or out of tries."""
    statement = select(*STEP_COLUMNS).where(_open(secret_hash, now), second_steps.c.tries < most)
    row = connection.execute(statement).one_or_none()
    return step_of(row) if row is not None else None


def try_step(connection: Connection, secret_hash: str, now: datetime, most: int) -> StepRow | None:
    """Count a try of an unfinished login and return it; None where it is none, or all tries are used (LGN-3)."""
    statement = update(second_steps).where(_open(secret_hash, now), second_steps.c.tries < most)
    row = connection.execute(statement.values(tries=second_steps.c.tries + 1).returning(*STEP_COLUMNS)).one_or_none()
    return step_of(row) if row is not None else None


def _open(secret_hash: str, now: datetime) -> ColumnElement[bool]:
    open_now = second_steps.c.used_at.is_(None) & (second_steps.c.expires_at > now)
    return (second_steps.c.secret_hash == secret_hash) & open_now


class SecondFactors:
    """Second factors and unfinished logins of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
        decrypt, encrypt: seed <-> bytes, bound to the user's row (OPS-2).
    """

    def __init__(
        self,
        connection: Connection,
        account_id: str,
        decrypt: Callable[[bytes, str], str],
        encrypt: Callable[[str, str], bytes],
    ) -> None:
        self._connection = connection
        self._account_id = account_id
        self._decrypt = decrypt
        self._encrypt = encrypt

    def get(self, user_id: str) -> SecondFactor | None:
        """Return a user's second factor, also one whose set-up was only begun."""
        row = self._connection.execute(select(second_factors).where(self._factor(user_id))).one_or_none()
        if row is None:
            return None
        return SecondFactor(self._decrypt(row.seed, user_id), row.created_at, row.confirmed_at)

    def is_on(self, user_id: str) -> bool:
        """Return whether a user's logins ask for a second factor."""
        statement = select(second_factors.c.user_id).where(
            self._factor(user_id), second_factors.c.confirmed_at.is_not(None)
        )
        return self._connection.execute(statement).one_or_none() is not None

    def begin(self, user_id: str, seed: str, now: datetime) -> bool:
        """Keep a seed whose set-up begins, in place of one only begun; False where one is on already."""
        values = {"seed": self._encrypt(seed, user_id), "last_step": 0, "created_at": now}
        statement = insert_or_update(second_factors).values(account_id=self._account_id, user_id=user_id, **values)
        statement = statement.on_conflict_do_update(
            index_elements=["account_id", "user_id"], set_=values, where=second_factors.c.confirmed_at.is_(None)
        )
        return self._connection.execute(statement.returning(second_factors.c.user_id)).one_or_none() is not None

    def accept_step(self, user_id: str, step: int) -> bool:
        """Take a time step; of many that give its code at once one is told True (LGN-4)."""
        statement = update(second_factors).where(self._factor(user_id), second_factors.c.last_step < step)
        return self._connection.execute(statement.values(last_step=step)).rowcount == 1

    def confirm(self, user_id: str, now: datetime) -> None:
        """Switch a begun second factor on."""
        self._connection.execute(update(second_factors).where(self._factor(user_id)).values(confirmed_at=now))

    def remove(self, user_id: str) -> None:
        """Forget a user's second factor and recovery codes."""
        self._connection.execute(delete(second_factors).where(self._factor(user_id)))
        self._connection.execute(delete(recovery_codes).where(self._codes(user_id)))

    def renew_codes(self, user_id: str, codes: Sequence[tuple[str, str]]) -> None:
        """Keep new recovery codes, (id, hash) each; the earlier ones are gone."""
        self._connection.execute(delete(recovery_codes).where(self._codes(user_id)))
        rows = [
            {"account_id": self._account_id, "id": code_id, "user_id": user_id, "code_hash": code_hash}
            for code_id, code_hash in codes
        ]
        self._connection.execute(insert(recovery_codes), rows)

    def use_code(self, user_id: str, code_hash: str, now: datetime) -> bool:
        """Use a recovery code up; of many that try at once one is told True."""
        statement = update(recovery_codes).where(
            self._codes(user_id), recovery_codes.c.code_hash == code_hash, recovery_codes.c.used_at.is_(None)
        )
        return self._connection.execute(statement.values(used_at=now)).rowcount == 1

    def codes_left(self, user_id: str) -> int:
        """Return how many recovery codes are not used yet."""
        statement = select(func.count()).select_from(recovery_codes)
        found = self._connection.execute(statement.where(self._codes(user_id), recovery_codes.c.used_at.is_(None)))
        return int(found.scalar_one())

    def add_step(self, row: StepRow, secret_hash: str, now: datetime) -> None:
        """Insert an unfinished login."""
        values = {column.name: getattr(row, column.name) for column in STEP_COLUMNS}
        self._connection.execute(
            insert(second_steps).values(
                **{**values, "proved": _texts(row.proved)}, secret_hash=secret_hash, created_at=now
            )
        )

    def get_step(self, step_id: str) -> StepRow | None:
        """Return an unfinished login that is not used up, as it stands now."""
        statement = select(*STEP_COLUMNS).where(self._step(step_id), second_steps.c.used_at.is_(None))
        row = self._connection.execute(statement).one_or_none()
        return step_of(row) if row is not None else None

    def note_proved(self, step_id: str, proved: Collection[Proof]) -> None:
        """Write what an unfinished login has proved by now."""
        self._connection.execute(update(second_steps).where(self._step(step_id)).values(proved=_texts(proved)))

    def finish_step(self, step_id: str, now: datetime) -> bool:
        """Use an unfinished login up; of many that finish it at once one is told True."""
        statement = update(second_steps).where(self._step(step_id), second_steps.c.used_at.is_(None))
        return self._connection.execute(statement.values(used_at=now)).rowcount == 1

    def _factor(self, user_id: str) -> ColumnElement[bool]:
        return (second_factors.c.account_id == self._account_id) & (second_factors.c.user_id == user_id)

    def _codes(self, user_id: str) -> ColumnElement[bool]:
        return (recovery_codes.c.account_id == self._account_id) & (recovery_codes.c.user_id == user_id)

    def _step(self, step_id: str) -> ColumnElement[bool]:
        return (second_steps.c.account_id == self._account_id) & (second_steps.c.id == step_id)


def _texts(proved: Collection[Proof]) -> list[str]:
    return sorted(proof.value for proof in proved)
