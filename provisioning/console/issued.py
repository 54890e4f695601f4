"""Keys and tokens as the Console shows them: their state in words, what can be done to one, and its secret, once.

Account keys and SCIM tokens are made and ended alike; what differs (who makes them, where they stand) is in the two
pages, which hand their own actions into the table here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import request
from marshmallow import fields
from werkzeug.wrappers import Response

from provisioning.console.decisions import Decision
from provisioning.console.forms import Form, one_of
from provisioning.console.pages import page
from provisioning.console.words import moment
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid, not_found
from provisioning.domain.keys import OVERLAP_SECONDS, Issued, Review, Terms, is_usable

SomeIssued = TypeVar("SomeIssued", bound=Issued)
OVERLAPS: Mapping[str, str] = {
    "0": "None: it stops working now",
    "3600": "1 hour",
    str(OVERLAP_SECONDS): "1 day",
    str(7 * 24 * 3600): "7 days",
    str(30 * 24 * 3600): "30 days",
}
LIFETIMES: Mapping[str, str] = {"30": "30 days", "90": "90 days", "365": "1 year", "1825": "5 years"}
PRESET_LIFETIME = "365"
REVIEWS: Mapping[Review, str] = {
    Review.MAKER_DELETED: "Who made it was deleted. Keep it in your own name, or revoke it.",
    Review.MAKER_DISABLED: "Who made it is disabled. Keep it in your own name, or revoke it.",
    Review.MAKER_LOST_PERMISSION: "Who made it may not make it any more. Keep it in your own name, or revoke it.",
}
UNKNOWN_LIFETIME = "Choose a time from the list."


@dataclass(frozen=True, slots=True)
class State:
    """What a key or token is now: in words, and the name of its colour."""

    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class IssuedAct:
    """One thing that is done to a key or token.

    Attributes:
        slug: last part of its address.
        title: on menus and buttons.
        question: heading of the confirmation, with the name.
        notice: sentence of `notices.py` that is said afterwards, '' where a secret is shown instead.
        fits: whether it makes sense for one that works, and for one that does not.
        consequences: what will happen, in sentences.
        is_danger: whether it takes something away that does not come back.
    """

    slug: str
    title: str
    question: str
    notice: str
    fits: Callable[[Issued, datetime], bool]
    consequences: Callable[[Issued], Sequence[str]]
    is_danger: bool = False


def is_open(issued: Issued, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    return issued.revoked_at is None and now < issued.expires_at


def state_of(issued: Issued, now: datetime) -> State:
    """Return the state that is shown, the first that holds."""
    table = (
        (issued.revoked_at is not None, State("Revoked", "inactive")),
        (now >= issued.expires_at, State("Expired", "inactive")),
        (issued.disabled_at is not None, State("Switched off", "disabled")),
        (issued.replaced_by is not None, State("Replaced, still works", "password_reset_pending")),
    )
    return next((state for holds, state in table if holds), State("Works", "active"))


def of_rotating(issued: Issued) -> Sequence[str]:
    """Say what rotating does (KEY-2)."""
    return (
        "Makes a new one in its place, whose secret is shown once.",
        "The present one works for the time that you choose, so that you can put the new one in.",
        f"Last used: {moment(issued.last_used_at)}.",
    )


def of_switching_off(issued: Issued) -> Sequence[str]:
    """Say what switching off does (API-1)."""
    return (
        "Whoever uses it is refused from the next request on.",
        f"Last used: {moment(issued.last_used_at)}.",
        "It can be switched on again.",
    )


def of_switching_on(issued: Issued) -> Sequence[str]:
    """Say what switching on does (API-1)."""
    return (f"It works again, until {moment(issued.expires_at)}.",)


def of_keeping(_: Issued) -> Sequence[str]:
    """Say what keeping does (KEY-3)."""
    return ("You answer for it from now on, and get the mails about it.", "It keeps its secret and its rights.")


def of_revoking(issued: Issued) -> Sequence[str]:
    """Say what revoking does (KEY-4)."""
    return (
        "Whoever uses it is refused from the next request on.",
        f"Last used: {moment(issued.last_used_at)}.",
        "This is for ever; a new one has to be made in its place.",
    )


ROTATE = "rotate"
ACTS: tuple[IssuedAct, ...] = (
    IssuedAct(
        ROTATE, "Rotate", "Rotate {name}?", "",
        lambda issued, now: is_usable(now, issued) and issued.replaced_by is None, of_rotating,
    ),
    IssuedAct(
        "disable", "Switch off", "Switch {name} off?", "switched_off",
        lambda issued, now: is_open(issued, now) and issued.disabled_at is None, of_switching_off,
    ),
    IssuedAct(
        "enable", "Switch on", "Switch {name} on again?", "switched_on",
        lambda issued, now: is_open(issued, now) and issued.disabled_at is not None, of_switching_on,
    ),
    IssuedAct(
        "keep", "Keep", "Keep {name}?", "kept",
        lambda issued, now: is_open(issued, now) and issued.review is not None, of_keeping,
    ),
    IssuedAct(
        "revoke", "Revoke", "Revoke {name}?", "revoked", is_open, of_revoking, is_danger=True,
    ),
)  # fmt: skip
BY_SLUG = {act.slug: act for act in ACTS}


class TermsForm(Form):
    """How long a new key or token lives, and from where it may be used (KEY-4)."""

    days = fields.String(load_default=PRESET_LIFETIME, validate=one_of(LIFETIMES, UNKNOWN_LIFETIME))
    address_ranges = fields.String(load_default="")


def terms_of(values: Mapping[str, Any]) -> Terms:
    """Return the terms that a good form asks for."""
    ranges = tuple(values["address_ranges"].replace(",", " ").split())
    return Terms(timedelta(days=int(values["days"])), ranges)


def act_of(slug: str) -> IssuedAct:
    """Return the act of an address; refuse an unknown one as not found."""
    act = BY_SLUG.get(slug)
    if act is None:
        raise not_found("Address")
    return act


def fitting(issued: Issued, now: datetime) -> list[IssuedAct]:
    """Return the acts that make sense for a key or token now."""
    return [act for act in ACTS if act.fits(issued, now)]


def one_issued(found: Sequence[SomeIssued], issued_id: str, what: str) -> SomeIssued:
    """Return the one of an id; refuse an unknown or foreign one alike as not found."""
    issued = next((each for each in found if each.id == issued_id), None)
    if issued is None:
        raise not_found(what)
    return issued


def decision_of(act: IssuedAct, issued: Issued, name: str, trail: Sequence[tuple[str, str]]) -> Decision:
    """Return the question before an act."""
    return Decision(
        question=act.question.format(name=name),
        consequences=act.consequences(issued),
        title=act.title,
        back=trail[-1][0],
        trail=trail,
        is_danger=act.is_danger,
        choice=("overlap", "The present one still works for", OVERLAPS, str(OVERLAP_SECONDS))
        if act.slug == ROTATE
        else None,
    )


def overlap_asked() -> int:
    """Return the overlap that the form asks for, in seconds; refuse one that the page did not offer."""
    asked = request.form.get("overlap", "")
    if asked not in OVERLAPS:
        raise invalid("overlap", "Choose from the list how long the present one still works.")
    return int(asked)


def secret_page(
    caller: Caller, title: str, values: Sequence[tuple[str, str, str]], trail: Sequence[tuple[str, str]]
) -> Response:
    """Return the page that shows a secret, the only time that it is ever shown (KEY-2).

    Args:
        caller: who made it.
        title: heading.
        values: (id of the field, label, value).
        trail: (path, title) of the pages above; the last is where people go on.
    """
    return page("secret.html", caller=caller, title=title, values=values, trail=trail)
