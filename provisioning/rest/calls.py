"""How a call of the API is declared: address, permission, what it reads and what it answers, in one place.

The declaration guards the route, reads the request for the view and writes the OpenAPI document; so none of the three
can say something else than the others.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema

from provisioning.domain.permissions import Permission
from provisioning.guard.account_key import account_key_caller
from provisioning.guard.require import requires
from provisioning.rest.bodies import MemberParser
from provisioning.rest.fields import Members
from provisioning.rest.schemas import Nothing

ACCOUNT_BASE = "/v1_1/provisioning/accounts/<account_id>"
BODY, QUERY = "json", "query"
FAULTS = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
READ_STATUSES = (
    HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS, *FAULTS,
)  # fmt: skip
# Where something changes, a unique value can be taken and a version can be stale.
WRITE_STATUSES = (*READ_STATUSES, HTTPStatus.CONFLICT)
View = Callable[..., Any]


class Noun(Blueprint):  # type: ignore[misc]
    """The calls about one noun.

    Args:
        name: as it stands in the document.
        description: one sentence for the document.
        base: what every address of it begins with.
    """

    ARGUMENTS_PARSER = MemberParser()

    def __init__(self, name: str, description: str, base: str = ACCOUNT_BASE) -> None:
        super().__init__(name, __name__, url_prefix=base, description=description)

    def call(
        self,
        method: str,
        path: str,
        permission: Permission,
        *,
        answer: type[Schema],
        many: bool = False,
        query: type[Members] | None = None,
        body: type[Members] | None = None,
        example: Mapping[str, object] | None = None,
    ) -> Callable[[View], View]:
        """Return a decorator for `view(caller, [query], [body], **ids) -> record or response`.

        Args:
            method, path: address below the account.
            permission: what the key must hold; the action asks the policy again about the very object.
            answer: shape of the answer, for the document.
            many: whether the answer is a list of them at the top level.
            query: parameters that are read.
            body: members that are read; without one a body must be empty, and GET reads none.
            example: a body for the document; without one it is put together from the members (examples.py).
        """

        def decorate(view: View) -> View:
            made = _within_account(view)
            if body is not None:
                made = self.arguments(body(), location=BODY, required=_is_needed(body), example=example)(made)
            elif method != "GET":
                made = _without_body(made)
            if query is not None:
                made = self.arguments(query(), location=QUERY)(made)
            made = self.response(200, answer(many=many))(made)
            made = self.doc(**described(view, method), **{"x-permission": permission.value})(made)
            self.route(path, methods=[method])(requires(permission, account_key_caller)(made))
            return view

        return decorate


def described(view: View, method: str) -> dict[str, Any]:
    """Return what the document says of a call beside its shapes: its name, and every status that it can have."""
    statuses = READ_STATUSES if method == "GET" else WRITE_STATUSES
    return {"operationId": view.__name__, "responses": {str(status.value): status.name for status in statuses}}


def _within_account(view: View) -> View:
    """Return the view without the account's id: the guard has compared it, and the caller's account counts (TEN-2)."""

    @wraps(view)
    def call(caller: Any, *read: Any, **ids: str) -> Response:
        del ids["account_id"]
        answer = view(caller, *read, **ids)
        return answer if isinstance(answer, Response) else jsonify(answer)

    return call


def _without_body(view: View) -> View:
    """Return the view behind a check that the body has no members; empty ones are sent by some clients."""

    @wraps(view)
    def call(*arguments: Any, **ids: Any) -> Any:
        Noun.ARGUMENTS_PARSER.parse(Nothing(), location=BODY)
        return view(*arguments, **ids)

    return call


def _is_needed(body: type[Members]) -> bool:
    """Return whether a request cannot do without a body: where one of its members is required."""
    return any(field.required for field in body().fields.values())
