"""The form of a webhook: where it sends, what, and whether; for a new one and for one that there is (NET-2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from marshmallow import fields
from werkzeug.wrappers import Response

from provisioning.actions.webhooks import (
    MadeWebhook,
    NewWebhook,
    WebhookChanges,
    change_webhook,
    create_webhook,
    show_webhook,
)
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, Form, Trimmed, attempt, read_form
from provisioning.console.issued import secret_page
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to
from provisioning.console.proof import ask_before
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import require
from provisioning.domain.webhooks import EVENTS, FIELDS, Webhook
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

WEBHOOKS = "/webhooks"
TRAIL = ((WEBHOOKS, "Webhooks"),)
MANAGE = Permission.ACCOUNT_WEBHOOKS_MANAGE
BESIDE = ("url", "events", "fields")


class WebhookForm(Form):
    """Where a webhook sends, and whether; its lists are read beside it, as each stands in a form many times."""

    url = Trimmed(load_default="")
    enabled = fields.Boolean(load_default=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is ticked of a webhook's form."""

    events: Sequence[str]
    fields: Sequence[str]
    enabled: bool = True


def add_webhook_form(blueprint: Blueprint) -> None:
    """Add the routes of making a webhook, and of changing what it is set to."""
    one = f"{WEBHOOKS}/<webhook_id>/edit"
    add_routes(
        blueprint,
        (f"{WEBHOOKS}/new", "GET", show_new_webhook),
        (f"{WEBHOOKS}/new", "POST", post_new_webhook),
        (one, "GET", show_webhook_settings),
        (one, "POST", post_webhook_settings),
    )


@requires(MANAGE, session_caller)
def show_new_webhook(caller: Caller) -> Response:
    """Show the form of a new webhook; everything is ticked but the fields."""
    require(caller, MANAGE)
    ask_before(caller)
    return _new_page(caller, Filled(), Chosen(EVENTS, ()))


@requires(MANAGE, session_caller)
def post_new_webhook(caller: Caller) -> Response:
    """Make a webhook and show its secret, this once."""
    form, chosen = _read()
    if not form.is_good:
        return _new_page(caller, form, chosen)
    asked = NewWebhook(form.values["url"], tuple(chosen.events), tuple(chosen.fields))
    made = attempt(form, lambda: create_webhook(caller, asked, services()), BESIDE)
    return _new_page(caller, form, chosen) if made is None else secret_of_webhook(caller, made)


@requires(MANAGE, session_caller)
def show_webhook_settings(caller: Caller, webhook_id: str) -> Response:
    """Show what a webhook is set to, in the form that changes it; another address needs a fresh proof (SES-4)."""
    require(caller, MANAGE)
    ask_before(caller)
    webhook = show_webhook(caller, webhook_id, services())
    return _settings_page(caller, webhook, Filled(), Chosen(webhook.events, webhook.fields, not webhook.is_paused))


@requires(MANAGE, session_caller)
def post_webhook_settings(caller: Caller, webhook_id: str) -> Response:
    """Change address, events, fields, and whether it is told; all of it or nothing."""
    before = show_webhook(caller, webhook_id, services())
    form, chosen = _read()
    if not form.is_good:
        return _settings_page(caller, before, form, chosen)
    changes: WebhookChanges = {
        "url": form.values["url"],
        "events": tuple(chosen.events),
        "fields": tuple(chosen.fields),
        "paused": not chosen.enabled,
    }
    if attempt(form, lambda: change_webhook(caller, before.id, changes, services()), BESIDE) is None:
        return _settings_page(caller, before, form, chosen)
    response = lead_to(f"{WEBHOOKS}/{before.id}")
    leave_notice(response, "webhook_changed")
    return response


def secret_of_webhook(caller: Caller, made: MadeWebhook) -> Response:
    """Return the page that shows a webhook's secret, this once (KEY-2)."""
    back = (f"{WEBHOOKS}/{made.webhook.id}", "Webhook")
    values = (("webhook-secret", "Secret", made.secret),)
    return secret_page(caller, "The secret of the webhook", values, (*TRAIL, back))


def _read() -> tuple[Filled, Chosen]:
    form = read_form(WebhookForm(), request.form)
    enabled = form.values.get("enabled", False)
    chosen = Chosen(request.form.getlist("events"), request.form.getlist("fields"), enabled)
    if not chosen.events:
        form.refuse("events", invalid("events", "Choose at least one event."))
    return form, chosen


def _new_page(caller: Caller, form: Filled, chosen: Chosen) -> Response:
    return form_page("webhook_new.html", form.code, caller=caller, form=form, chosen=chosen, **_offered())


def _settings_page(caller: Caller, webhook: Webhook, form: Filled, chosen: Chosen) -> Response:
    shown = {"form": form, "chosen": chosen, "webhook": webhook}
    return form_page("webhook_edit.html", form.code, caller=caller, **shown, **_offered())


def _offered() -> Mapping[str, Sequence[str]]:
    return {"events": EVENTS, "fields": FIELDS}
