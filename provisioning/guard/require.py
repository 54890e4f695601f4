"""What a route needs, declared on it; a route that declares nothing does not start (AUZ-1, AUZ-2).

`requires` turns the request's credential into a `Caller`, refuses credentials that may not carry the permission at
all, and hands the caller to the view as its first argument. The action asks the policy again, about the very object.
`public` marks the few routes that anyone may call, each with its reason.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask

from provisioning.actions.activity import refuse_credential
from provisioning.domain.caller import Caller
from provisioning.domain.credentials import may_carry
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services

View = TypeVar("View", bound=Callable[..., Any])
Authenticate = Callable[[], Caller]
MARK = "guard"


def requires(permission: Permission, authenticate: Authenticate) -> Callable[[View], View]:
    """Return a decorator for a view that needs a permission.

    Args:
        permission: what the route is about; its GET and its POST declare their own.
        authenticate: the door's way from request to caller; raises a refusal for a bad credential.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = authenticate()
            if not may_carry(caller.credential, permission):
                refuse_credential(caller, services())
            return view(caller, *args, **kwargs)

        setattr(guarded, MARK, permission.value)
        return guarded  # type: ignore[return-value]

    return decorate


def public(reason: str) -> Callable[[View], View]:
    """Return a decorator for a view that anyone may call.

    Args:
        reason: why, as text for reviewers; it stands in the list of public routes.
    """

    def decorate(view: View) -> View:
        setattr(view, MARK, f"public: {reason}")
        return view

    return decorate


def declared(app: Flask) -> dict[str, str | None]:
    """Return every endpoint of the application with what it declares, None where it declares nothing."""
    return {endpoint: _mark(view) for endpoint, view in app.view_functions.items()}


def _mark(view: Any) -> str | None:
    """Return a view's mark; a class-based view has one on each of its methods."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return getattr(view, MARK, None)
    marks: list[str] = [getattr(getattr(view_class, method.lower()), MARK, "") for method in sorted(view_class.methods)]
    return "; ".join(marks) if all(marks) else None


def require_declarations(app: Flask) -> None:
    """Refuse to start an application with a route that declares nothing."""
    missing = sorted(endpoint for endpoint, mark in declared(app).items() if mark is None)
    if missing:
        raise RuntimeError(f"routes that declare no permission: {', '.join(missing)}")
