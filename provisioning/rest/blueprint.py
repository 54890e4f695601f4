"""The REST door: the Provisioning API, the session check, and the document and the page that describe them."""

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]

from provisioning.guard.context import SETTINGS
from provisioning.guard.door import Door
from provisioning.rest.account import ACCOUNT
from provisioning.rest.billing import BILLING
from provisioning.rest.environments import ENVIRONMENTS
from provisioning.rest.errors import faulted, refused
from provisioning.rest.examples import with_examples
from provisioning.rest.groups import GROUPS
from provisioning.rest.keys import KEYS
from provisioning.rest.own_calls import OWN_CALLS
from provisioning.rest.provisioning_log import PROVISIONING_LOG
from provisioning.rest.records import ErrorAnswer
from provisioning.rest.reference import CSS_PATH, DOCUMENT_PATH, PAGE_PATH, add_reference
from provisioning.rest.revocations import REVOCATIONS
from provisioning.rest.saml_connections import SAML_CONNECTIONS
from provisioning.rest.scim_connections import SCIM_CONNECTIONS
from provisioning.rest.second_factor import SECOND_FACTOR
from provisioning.rest.sessions import SESSIONS
from provisioning.rest.sign_up import SIGN_UP
from provisioning.rest.users import USERS
from provisioning.rest.webhooks import WEBHOOKS

NOUNS = (
    USERS,
    OWN_CALLS,
    SECOND_FACTOR,
    GROUPS,
    ENVIRONMENTS,
    KEYS,
    ACCOUNT,
    SAML_CONNECTIONS,
    SCIM_CONNECTIONS,
    PROVISIONING_LOG,
    BILLING,
    SIGN_UP,
    SESSIONS,
    REVOCATIONS,
    WEBHOOKS,
)
VERSION = "1.1"
ABOUT = """Users, groups, product environments and access keys of an account, for scripts and for the published client
libraries, which work unchanged. Lists are complete unless a page is asked for. Unknown query parameters are ignored,
unknown members of a body are refused. Booleans may be written as texts, bodies as JSON or as a form, lists in a query
as `ids=a,b`, `ids=a&ids=b` or `ids[]=a`."""
CREDENTIALS = {
    "accountKey": {
        "type": "http",
        "scheme": "basic",
        "description": "An account key: its id as user name, its secret as password.",
    },
    "consoleSession": {"type": "apiKey", "in": "cookie", "name": "gatelodge_session", "description": "Over https the "
                       "name begins with `__Host-`."},
}  # fmt: skip


class Document(Api):  # type: ignore[misc]
    """The OpenAPI document; errors are answered by the application's own handlers, in the form that it describes."""

    ERROR_SCHEMA = ErrorAnswer
    # Every status is named at its call, so that a test can tell one that nobody meant.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave errors to the application, which answers them at every door."""


def register(app: Flask) -> None:
    """Add the calls, then their description."""
    api = Document(
        app,
        spec_kwargs={
            "title": "Gatelodge Provisioning API",
            "version": VERSION,
            "openapi_version": "3.1.0",
            "info": {"description": ABOUT},
            "servers": [{"url": app.extensions[SETTINGS].public_url.rstrip("/")}],
            "security": [{"accountKey": []}],
        },
    )
    for name, credential in CREDENTIALS.items():
        api.spec.components.security_scheme(name, credential)
    for noun in NOUNS:
        api.register_blueprint(noun)
    add_reference(app, with_examples(api.spec.to_dict()))


REST_DOOR = Door(("/v1_1/", "/session/", DOCUMENT_PATH, PAGE_PATH, CSS_PATH), register, refused, faulted)
