"""What a door is to the application: its paths, its routes, and how it says a refusal in its protocol."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask
from werkzeug.wrappers import Response

from provisioning.domain.errors import Refusal


@dataclass(frozen=True, slots=True)
class Door:
    """One way in.

    Attributes:
        prefixes: path prefixes that are its own; the longest that fits decides, also for unknown addresses.
        register: adds the door's blueprints to the application.
        answer: a refusal in the door's form.
        fault: (status, reference) -> an answer that tells nothing but the reference (LIM-7).
    """

    prefixes: tuple[str, ...]
    register: Callable[[Flask], None]
    answer: Callable[[Refusal], Response]
    fault: Callable[[int, str], Response]


def registering(*blueprints: Blueprint) -> Callable[[Flask], None]:
    """Return a `register` that adds plain blueprints."""

    def register(app: Flask) -> None:
        for blueprint in blueprints:
            app.register_blueprint(blueprint)

    return register
