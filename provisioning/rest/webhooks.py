"""Calls about webhooks: where an account is told what happens, and the log of what each was told."""

from typing import Any, cast

from provisioning.actions.webhooks import (
    MOST_ON_A_PAGE,
    NewWebhook,
    WebhookChanges,
    change_webhook,
    create_webhook,
    delete_webhook,
    list_deliveries,
    list_webhooks,
    replay_delivery,
    rotate_webhook_secret,
    show_webhook,
)
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.webhooks import EVENTS, OVERLAP_SECONDS
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record
from provisioning.rest.webhook_shapes import (
    DeliveryList,
    DeliveryQuery,
    DeliveryRecord,
    MadeWebhookRecord,
    NewWebhookMembers,
    RotationMembers,
    WebhookList,
    WebhookMembers,
    WebhookRecord,
    delivery_record,
    webhook_record,
)

WEBHOOKS = Noun("Webhooks", "Where an account is told what happens, in the form of Standard Webhooks.")
ALL = "/webhooks"
ONE = f"{ALL}/<webhook_id>"
READ, MANAGE = Permission.ACCOUNT_WEBHOOKS_READ, Permission.ACCOUNT_WEBHOOKS_MANAGE
Members = dict[str, Any]
EXAMPLE = {
    "url": "https://products.example.com/gatelodge",
    "events": ["sessions.ended", "user.disabled"],
    "fields": ["user.email"],
}


@WEBHOOKS.call("GET", ALL, READ, answer=WebhookList)
def list_all_webhooks(caller: Caller) -> Record:
    """List webhooks."""
    return {"webhooks": [webhook_record(each) for each in list_webhooks(caller, services())]}


@WEBHOOKS.call("POST", ALL, MANAGE, body=NewWebhookMembers, answer=MadeWebhookRecord, example=EXAMPLE)
def add_webhook(caller: Caller, members: Members) -> Record:
    """Create a webhook.

    It is told what happens from now on. The secret that its deliveries are signed with is shown this once.
    """
    events, fields = tuple(members.get("events", EVENTS)), tuple(members.get("fields", ()))
    made = create_webhook(caller, NewWebhook(members["url"], events, fields), services())
    return {**webhook_record(made.webhook), "secret": made.secret}


@WEBHOOKS.call("GET", ONE, READ, answer=WebhookRecord)
def get_webhook(caller: Caller, webhook_id: str) -> Record:
    """Show a webhook."""
    return webhook_record(show_webhook(caller, webhook_id, services()))


@WEBHOOKS.call("PUT", ONE, MANAGE, body=WebhookMembers, answer=WebhookRecord, example={"paused": False})
def edit_webhook(caller: Caller, members: Members, webhook_id: str) -> Record:
    """Change a webhook.

    Only the members that are sent change. `paused` false resumes it and sends what has waited.
    """
    changes = {name: tuple(value) if isinstance(value, list) else value for name, value in members.items()}
    return webhook_record(change_webhook(caller, webhook_id, cast(WebhookChanges, changes), services()))


@WEBHOOKS.call("DELETE", ONE, MANAGE, answer=records.Done)
def remove_webhook(caller: Caller, webhook_id: str) -> Record:
    """Remove a webhook.

    Nothing more is sent. Receipts still say what it confirmed.
    """
    delete_webhook(caller, webhook_id, services())
    return {"message": "ok"}


@WEBHOOKS.call(
    "POST", f"{ONE}/rotate_secret", MANAGE, body=RotationMembers, answer=MadeWebhookRecord,
    example={"overlap_seconds": 3600},
)  # fmt: skip
def rotate_secret(caller: Caller, members: Members, webhook_id: str) -> Record:
    """Rotate the secret of a webhook.

    The new secret is shown this once. Until `old_secret_until` each delivery carries a signature by either.
    """
    overlap = members.get("overlap_seconds", OVERLAP_SECONDS)
    made = rotate_webhook_secret(caller, webhook_id, services(), overlap)
    return {**webhook_record(made.webhook), "secret": made.secret}


@WEBHOOKS.call("GET", f"{ONE}/deliveries", READ, query=DeliveryQuery, answer=DeliveryList)
def list_deliveries_of_webhook(caller: Caller, query: Members, webhook_id: str) -> Record:
    """List what a webhook was told.

    The last 30 days, newest first.
    """
    most = query.get("page_size", MOST_ON_A_PAGE)
    found = list_deliveries(caller, webhook_id, services(), before=query.get("before"), most=most)
    return {"deliveries": [delivery_record(each) for each in found]}


@WEBHOOKS.call("POST", f"{ONE}/deliveries/<delivery_id>/replay", MANAGE, answer=DeliveryRecord)
def replay(caller: Caller, webhook_id: str, delivery_id: str) -> Record:
    """Send a delivery again.

    It goes out as it was, with the same `webhook-id`, also where it was confirmed before.
    """
    return delivery_record(replay_delivery(caller, webhook_id, delivery_id, services()))
