"""Webhooks: made, changed, paused, their secrets rotated, and the log of what each was told (NET-2, OPS-2)."""

from dataclasses import dataclass, replace
from typing import TypedDict
from urllib.parse import urlsplit

from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import starter_of
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.webhooks import (
    EVENTS,
    FIELDS,
    LONGEST_URL,
    MOST_WEBHOOKS,
    OVERLAP_SECONDS,
    SECRET_BYTES,
    Delivery,
    DeliveryState,
    PauseReason,
    Webhook,
    checked_names,
    checked_overlap,
    new_secret,
)
from provisioning.store.unit_of_work import Unit
from provisioning.store.webhooks import OLD_SECRET, SECRET, place_of

MOST_ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What is asked for when a webhook is made; without `fields` bodies hold ids alone."""

    url: str
    events: tuple[str, ...] = EVENTS
    fields: tuple[str, ...] = ()


class WebhookChanges(TypedDict, total=False):
    """What can be changed of a webhook; members that are not there stay."""

    url: str
    events: tuple[str, ...]
    fields: tuple[str, ...]
    paused: bool


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook with its new secret, which is shown this once."""

    webhook: Webhook
    secret: str


@repeated
def create_webhook(caller: Caller, asked: NewWebhook, services: Services) -> MadeWebhook:
    """Make a webhook; it is told what happens from now on.

    Args:
        caller: needs to manage webhooks, and a fresh proof (SES-4).
        asked: address, events, fields.
        services: from outside.

    Raises:
        Refusal: an address that is not sent to, unknown names, too many webhooks, not allowed.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_MANAGE)
        require_fresh(caller, unit.now)
        unit.accounts.lock()
        if len(unit.webhooks.all()) >= MOST_WEBHOOKS:
            raise invalid("url", f"An account has at most {MOST_WEBHOOKS} webhooks.")
        webhook = Webhook(
            account_id=unit.account_id,
            id=unit.new_id(),
            url=_checked_url(asked.url, services),
            events=checked_names("events", asked.events, EVENTS),
            fields=checked_names("fields", asked.fields, FIELDS),
            told_to=unit.webhooks.last_seal(),
            created_at=unit.now,
            updated_at=unit.now,
        )
        secret = new_secret(services.random(SECRET_BYTES))
        unit.webhooks.add(webhook, services.cipher.encrypt(secret, place_of(SECRET, webhook.id)))
        _record(unit, "webhook.created", webhook, events=list(webhook.events), fields=list(webhook.fields))
        return MadeWebhook(webhook, secret)


def list_webhooks(caller: Caller, services: Services) -> list[Webhook]:
    """Return the account's webhooks in the order of making, without their secrets."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_READ)
        return unit.webhooks.all()


def show_webhook(caller: Caller, webhook_id: str, services: Services) -> Webhook:
    """Return one webhook of the account, without its secret."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_READ)
        return unit.webhooks.get(webhook_id)


@repeated
def change_webhook(caller: Caller, webhook_id: str, changes: WebhookChanges, services: Services) -> Webhook:
    """Change where a webhook sends, what, or whether; bodies that wait already stay as they are.

    Args:
        caller: needs to manage webhooks, and a fresh proof where the address changes (SES-4).
        webhook_id: of the account.
        changes: what changes; `paused` false sends what has waited.
        services: from outside.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_MANAGE)
        before = unit.webhooks.lock(webhook_id)
        after = replace(
            before,
            url=_checked_url(changes["url"], services) if "url" in changes else before.url,
            events=checked_names("events", changes.get("events", before.events), EVENTS),
            fields=checked_names("fields", changes.get("fields", before.fields), FIELDS),
        )
        if after.url != before.url:
            require_fresh(caller, unit.now)
        changed = [name for name in ("events", "fields", "url") if getattr(before, name) != getattr(after, name)]
        if changed:
            after = unit.webhooks.save(replace(after, updated_at=unit.now))
            _record(unit, "webhook.changed", after, fields=changed)
        return _switched(unit, after, changes.get("paused", after.is_paused))


@repeated
def delete_webhook(caller: Caller, webhook_id: str, services: Services) -> Webhook:
    """Remove a webhook: its secrets are gone, nothing more is sent; receipts still say what it confirmed."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_MANAGE)
        webhook = unit.webhooks.lock(webhook_id)
        unit.webhooks.remove(webhook_id, unit.now)
        _record(unit, "webhook.deleted", webhook)
        return webhook


@repeated
def rotate_webhook_secret(
    caller: Caller, webhook_id: str, services: Services, overlap_seconds: int = OVERLAP_SECONDS
) -> MadeWebhook:
    """Give a webhook a new secret; the old one signs beside it until the overlap is over (NET-2).

    Args:
        caller: needs to manage webhooks, and a fresh proof (SES-4).
        webhook_id: of the account.
        services: from outside.
        overlap_seconds: 0 ends the old one at once; at most a week.
    """
    overlap = checked_overlap(overlap_seconds)
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_MANAGE)
        require_fresh(caller, unit.now)
        before = unit.webhooks.lock(webhook_id)
        after = replace(before, updated_at=unit.now, old_secret_until=unit.now + overlap if overlap else None)
        unit.webhooks.save(after)
        old = None
        if overlap:
            present = services.cipher.decrypt(*unit.webhooks.secrets(webhook_id, unit.now)[0])
            old = services.cipher.encrypt(present, place_of(OLD_SECRET, webhook_id))
        secret = new_secret(services.random(SECRET_BYTES))
        unit.webhooks.set_secrets(webhook_id, services.cipher.encrypt(secret, place_of(SECRET, webhook_id)), old)
        _record(unit, "webhook.secret_rotated", after, overlap_seconds=overlap_seconds)
        return MadeWebhook(after, secret)


def list_deliveries(
    caller: Caller, webhook_id: str, services: Services, *, before: str | None = None, most: int = MOST_ON_A_PAGE
) -> list[Delivery]:
    """Return what a webhook was told in the last 30 days, newest first.

    Args:
        caller: needs to see webhooks.
        webhook_id: of the account.
        services: from outside.
        before: id of the last delivery of the page before.
        most: on a page.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_READ)
        unit.webhooks.get(webhook_id)
        last = unit.webhooks.get_delivery(before, webhook_id) if before is not None else None
        return unit.webhooks.deliveries(webhook_id, last, min(most, MOST_ON_A_PAGE))


@repeated
def replay_delivery(caller: Caller, webhook_id: str, delivery_id: str, services: Services) -> Delivery:
    """Send one delivery again, as it was: same id, same body; a receiver that keeps the ids knows it."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_WEBHOOKS_MANAGE)
        webhook = unit.webhooks.get(webhook_id)
        delivery = unit.webhooks.get_delivery(delivery_id, webhook_id)
        again = replace(delivery, state=DeliveryState.PENDING, attempts=0, next_at=unit.now)
        values = {
            "state": again.state.value,
            "attempts": 0,
            "next_at": unit.now,
            "leased_until": None,
            # What is on its way is owed anyway, whoever asks for it once more.
            "replayed_by": delivery.replayed_by if delivery.state is DeliveryState.PENDING else starter_of(caller),
        }
        unit.webhooks.change_delivery(delivery_id, values, only_pending=False)
        _record(unit, "webhook.delivery_replayed", webhook, event=delivery.event_id, told=delivery.kind)
        return again


def _switched(unit: Unit, webhook: Webhook, paused: bool) -> Webhook:
    """Pause or resume a locked webhook; resuming forgets the failures, and what has waited comes due."""
    if paused == webhook.is_paused:
        return webhook
    if paused:
        changed = replace(webhook, paused_at=unit.now, pause_reason=PauseReason.ASKED)
        _record(unit, "webhook.paused", webhook, reason=PauseReason.ASKED.value)
        return unit.webhooks.save(changed)
    unit.webhooks.make_due(webhook.id, unit.now)
    _record(unit, "webhook.resumed", webhook)
    resumed = replace(webhook, paused_at=None, pause_reason=None, failing_since=None, failures=0, retry_at=None)
    return unit.webhooks.save(resumed)


def _checked_url(url: str, services: Services) -> str:
    """Return an address that may be sent to; its name is looked up, and its addresses checked, at each sending."""
    refusal = "The address is too long." if len(url) > LONGEST_URL else services.outgoing.refusal(url)
    if refusal is not None:
        raise invalid("url", refusal)
    return url


def _record(unit: Unit, kind: str, webhook: Webhook, **data: object) -> None:
    # The host alone: the rest of an address may hold what only the receiver should know (ACT-2).
    unit.record(Event(kind, "webhook", webhook.id, urlsplit(webhook.url).hostname or "", data))
