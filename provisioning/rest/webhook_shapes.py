"""Webhooks and their deliveries on the wire. `fields` is a word of marshmallow's, so those members have other names."""

import json
from datetime import datetime

from marshmallow import Schema, fields

from provisioning.actions.webhooks import MOST_ON_A_PAGE
from provisioning.domain.webhooks import (
    EVENTS,
    FIELDS,
    LONGEST_OVERLAP_SECONDS,
    LONGEST_URL,
    Delivery,
    DeliveryState,
    PauseReason,
    Webhook,
)
from provisioning.rest.fields import Body, Members, any_object, choice, choices, said, text, truth, whole
from provisioning.rest.records import always, many
from provisioning.rest.representation import Record, moment
from provisioning.rest.schemas import TIMES

WEBHOOK_TIMES = ("paused_at", "failing_since", "confirmed_at", "old_secret_until")


class WebhookSettings(Body):
    """What a request can set of any webhook, new or not."""

    read_only = TIMES | {"secret", "paused", "pause_reason", "failures", *WEBHOOK_TIMES}

    url = text(LONGEST_URL, **said("Where events are posted to: https, a public address."))
    events = choices(EVENTS, **said("What it is told; preset: everything."))
    body_fields = choices(
        FIELDS, data_key="fields", attribute="fields", **said("What bodies say beside ids; preset: nothing.")
    )


class WebhookMembers(WebhookSettings):
    """What a request can set of a webhook."""

    paused = truth(**said("Nothing is sent; what happens meanwhile is sent once it is resumed, for up to 30 days."))


class NewWebhookMembers(WebhookSettings):
    """What a request can set of a new webhook."""

    url = text(LONGEST_URL, required=True, **said("Where events are posted to: https, a public address."))


class RotationMembers(Body):
    """How long the old secret goes on."""

    overlap_seconds = whole(
        0, LONGEST_OVERLAP_SECONDS, **said("For how long both secrets sign; preset: a day, 0: not at all.")
    )


class DeliveryQuery(Members):
    """Which page of the log."""

    before = text(**said("Id of the last delivery of the page before."))
    page_size = whole(1, MOST_ON_A_PAGE, **said(f"Preset: {MOST_ON_A_PAGE}."))


class WebhookRecord(Schema):
    """A webhook, never its secret."""

    id = always(fields.String)
    url = always(fields.String)
    events = fields.List(choice(EVENTS), required=True)
    body_fields = fields.List(choice(FIELDS), data_key="fields", required=True)
    paused = always(fields.Boolean)
    paused_at = always(fields.DateTime, allow_none=True)
    pause_reason = choice(
        [reason.value for reason in PauseReason],
        required=True,
        allow_none=True,
        **said("`asked` by an administrator; `dead`: nothing was taken for two days; `gone`: it answered with 410."),
    )
    failing_since = always(fields.DateTime, allow_none=True, **said("Since when every attempt failed."))
    failures = always(fields.Integer, **said("Attempts that failed since the last confirmation."))
    confirmed_at = always(fields.DateTime, allow_none=True, **said("Last confirmation."))
    old_secret_until = always(fields.DateTime, allow_none=True, **said("Until then the secret before signs too."))
    created_at = always(fields.DateTime)
    updated_at = always(fields.DateTime)


class MadeWebhookRecord(WebhookRecord):
    """A webhook with a new secret."""

    secret = always(
        fields.String, **said("`whsec_` and base64, for any library of Standard Webhooks; shown this once.")
    )


class WebhookList(Schema):
    """Webhooks."""

    webhooks = many(WebhookRecord)


class DeliveryRecord(Schema):
    """One event on its way to a webhook."""

    id = always(fields.String)
    event_id = always(fields.String, **said("What the receiver gets as `webhook-id`, the same at each attempt."))
    type = choice(EVENTS, required=True)
    state = choice([state.value for state in DeliveryState], required=True)
    attempts = always(fields.Integer)
    created_at = always(fields.DateTime, **said("When it happened."))
    tried_at = always(fields.DateTime, allow_none=True, **said("Last attempt."))
    next_at = always(fields.DateTime, allow_none=True, **said("Next attempt, while it is pending."))
    answer_status = always(fields.Integer, allow_none=True, **said("Status of the last answer; null for none."))
    fault = always(fields.String, allow_none=True, **said("Why there was no answer that counts."))
    excerpt = always(fields.String, allow_none=True, **said("The first 500 bytes of the last answer."))
    confirmed_at = always(fields.DateTime, allow_none=True)
    body = any_object(required=True, **said("What is posted."))


class DeliveryList(Schema):
    """Deliveries, newest first."""

    deliveries = many(DeliveryRecord)


def webhook_record(webhook: Webhook) -> Record:
    """Return a webhook without its secret."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "fields": list(webhook.fields),
        "paused": webhook.is_paused,
        "paused_at": _maybe(webhook.paused_at),
        "pause_reason": webhook.pause_reason.value if webhook.pause_reason is not None else None,
        "failing_since": _maybe(webhook.failing_since),
        "failures": webhook.failures,
        "confirmed_at": _maybe(webhook.confirmed_at),
        "old_secret_until": _maybe(webhook.old_secret_until),
        "created_at": moment(webhook.created_at),
        "updated_at": moment(webhook.updated_at),
    }


def delivery_record(delivery: Delivery) -> Record:
    """Return a delivery with what is posted and how it was answered."""
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "type": delivery.kind,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "created_at": moment(delivery.created_at),
        "tried_at": _maybe(delivery.tried_at),
        "next_at": moment(delivery.next_at) if delivery.state is DeliveryState.PENDING else None,
        "answer_status": delivery.answer_status,
        "fault": delivery.fault,
        "excerpt": delivery.excerpt,
        "confirmed_at": _maybe(delivery.confirmed_at),
        "body": json.loads(delivery.body),
    }


def _maybe(at: datetime | None) -> str | None:
    return moment(at) if at is not None else None
