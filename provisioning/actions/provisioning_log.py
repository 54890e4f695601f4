"""The provisioning log: read, told in words, run again after a mend, forgotten after 30 days (SCM-9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.domain import policy
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.provisioning_advice import LOOKED_BACK, Advice, advice_from
from provisioning.domain.provisioning_log import KEPT_FOR, LoggedRequest, LogQuery, require_replayable
from provisioning.domain.provisioning_words import sentence_of
from provisioning.domain.scim_connections import ScimConnection
from provisioning.store.provisioning_log import DELETED_AT_ONCE, accounts_with_old_requests
from provisioning.store.unit_of_work import Unit

PERMISSION = Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE
REMOVED = "A removed connection"
# What advice is read from: the newest requests of a connection that tell anything.
MOST_READ_FOR_ADVICE = 2_000


@dataclass(frozen=True, slots=True)
class ToldRequest:
    """A request with its connection's name and with what it was, in words."""

    entry: LoggedRequest
    connection: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Requests, newest first, and the cursor of the page after them, None where there is none."""

    requests: tuple[ToldRequest, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class ConnectionAdvice:
    """What one connection's provider sends that it should not, the most frequent first."""

    connection: ScimConnection
    advice: tuple[Advice, ...]


def list_requests(caller: Caller, query: LogQuery, services: Services) -> LogPage:
    """Return a page of the log, newest first.

    Args:
        caller: needs to manage SCIM connections.
        query: what narrows it, and the cursor that the page before came with.
        services: from outside.

    Raises:
        Refusal: a cursor that is none of this log.
    """
    with services.read(caller) as unit:
        policy.require(caller, PERMISSION)
        found = unit.provisioning_log.page(query)
        shown = found[: query.limit]
        return LogPage(_told(unit, shown), shown[-1].id if len(found) > query.limit else None)


def show_request(caller: Caller, request_id: str, services: Services) -> ToldRequest:
    """Return one request; an unknown, deleted or foreign one is not found alike (ACC-1)."""
    with services.read(caller) as unit:
        policy.require(caller, PERMISSION)
        return _told(unit, [unit.provisioning_log.get(request_id)])[0]


def _told(unit: Unit, entries: Sequence[LoggedRequest]) -> tuple[ToldRequest, ...]:
    connections = {each.id: each.name for each in unit.keys.all_connections()} if entries else {}
    names = unit.provisioning_log.names_of({entry.resource_id for entry in entries if entry.resource_id})
    told = []
    for entry in entries:
        who = connections.get(entry.connection_id, REMOVED)
        told.append(ToldRequest(entry, who, sentence_of(entry, who, names)))
    return tuple(told)


def replay_request(caller: Caller, request_id: str, services: Services) -> ToldRequest:
    """Run a refused request again, as the connection that sent it, and return what came of it.

    It passes all that any request must pass, and is logged itself. A request runs again once; where its repetition is
    refused too, that one can be run again.

    Args:
        caller: needs to manage SCIM connections, with a fresh proof (SES-4).
        request_id: a refused request of the account that is kept whole.
        services: from outside.

    Raises:
        Refusal: not found, NOT_REPLAYABLE with the reason, CONNECTION_DISABLED, not allowed.
    """
    entry, connection = _begin_replay(caller, request_id, services)
    directory = Caller(
        account=caller.account,
        way_in=WayIn.SCIM,
        credential=Credential.SCIM_TOKEN,
        id=entry.token_id,
        name=connection.name,
        connection=connection,
        address=caller.address,
        reason=f"asked for again by {caller.name or caller.id}",
    )
    made = services.run_again(directory, entry, caller.name or caller.id)
    services.request_log.flush()
    _end_replay(caller, entry, made, services)
    return show_request(caller, made, services)


@repeated
def _begin_replay(caller: Caller, request_id: str, services: Services) -> tuple[LoggedRequest, ScimConnection]:
    """Claim a request, so that of two who run it again at once one does."""
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, PERMISSION)
        require_fresh(caller, unit.now)
        entry = unit.provisioning_log.get(request_id, lock=True)
        require_replayable(entry, unit.now)
        connection = unit.keys.get_connection(entry.connection_id)
        if not connection.enabled:
            raise Refusal(Code.CONNECTION_DISABLED)
        unit.provisioning_log.mark_replayed(entry.id, unit.now)
        data = {"request": entry.id}
        unit.record(Event("scim_request.replayed", "scim_connection", connection.id, connection.name, data))
        return entry, connection


@repeated
def _end_replay(caller: Caller, entry: LoggedRequest, made: str, services: Services) -> None:
    with services.unit(caller) as unit:
        unit.provisioning_log.mark_replayed(entry.id, unit.now, made)


def read_advice(caller: Caller, services: Services) -> list[ConnectionAdvice]:
    """Return for each connection what its provider has sent lately that it should not, and what to change there."""
    with services.read(caller) as unit:
        policy.require(caller, PERMISSION)
        since = unit.now - LOOKED_BACK
        found = []
        for connection in unit.keys.all_connections():
            entries = unit.provisioning_log.telling(connection.id, since, MOST_READ_FOR_ADVICE)
            found.append(ConnectionAdvice(connection, tuple(advice_from(entries))))
        return found


def forget_old_requests(services: Services) -> int:
    """Delete requests that are older than 30 days, of every account; returns how many."""
    worker = nobody(WayIn.WORKER, None)
    with services.read(worker) as unit:
        known = accounts_with_old_requests(unit.connection, unit.now - KEPT_FOR)
    return sum(_portions_gone(known, services))


def _portions_gone(account_ids: Iterable[str], services: Services) -> Iterable[int]:
    """Delete an account's old requests portion by portion, each in a transaction of its own."""
    for account_id in account_ids:
        gone = DELETED_AT_ONCE
        while gone == DELETED_AT_ONCE:
            with services.unit(nobody(WayIn.WORKER, None, account_id)) as unit:
                gone = unit.provisioning_log.forget(unit.now - KEPT_FOR)
            yield gone
