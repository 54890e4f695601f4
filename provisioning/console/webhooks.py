"""Webhooks: where the account's events go, what each was told and how it answered, and what is done to one (NET-2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.services import Services
from provisioning.actions.webhooks import (
    change_webhook,
    delete_webhook,
    list_deliveries,
    list_webhooks,
    replay_delivery,
    rotate_webhook_secret,
    show_webhook,
)
from provisioning.console.decisions import Decision, decision_page
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.proof import ask_before
from provisioning.console.webhook_form import MANAGE, TRAIL, WEBHOOKS, secret_of_webhook
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid, not_found
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.webhooks import OVERLAP_SECONDS, DeliveryState, PauseReason, Webhook
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

READ = Permission.ACCOUNT_WEBHOOKS_READ
ON_A_PAGE = 25
OVERLAPS: Mapping[str, str] = {
    "0": "None: it stops signing now",
    "3600": "1 hour",
    str(OVERLAP_SECONDS): "1 day",
    "604800": "7 days",
}
PAUSE_NAMES: Mapping[PauseReason, str] = {
    PauseReason.ASKED: "An administrator paused it.",
    PauseReason.DEAD: "It was paused because its receiver took nothing for two days.",
    PauseReason.GONE: "It was paused because its receiver asked not to be told any more.",
}
STATE_NAMES: Mapping[DeliveryState, str] = {
    DeliveryState.PENDING: "Waiting",
    DeliveryState.CONFIRMED: "Confirmed",
    DeliveryState.GIVEN_UP: "Given up",
}


@dataclass(frozen=True, slots=True)
class WebhookAct:
    """One thing that is done to a webhook.

    Attributes:
        slug: last part of its address.
        title: on links and buttons.
        question: heading of the confirmation.
        fits: whether it makes sense now.
        consequences: what will happen, in sentences.
        notice: sentence of `notices.py`, '' where a secret is shown instead.
        run: the action; None where a secret comes of it.
        is_danger: whether it takes something away that does not come back.
    """

    slug: str
    title: str
    question: str
    fits: Callable[[Webhook], bool]
    consequences: Sequence[str]
    notice: str = ""
    run: Callable[[Caller, str, Services], Webhook] | None = None
    is_danger: bool = False


def pause(caller: Caller, webhook_id: str, given: Services) -> Webhook:
    """Pause a webhook."""
    return change_webhook(caller, webhook_id, {"paused": True}, given)


def resume(caller: Caller, webhook_id: str, given: Services) -> Webhook:
    """Resume a webhook."""
    return change_webhook(caller, webhook_id, {"paused": False}, given)


ACTS: tuple[WebhookAct, ...] = (
    WebhookAct(
        "rotate", "Rotate secret", "Rotate the secret of this webhook?", lambda _: True,
        ("Makes a new secret, which is shown once.", "Deliveries are signed by both for the time that you choose."),
    ),
    WebhookAct(
        "pause", "Pause", "Pause this webhook?", lambda webhook: not webhook.is_paused,
        ("Nothing is sent to it.", "What happens meanwhile is kept for 30 days and sent once it is resumed."),
        "webhook_paused", pause,
    ),
    WebhookAct(
        "resume", "Resume", "Resume this webhook?", lambda webhook: webhook.is_paused,
        ("What happened meanwhile, up to 30 days, is sent now.",), "webhook_resumed", resume,
    ),
    WebhookAct(
        "delete", "Remove", "Remove this webhook?", lambda _: True,
        ("Its receiver hears nothing more; what still waits is not sent.", "Its secret is deleted. This is for ever."),
        "webhook_removed", delete_webhook, is_danger=True,
    ),
)  # fmt: skip
BY_SLUG = {act.slug: act for act in ACTS}


def add_webhooks(blueprint: Blueprint) -> None:
    """Add the routes of webhooks."""
    one = f"{WEBHOOKS}/<webhook_id>"
    add_routes(
        blueprint,
        (WEBHOOKS, "GET", show_webhooks),
        (one, "GET", show_one_webhook),
        (f"{one}/deliveries/<delivery_id>", "POST", post_replay),
        (f"{one}/<slug>", "GET", confirm_webhook_act),
        (f"{one}/<slug>", "POST", post_webhook_act),
    )


@requires(READ, session_caller)
def show_webhooks(caller: Caller) -> Response:
    """Show the account's webhooks."""
    found = list_webhooks(caller, services())
    return page("webhooks.html", caller=caller, webhooks=found, may_manage=is_allowed(caller, MANAGE))


@requires(READ, session_caller)
def show_one_webhook(caller: Caller, webhook_id: str) -> Response:
    """Show a webhook with the log of what it was told, newest first."""
    webhook = show_webhook(caller, webhook_id, services())
    before = request.args.get("before") or None
    found = list_deliveries(caller, webhook_id, services(), before=before, most=ON_A_PAGE + 1)
    shown = found[:ON_A_PAGE]
    return page(
        "webhook.html",
        caller=caller,
        webhook=webhook,
        deliveries=shown,
        later=f"{WEBHOOKS}/{webhook.id}?before={shown[-1].id}" if len(found) > ON_A_PAGE else None,
        earlier=f"{WEBHOOKS}/{webhook.id}" if before else None,
        acts=[act for act in ACTS if act.fits(webhook)],
        may_manage=is_allowed(caller, MANAGE),
        pause_names=PAUSE_NAMES,
        state_names=STATE_NAMES,
    )


@requires(MANAGE, session_caller)
def post_replay(caller: Caller, webhook_id: str, delivery_id: str) -> Response:
    """Send a delivery again."""
    replay_delivery(caller, webhook_id, delivery_id, services())
    response = lead_to(f"{WEBHOOKS}/{webhook_id}")
    leave_notice(response, "webhook_replayed")
    return response


@requires(MANAGE, session_caller)
def confirm_webhook_act(caller: Caller, webhook_id: str, slug: str) -> Response:
    """Say what an act on a webhook will do; a rotation asks for a fresh proof before (SES-4)."""
    act = _act_of(slug)
    if act.run is None:
        ask_before(caller)
    webhook = show_webhook(caller, webhook_id, services())
    back = f"{WEBHOOKS}/{webhook.id}"
    decision = Decision(
        question=act.question,
        consequences=(webhook.url, *act.consequences),
        title=act.title,
        back=back,
        trail=(*TRAIL, (back, "Webhook")),
        is_danger=act.is_danger,
        choice=("overlap", "The present secret still signs for", OVERLAPS, str(OVERLAP_SECONDS))
        if act.run is None
        else None,
    )
    return decision_page(caller, decision)


@requires(MANAGE, session_caller)
def post_webhook_act(caller: Caller, webhook_id: str, slug: str) -> Response:
    """Do it; a rotation shows the new secret, this once."""
    act = _act_of(slug)
    if act.run is None:
        return secret_of_webhook(caller, rotate_webhook_secret(caller, webhook_id, services(), _overlap_asked()))
    act.run(caller, webhook_id, services())
    response = lead_to(WEBHOOKS if act.is_danger else f"{WEBHOOKS}/{webhook_id}")
    leave_notice(response, act.notice)
    return response


def _act_of(slug: str) -> WebhookAct:
    act = BY_SLUG.get(slug)
    if act is None:
        raise not_found("Address")
    return act


def _overlap_asked() -> int:
    asked = request.form.get("overlap", "")
    if asked not in OVERLAPS:
        raise invalid("overlap", "Choose from the list how long the present secret still signs.")
    return int(asked)
