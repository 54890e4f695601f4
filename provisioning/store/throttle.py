"""Counters of tries and known browsers as rows (LGN-2, PWD-5).

A try is taken by one statement that counts it and says whether it was allowed; so of many at once each is counted,
and no two pass one gate.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from provisioning.domain.throttle import FORGOTTEN_AFTER, FREE, PAUSES, Counter, Key
from provisioning.store.tables.logins import devices, login_tries
from provisioning.store.tables.users import users

# Tries in a row by user make nobody wait: what they lead to is decided by their number.
_FREE = case(*((login_tries.c.counter == counter.value, free) for counter, free in FREE.items()), else_=2**30)


def take(connection: Connection, keys: Collection[Key], now: datetime, *, gated: bool = True) -> dict[Key, int]:
    """Count a try at each counter and return the tries by now; a counter whose delay is not over is left out.

    Args:
        connection: the open transaction; rolled back where the caller does without the try.
        keys: the counters, each at most once.
        now: UTC.
        gated: False counts also where the delay is not over.
    """
    rows = [
        {"account_id": key.account_id, "counter": key.counter.value, "subject": key.subject, "tries": 1,
         "last_at": now, "open_at": now}
        for key in sorted(keys)
    ]  # fmt: skip
    tries = case((is_forgotten(now), 1), else_=login_tries.c.tries + 1)
    beyond = tries - _FREE
    pauses = ((beyond == number, pause) for number, pause in enumerate(PAUSES, 1))
    delay = case((beyond <= 0, 0), *pauses, else_=PAUSES[-1])
    statement = insert_or_update(login_tries).values(rows)
    statement = statement.on_conflict_do_update(
        index_elements=["account_id", "counter", "subject"],
        set_={"tries": tries, "last_at": now, "open_at": now + func.make_interval(0, 0, 0, 0, 0, 0, delay)},
        where=(login_tries.c.open_at <= now) if gated else None,
    )
    taken = connection.execute(statement.returning(*_KEY_COLUMNS, login_tries.c.tries))
    return {Key(row.account_id, Counter(row.counter), row.subject): row.tries for row in taken}


def seconds_to_wait(connection: Connection, keys: Collection[Key], now: datetime) -> int:
    """Return after how many seconds every one of these counters is open again, at least one."""
    opens_at = connection.execute(select(func.max(login_tries.c.open_at)).where(_any_of(keys))).scalar()
    return 1 if opens_at is None else max(1, ceil((opens_at - now).total_seconds()))


def give_back(connection: Connection, keys: Collection[Key]) -> None:
    """Take a counted try back, as it was right; what it made others wait for stays."""
    statement = update(login_tries).where(_any_of(keys))
    connection.execute(statement.values(tries=func.greatest(login_tries.c.tries - 1, 0)))


def begin_anew(connection: Connection, keys: Collection[Key], at_most: int | None = None) -> int:
    """Forget counters, with `at_most` only those that have no more tries; returns the most that one of them had."""
    forgotten = [_any_of(keys)] if at_most is None else [_any_of(keys), login_tries.c.tries <= at_most]
    gone = connection.execute(delete(login_tries).where(*forgotten).returning(login_tries.c.tries))
    return max((row.tries for row in gone), default=0)


def note_answer(connection: Connection, keys: Collection[Key], now: datetime) -> None:
    """Have the pause before the next try begin with the answer, not with the question."""
    waits = login_tries.c.open_at - login_tries.c.last_at
    connection.execute(update(login_tries).where(_any_of(keys)).values(open_at=now + waits, last_at=now))


def known_devices(connection: Connection, secret_hash: str) -> Mapping[tuple[str, str], str]:
    """Return whose browser a cookie's hash stands for: (account id, user id) -> id of the row.

    Whatever ends a user's access ends this too: a row of an earlier epoch stands for nothing (OUT-3).
    """
    same_user = and_(users.c.account_id == devices.c.account_id, users.c.id == devices.c.user_id)
    statement = (
        select(devices.c.account_id, devices.c.user_id, devices.c.id)
        .join(users, same_user)
        .where(devices.c.secret_hash == secret_hash, devices.c.epoch == users.c.epoch)
    )
    return {(row.account_id, row.user_id): row.id for row in connection.execute(statement)}


def move_devices(connection: Connection, old_hash: str, new_hash: str) -> None:
    """Give a browser a new secret, for everybody whom it is known for; the old one stands for nothing (SES-3)."""
    connection.execute(update(devices).where(devices.c.secret_hash == old_hash).values(secret_hash=new_hash))


class Devices:
    """Known browsers of one account's users.

    Args:
        connection: the open transaction.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def add(self, device_id: str, user_id: str, secret_hash: str, epoch: int, now: datetime) -> None:
        """Remember a browser."""
        self._connection.execute(
            insert(devices).values(
                account_id=self._account_id, id=device_id, user_id=user_id, secret_hash=secret_hash, epoch=epoch,
                created_at=now, last_used_at=now,
            )
        )  # fmt: skip

    def touch(self, device_id: str, epoch: int, now: datetime) -> None:
        """Note that a known browser was used again."""
        statement = update(devices).where(devices.c.account_id == self._account_id, devices.c.id == device_id)
        self._connection.execute(statement.values(last_used_at=now, epoch=epoch))

    def forget(self, user_id: str) -> None:
        """Forget every browser of a user."""
        statement = delete(devices).where(devices.c.account_id == self._account_id, devices.c.user_id == user_id)
        self._connection.execute(statement)


_KEY_COLUMNS = (login_tries.c.account_id, login_tries.c.counter, login_tries.c.subject)


def is_forgotten(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a counter has rested for so long that it begins anew."""
    return or_(
        *(
            and_(login_tries.c.counter == counter.value, login_tries.c.last_at <= now - rest)
            for counter, rest in FORGOTTEN_AFTER.items()
        )
    )


def _any_of(keys: Collection[Key]) -> ColumnElement[bool]:
    named: Sequence[Any] = [
        and_(
            login_tries.c.account_id == key.account_id,
            login_tries.c.counter == key.counter.value,
            login_tries.c.subject == key.subject,
        )
        for key in keys
    ]
    return or_(False, *named)
