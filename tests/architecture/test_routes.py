"""Every route declares who may call it; the public ones are a short list with reasons; nobody else gets in."""

import base64
import ipaddress
import re
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from flask import Flask
from flask.views import MethodView
from werkzeug.routing import Rule

from provisioning.domain.caller import Credential
from provisioning.domain.credentials import CARRIES
from provisioning.domain.permissions import Permission
from provisioning.guard.require import declared, public, require_declarations, requires

PUBLIC = yaml.safe_load((Path(__file__).parent / "public_routes.yaml").read_text(encoding="utf-8"))
AUTOMATIC = {"HEAD", "OPTIONS"}
# The pages that are read with the right to change: they show secrets or what only their managers may know, or are
# nothing but the form of the change.
READ_WITH_MANAGE = {
    "/user-limit", "/users/invite", "/users/<user_id>/edit", "/users/<user_id>/groups", "/groups/new",
    "/account/environments/new", "/account/cancel", "/api-keys", "/api-keys/new", "/api-keys/<key_id>/<slug>",
    "/webhooks/new", "/webhooks/<webhook_id>/edit", "/webhooks/<webhook_id>/<slug>",
    "/sign-in", "/sign-in/settings", "/sign-in/enforce", "/sign-in/new",
    "/sign-in/<connection_id>", "/sign-in/<connection_id>/delete",
    "/sign-in/<connection_id>/metadata", "/sign-in/<connection_id>/settings",
    "/provisioning", "/provisioning/new", "/provisioning/<connection_id>", "/provisioning/<connection_id>/delete",
    "/provisioning/<connection_id>/tokens/new", "/provisioning/tokens/<token_id>/<slug>",
    "/provisioning/log", "/provisioning/log/<request_id>", "/provisioning/advice",
    "/v1_1/provisioning/accounts/<account_id>/sub_accounts/<environment_id>/access_keys",
    "/v1_1/provisioning/accounts/<account_id>/billing_usage",
    "/v1_1/provisioning/accounts/<account_id>/seats", "/v1_1/provisioning/accounts/<account_id>/security",
    "/v1_1/provisioning/accounts/<account_id>/saml_connections",
    "/v1_1/provisioning/accounts/<account_id>/saml_connections/<saml_connection_id>",
    "/v1_1/provisioning/accounts/<account_id>/scim_connections",
    "/v1_1/provisioning/accounts/<account_id>/scim_connections/<scim_connection_id>",
    "/v1_1/provisioning/accounts/<account_id>/scim_tokens",
    "/v1_1/provisioning/accounts/<account_id>/provisioning_log",
    "/v1_1/provisioning/accounts/<account_id>/provisioning_log/<request_id>",
}  # fmt: skip
# Searches by POST, what SCIM names but this service does not offer, and an export, which leaves an entry of itself.
CHANGED_BY_READERS = {
    "/activity/export",
    "/scim/v2/Me",
    "/scim/v2/.search",
    "/scim/v2/Users/.search",
    "/scim/v2/Groups/.search",
}


def routes(app: Flask) -> list[tuple[Rule, str, str]]:
    """(rule, method, what it declares) of every route."""
    marks = declared(app)
    return [
        (rule, method, marks[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - AUTOMATIC)
    ]


def guarded(app: Flask) -> list[tuple[Rule, str, str]]:
    """The routes that need a credential."""
    return [each for each in routes(app) if not each[2].startswith("public")]


def address_of(rule: Rule) -> str:
    """An address of the route, with made-up ids."""
    return re.sub(r"<[^>]+>", lambda _: str(uuid4()), str(rule))


@pytest.mark.rule("AUZ-1")
def test_every_route_declares_a_permission_of_the_vocabulary_or_a_reason(app):
    assert [endpoint for endpoint, mark in declared(app).items() if mark is None] == []
    for _, _, mark in guarded(app):
        assert mark in set(Permission)


@pytest.mark.rule("AUZ-1")
def test_the_public_routes_are_those_that_were_decided_with_their_reasons(app):
    found: dict[str, dict[str, str]] = {}
    for rule, method, mark in routes(app):
        if mark.startswith("public"):
            found.setdefault(str(rule), {})[method] = mark.removeprefix("public: ")
    assert found == PUBLIC


@pytest.mark.rule("AUZ-2", "WEB-1")
def test_reading_and_changing_declare_permissions_of_their_own(app):
    for rule, method, mark in guarded(app):
        if method == "GET" and mark.endswith(":manage") and not mark.startswith("self:"):
            assert str(rule) in READ_WITH_MANAGE
        if method != "GET" and mark.endswith(":read"):
            assert str(rule) in CHANGED_BY_READERS


@pytest.mark.rule("AUZ-1")
def test_an_application_with_an_undeclared_route_does_not_start():
    for add in (add_bare_function, add_half_declared_class):
        app = Flask("undeclared", static_folder=None)
        require_declarations(app)
        add(app)
        with pytest.raises(RuntimeError, match="open_door"):
            require_declarations(app)


def add_bare_function(app: Flask) -> None:
    app.add_url_rule("/open", "open_door", lambda: "in")


def add_half_declared_class(app: Flask) -> None:
    class Open(MethodView):
        @public("a reason")
        def get(self) -> str:
            return "in"

        def post(self) -> str:
            return "in"

    app.add_url_rule("/open", view_func=Open.as_view("open_door"))


@pytest.mark.rule("AUZ-1")
def test_a_declared_class_counts_by_all_of_its_methods():
    class Both(MethodView):
        @public("a reason")
        def get(self) -> str:
            return "in"

        @requires(Permission.ACCOUNT_USERS_READ, authenticate=None)
        def post(self, caller) -> str:
            return "in"

    app = Flask("declared", static_folder=None)
    app.add_url_rule("/both", view_func=Both.as_view("both"))
    require_declarations(app)
    assert declared(app) == {"both": "public: a reason; account:users:read"}


def basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


@pytest.mark.rule("AUZ-1", "KEY-1", "SCM-1")
def test_without_a_credential_or_with_one_of_another_kind_no_route_lets_anybody_in(app, client, account, sql):
    key, token = account.key, account.token.text
    wrong = {
        "none": {},
        "a SCIM token": {"Authorization": f"Bearer {token}"},
        "an account key": {"Authorization": basic(key.key.id, key.secret)},
        "a made-up token": {"Authorization": f"Bearer {token[:-1]}x"},
        "a key with a wrong secret": {"Authorization": basic(key.key.id, token)},
        "a broken header": {"Authorization": "Basic \xff"},
        "a token in a cookie": {"Cookie": f"gatelodge_session={token}"},
    }
    right = {"/scim/": "a SCIM token", "/v1_1/": "an account key"}
    addresses = count(int(ipaddress.ip_address("198.18.0.0")))
    before = sql("select count(*) from activity"), sql("select count(*) from users")
    for rule, method, _ in guarded(app):
        prefix = next((prefix for prefix in right if str(rule).startswith(prefix)), "")
        for who in set(wrong) - {right.get(prefix)}:
            # Each from an address of its own: a hundred wrong keys from one are answered 429 (KEY-4).
            sender = {"REMOTE_ADDR": str(ipaddress.ip_address(next(addresses)))}
            answer = client.open(address_of(rule), method=method, headers=wrong[who], json={}, environ_base=sender)
            page = prefix == "" and (answer.status_code == 303 and answer.location.startswith("/login"))
            assert page or answer.status_code in ((401,) if prefix else (401, 403, 415)), (method, str(rule), who)
    assert (sql("select count(*) from activity"), sql("select count(*) from users")) == before


@pytest.mark.rule("SCM-1")
def test_a_scim_route_asks_for_nothing_that_a_token_cannot_carry(app):
    asked = {mark for rule, _, mark in guarded(app) if str(rule).startswith("/scim/")}
    assert asked <= {permission.value for permission in CARRIES[Credential.SCIM_TOKEN]}
