"""The page before a grave act: what will happen, in sentences with numbers, and the form that does it.

The form goes to the very address of the page, so that a proof of identity that has to be given in between leads back
to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from provisioning.console.pages import page
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal


@dataclass(frozen=True, slots=True)
class Decision:
    """One question.

    Attributes:
        question: heading.
        consequences: what will happen to whom, in sentences.
        title: on the button.
        back: path of the page that the person comes from.
        trail: (path, title) of the pages above.
        is_danger: whether it takes something away that does not come back by itself.
        refusal: why it cannot be done, None where it can.
        choice: (name, label, options, preset) of the one thing that is chosen with it, None where nothing is.
    """

    question: str
    consequences: Sequence[str]
    title: str
    back: str
    trail: Sequence[tuple[str, str]]
    is_danger: bool = False
    refusal: Refusal | None = None
    choice: tuple[str, str, Mapping[str, str], str] | None = None


def decision_page(caller: Caller, decision: Decision) -> Response:
    """Return the page that asks."""
    return page("decision.html", caller=caller, decision=decision, action=request.path)
