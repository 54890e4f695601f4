"""From the report to the receivers: events are handed over, sent with a lease, and their answers noted (NET-2, JOB-3).

Three short transactions and no lock while a receiver is asked. Handing over moves a webhook along the seals of the
activity report and writes a delivery for each event that it wants: the seals have no gaps, so none is skipped, and the
change itself pays nothing. Beginning takes a lease; a job that is killed loses it after a minute, and the delivery is
sent again with the same id and the same body. Ending writes what was answered and when to try again.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import starter_may
from provisioning.domain.activity import Entry
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Refusal
from provisioning.domain.events import Event
from provisioning.domain.groups import Group
from provisioning.domain.invitations import MailKind
from provisioning.domain.permissions import Permission
from provisioning.domain.users import User
from provisioning.domain.webhooks import (
    EVENT_OF,
    KEPT_FOR,
    LEASE,
    RECEIPTS_KEPT_FOR,
    SESSION_ENDED,
    SESSIONS_ENDED,
    Answer,
    Delivery,
    DeliveryState,
    PauseReason,
    Webhook,
    event_body,
    group_data,
    headers_of,
    is_dead,
    pause_after,
    silence_after,
    user_data,
)
from provisioning.store.outbox import OwedRow
from provisioning.store.unit_of_work import Unit
from provisioning.store.webhooks import accounts_with_webhooks, claim_deliveries, oldest_unconfirmed, webhooks_behind

ENTRIES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt that was begun: what to post where."""

    delivery: Delivery
    url: str
    headers: Mapping[str, str]


def worker(account_id: str = "") -> Caller:
    """Return the caller as whom deliveries are written: nobody's credential, one account."""
    return nobody(WayIn.WORKER, None, account_id)


def hand_over(services: Services) -> int:
    """Make deliveries of what the reports have sealed since; returns how many were made."""
    with services.read(worker()) as unit:
        behind = webhooks_behind(unit.connection)
    return sum(_hand_over_to(account_id, webhook_id, services) for account_id, webhook_id in behind)


@repeated
def _hand_over_to(account_id: str, webhook_id: str, services: Services) -> int:
    with services.unit(worker(account_id)) as unit:
        webhook = unit.webhooks.find_behind(webhook_id)
        entries = unit.webhooks.entries_after(webhook.told_to, ENTRIES_AT_ONCE) if webhook is not None else []
        if webhook is None or not entries:
            return 0
        owed = [_delivery_of(unit, webhook, entry) for _, entry in entries if _is_wanted(webhook, entry, unit.now)]
        unit.webhooks.save(replace(webhook, told_to=entries[-1][0]))
        return unit.webhooks.add_deliveries(owed)


def _is_wanted(webhook: Webhook, entry: Entry, now: datetime) -> bool:
    """Return whether an entry is an event that this webhook asked for, and not from before its time."""
    is_in_time = entry.at >= max(webhook.created_at, now - KEPT_FOR)
    return entry.outcome == "done" and EVENT_OF.get(entry.kind) in webhook.events and is_in_time


def _delivery_of(unit: Unit, webhook: Webhook, entry: Entry) -> Delivery:
    kind = EVENT_OF[entry.kind]
    if entry.target_kind == "group":
        group = _group(unit, entry.target_id)
        data = group_data(entry.target_id, entry.target_name, group, webhook.fields, entry.data)
    else:
        data = user_data(entry.target_id, _user(unit, entry.target_id), webhook.fields, entry.data.get("fields"))
    if kind == SESSION_ENDED:
        data["session"] = {"id": entry.data.get("session")}
    return _delivery(unit, webhook, entry.id, kind, entry.at, data)


def tell_sessions_ended(unit: Unit, user: User, row: OwedRow, reason: str, revocation_id: str | None) -> int:
    """Owe the end of a user's sessions to every webhook that asked for it; returns to how many (OUT-2).

    Args:
        unit: the transaction of the job that settles the sessions; repeated, it owes nothing twice.
        user: whose sessions ended.
        row: the outbox's row, whose id is the event's.
        reason: why they ended.
        revocation_id: the receipt on which the confirmations are noted.
    """
    told = [webhook for webhook in unit.webhooks.all() if SESSIONS_ENDED in webhook.events]
    owed = []
    for webhook in told:
        data = {**user_data(user.id, user, webhook.fields), "reason": reason}
        made = _delivery(unit, webhook, row.id, SESSIONS_ENDED, row.created_at, data)
        owed.append(replace(made, revocation_id=revocation_id))
    return unit.webhooks.add_deliveries(owed)


def _delivery(
    unit: Unit, webhook: Webhook, event_id: str, kind: str, at: datetime, data: Mapping[str, object]
) -> Delivery:
    return Delivery(
        account_id=unit.account_id,
        id=unit.new_id(),
        webhook_id=webhook.id,
        event_id=event_id,
        kind=kind,
        body=event_body(event_id, kind, at, data),
        state=DeliveryState.PENDING,
        attempts=0,
        next_at=unit.now,
        created_at=at,
    )


def _user(unit: Unit, user_id: str) -> User:
    return unit.users.get_also_inactive(user_id)


def _group(unit: Unit, group_id: str) -> Group | None:
    with suppress(Refusal):
        return unit.groups.get(group_id)
    return None


def claim(services: Services, most: int) -> list[tuple[str, str, int]]:
    """Return (account id, delivery id, attempts) of what is due, of any account; it comes due again after a minute."""
    with services.unit(worker()) as unit:
        return claim_deliveries(unit.connection, unit.now, unit.now + LEASE, most)


@repeated
def begin_delivery(account_id: str, delivery_id: str, services: Services) -> Sending | None:
    """Take a lease on a delivery and return what to send; None where it is not wanted any more, or another job has it.

    Looked at again here, as the bell may be old: the webhook is neither paused nor removed, its receiver was not
    silent a moment ago, its account is open.
    """
    with services.unit(worker(account_id)) as unit:
        delivery = unit.webhooks.lock_free_delivery(delivery_id, unit.now)
        webhook = _receiver_of(unit, delivery)
        if delivery is None or webhook is None or _is_dropped(unit, delivery, webhook):
            return None
        begun = replace(delivery, attempts=delivery.attempts + 1)
        leased_until = unit.now + LEASE
        lease = {
            "attempts": begun.attempts,
            "leased_until": leased_until,
            "next_at": leased_until,
            "tried_at": unit.now,
        }
        unit.webhooks.change_delivery(delivery.id, lease)
        secrets = [services.cipher.decrypt(*each) for each in unit.webhooks.secrets(webhook.id, unit.now)]
        return Sending(begun, webhook.url, headers_of(begun, secrets, unit.now))


def _is_dropped(unit: Unit, delivery: Delivery, webhook: Webhook) -> bool:
    """Whether a replay is given up, as who asked for it may not ask any more now that it is sent (AUZ-7)."""
    starter = delivery.replayed_by
    if starter is None or starter_may(unit, starter, Permission.ACCOUNT_WEBHOOKS_MANAGE):
        return False
    unit.webhooks.change_delivery(delivery.id, {"state": DeliveryState.GIVEN_UP.value, "fault": "starter_gone"})
    unit.caller = replace(unit.caller, id=starter.partition(":")[2])
    facts = {"event": delivery.event_id, "told": delivery.kind}
    unit.record(Event("webhook.replay_dropped", "webhook", webhook.id, urlsplit(webhook.url).hostname or "", facts))
    return True


def _receiver_of(unit: Unit, delivery: Delivery | None) -> Webhook | None:
    """Return the webhook that a delivery may be sent to now; one whose receiver was silent just now has to wait."""
    if delivery is None or unit.accounts.get().cancelled_at is not None:
        return None
    found = next((each for each in unit.webhooks.all() if each.id == delivery.webhook_id), None)
    if found is None or found.is_paused:
        return None
    if found.retry_at is not None and found.retry_at > unit.now:
        unit.webhooks.change_delivery(delivery.id, {"next_at": found.retry_at})
        return None
    return found


@repeated
def end_delivery(sending: Sending, answer: Answer, services: Services) -> str:
    """Write what a receiver answered and when to try again; returns a word for the log."""
    delivery = sending.delivery
    with services.unit(worker(delivery.account_id)) as unit:
        try:
            webhook = unit.webhooks.lock(delivery.webhook_id)
        except Refusal:
            return "removed"
        if answer.is_confirmation:
            outcome = _confirmed(unit, webhook, delivery, answer)
        else:
            outcome = _failed(unit, webhook, delivery, answer)
        now = unit.now
    if outcome == DeliveryState.CONFIRMED and delivery.kind == SESSIONS_ENDED:
        services.measure("confirmed", (now - delivery.created_at).total_seconds())
    return outcome


def _confirmed(unit: Unit, webhook: Webhook, delivery: Delivery, answer: Answer) -> str:
    state = DeliveryState.CONFIRMED
    values = {"confirmed_at": delivery.confirmed_at or unit.now, **_noted(state, answer)}
    unit.webhooks.change_delivery(delivery.id, values)
    unit.webhooks.save(replace(webhook, confirmed_at=unit.now, failing_since=None, failures=0, retry_at=None))
    return state


def _failed(unit: Unit, webhook: Webhook, delivery: Delivery, answer: Answer) -> str:
    pause = pause_after(delivery.attempts)
    state = DeliveryState.GIVEN_UP if pause is None else DeliveryState.PENDING
    values = {"next_at": unit.now + (pause or timedelta()), **_noted(state, answer)}
    unit.webhooks.change_delivery(delivery.id, values)
    failing = replace(webhook, failing_since=webhook.failing_since or unit.now, failures=webhook.failures + 1)
    if answer.status is None:
        failing = replace(failing, retry_at=unit.now + silence_after(failing.failing_since or unit.now, unit.now))
    unit.webhooks.save(_paused_if_dead(unit, failing, answer))
    return f"{state.value}: {answer.status or 'no answer'}"


def _paused_if_dead(unit: Unit, webhook: Webhook, answer: Answer) -> Webhook:
    """Pause a webhook whose receiver is dead or asked to be left alone, and tell the administrators, once."""
    dead = is_dead(webhook.failing_since, unit.now)
    if webhook.is_paused or not (dead or answer.is_gone):
        return webhook
    reason = PauseReason.GONE if answer.is_gone else PauseReason.DEAD
    unit.record(Event("webhook.paused", "webhook", webhook.id, "", {"reason": reason.value}))
    for administrator in unit.users.administrators():
        unit.owe(MailKind.WEBHOOK_PAUSED.value, {"user_id": administrator.id, "webhook_id": webhook.id})
    return replace(webhook, paused_at=unit.now, pause_reason=reason)


def _noted(state: DeliveryState, answer: Answer) -> dict[str, object]:
    said = {"answer_status": answer.status, "fault": answer.fault, "excerpt": answer.excerpt or None}
    return {"state": state.value, "leased_until": None, **said}


def forget_old_deliveries(services: Services) -> int:
    """Delete what was told more than 30 days ago, and receipts' confirmations after 90; returns how many."""
    with services.read(worker()) as unit:
        known = accounts_with_webhooks(unit.connection)
    return sum(_forget_of(account_id, services) for account_id in known)


def _forget_of(account_id: str, services: Services) -> int:
    with services.unit(worker(account_id)) as unit:
        return unit.webhooks.forget_deliveries(unit.now, KEPT_FOR, RECEIPTS_KEPT_FOR)


def longest_unconfirmed(services: Services) -> timedelta:
    """Return for how long the oldest end of sessions waits for a webhook's confirmation; nothing where none does."""
    with services.read(worker()) as unit:
        oldest = oldest_unconfirmed(unit.connection)
        return unit.now - oldest if oldest is not None else timedelta()
