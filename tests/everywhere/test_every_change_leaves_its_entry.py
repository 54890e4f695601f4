"""AUD-1: every route that changes something, walked by a working example, leaves exactly one entry in the report.

The walk goes through the application as people, scripts, directories and identity providers do; a recorder notes for
each request what it wrote. A new route that nobody walks fails the test.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, g, request

from provisioning.actions.activity import seal_activity
from provisioning.actions.second_factor import remove_own
from provisioning.actions.sso_settings import IdentityProvider, connect
from provisioning.actions.users import edit_user
from provisioning.actions.webhook_deliveries import hand_over
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import User, UserChanges
from saml.names import REDIRECT_BINDING
from tests.actions.forgotten import forgot_password
from tests.actions.saml_world import saml_account
from tests.doors.api import ApiClient, done
from tests.doors.authenticator import code_of, with_app
from tests.doors.console import ConsoleClient
from tests.doors.idp import FakeIdp
from tests.doors.saml import SamlBrowser
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, refused_request
from tests.factories import person as as_person
from tests.rest.things import things_of

READS = {"GET", "HEAD", "OPTIONS"}
# Two facts of one request, each its own entry; every other request leaves one.
TOGETHER = {
    frozenset({"user.deleted", "sessions.ended"}),
    frozenset({"user.disabled", "sessions.ended"}),
    frozenset({"password.reset", "sessions.ended"}),
    frozenset({"password.set", "sessions.ended"}),
    frozenset({"second_factor.reset", "sessions.ended"}),
    frozenset({"environment.created", "access_key.created"}),
    frozenset({"scim_request.replayed", "user.created"}),
    # A login that asked for something on the way in, made its person, or took a browser over from another login.
    frozenset({"second_factor.set_up", "login.succeeded"}),
    frozenset({"password.set", "sessions.ended", "login.succeeded"}),
    frozenset({"user.created", "saml_connection.proved", "login.succeeded"}),
    frozenset({"login.succeeded", "session.logged_out"}),
    frozenset({"user.created", "login.succeeded", "session.logged_out"}),
}
# Steps on the way to a change, which leaves its entry: half a login, a set-up that no code has confirmed, a question.
# Who asked for a new password is looked up by a worker, which writes the entry (LGN-1).
STEPS = {
    "/forgot-password",
    "/login",
    "/login/step/set-up",
    "/profile/second-factor/set-up",
    "/saml/<uuid:connection_id>/acs",
}
# What changes nothing although it is no GET, each with its reason.
CHANGES_NOTHING = {
    "/scim/v2/.search": "not offered",
    "/scim/v2/Me": "not offered",
    "/scim/v2/Users/.search": "a search",
    "/scim/v2/Groups/.search": "a search",
    "/v1_1/provisioning/agents/accounts": "off",
    "/v1_1/provisioning/clouds": "off",
}


class Recorder:
    """Notes of every answered request that changed something which entries it wrote."""

    def __init__(self, app: Flask, sql: Callable[..., list[tuple[Any, ...]]]) -> None:
        self.written: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
        self.refused: list[tuple[str, str, int, str]] = []
        self._sql = sql

        @app.before_request
        def begin() -> None:
            if request.method not in READS:
                g.entries_before = self._sql("select count(*) from activity")[0][0]

        @app.after_request
        def end(response: Response) -> Response:
            if request.method in READS or request.url_rule is None:
                return response
            rule = (request.method, request.url_rule.rule)
            if response.status_code < 400:
                rows = self._sql("select kind from activity order by id offset %s", g.entries_before)
                self.written[rule].append([kind for (kind,) in rows])
            else:
                self.refused.append((*rule, response.status_code, response.get_data(as_text=True)[:300]))
            return response


@pytest.fixture
def recorder(app, sql) -> Recorder:
    return Recorder(app, sql)


@pytest.fixture
def as_root(app, account) -> ConsoleClient:
    browser = ConsoleClient(app.test_client())
    browser.log_in("root@acme.example", account.root_password)
    return browser


@pytest.fixture
def person(services, caller, sql) -> Callable[..., User]:
    """Makes active people with a password, each with an email of their own."""
    return lambda name, role=Role.REPORTS: make_active(
        services, sql, make_user(caller, services, f"{name}@acme.example", role)
    )


def walk_api(api: ApiClient, account, services, clock) -> None:
    """As a script: everything is made, changed and taken away again."""
    things = things_of(api, account, services)
    user, group, environment = (f"/{kind}/{things[name]}" for kind, name in (
        ("users", "user_id"), ("user_groups", "group_id"), ("sub_accounts", "environment_id")))  # fmt: skip
    keys, webhook = f"{environment}/access_keys", f"/webhooks/{things['webhook_id']}"
    second = done(api.post("/sub_accounts", {"name": "Second"}))["id"]
    other_key = done(api.post(keys, {"name": "other"}))["api_key"]
    member = done(api.post("/users", {"name": "A B", "email": "member@acme.example", "role": "master_admin"}))["id"]
    saml = done(api.post("/saml_connections", {"idp_metadata": FakeIdp("https://idp2.example").metadata()}))["id"]
    for method, path, body in [
        ("PUT", user, {"name": "Walker"}),
        ("PUT", f"{user}/media_library_permissions", {"media_library_permissions": ["create_collection"]}),
        ("POST", f"{user}/invitation", None),
        ("POST", f"{user}/force_logout", None),
        ("PUT", group, {"name": "Walkers"}),
        ("POST", f"{group}/users/{member}", None),
        ("DELETE", f"{group}/users/{member}", None),
        ("DELETE", group, None),
        ("PUT", f"/sub_accounts/{second}", {"name": "Third"}),
        ("DELETE", f"/sub_accounts/{second}", None),
        ("PUT", f"{keys}/{other_key}", {"name": "another"}),
        ("DELETE", f"{keys}/{other_key}", None),
        ("DELETE", f"{keys}?name=walked", None),
        ("PUT", f"/saml_connections/{saml}", {"clock_tolerance": 30}),
        ("DELETE", f"/saml_connections/{saml}", None),
        ("PUT", f"/scim_connections/{things['scim_connection_id']}", {"name": "Renamed"}),
        ("DELETE", f"/scim_tokens/{things['token_id']}", None),
        ("DELETE", f"/scim_connections/{things['scim_connection_id']}", None),
        ("PUT", "/seats", {"additional": 20}),
        ("PUT", "/security", {"session_idle_seconds": 1800}),
        ("POST", f"{webhook}/deliveries/{things['delivery_id']}/replay", None),
        ("POST", f"{webhook}/rotate_secret", {}),
        ("POST", f"/provisioning_log/{things['request_id']}/replay", None),
        ("PUT", webhook, {"events": ["user.created"]}),
        ("DELETE", webhook, None),
        ("DELETE", user, None),
    ]:
        api.send(method, path, body)


def walk_people(api: ApiClient, services, person, clock) -> None:
    """As a script, on a person who logs in with a password and a second factor."""
    someone = person("someone")
    with_app(someone, services, clock)
    api.delete(f"/users/{someone.id}/second_factor")
    api.post(f"/users/{someone.id}/reset_password")


def walk_scim(app, account) -> None:
    """As a directory."""
    client, token = app.test_client(), {"Authorization": f"Bearer {account.token.text}"}
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "s@acme.example"}
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Scim"}
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}

    def send(method: str, path: str, body: Any = None) -> Any:
        return client.open(f"/scim/v2{path}", method=method, json=body, headers=token).get_json(silent=True)

    user_id = send("POST", "/Users", user)["id"]
    group_id = send("POST", "/Groups", group)["id"]
    send("PUT", f"/Users/{user_id}", {**user, "displayName": "S"})
    send("PATCH", f"/Users/{user_id}", {**patch, "Operations": [{"op": "replace", "value": {"displayName": "T"}}]})
    send("PUT", f"/Groups/{group_id}", {**group, "displayName": "Scim 2"})
    send("PATCH", f"/Groups/{group_id}", {**patch, "Operations": [{"op": "add", "path": "members",
                                                                  "value": [{"value": user_id}]}]})  # fmt: skip
    send("DELETE", f"/Groups/{group_id}")
    send("DELETE", f"/Users/{user_id}")
    send("POST", "/Bulk", {"Operations": [{"method": "POST", "path": "/Groups", "bulkId": "g", "data": group}]})


def submit(browser: ConsoleClient, action: str, *, at: str | None = None, **typed: Any) -> str:
    """Open the page of a form, send the form, and return where it led; any page's token is good for every form."""
    page = browser.get(at or action)
    if page.forms(action):
        return browser.submit(action, **typed).path
    token = browser.get("/profile").forms("/logout")[0].fields["csrf_token"]
    return browser.post(action, {"csrf_token": token, **typed}).path


def walk_console(browser: ConsoleClient, account, services, caller, person, sql) -> None:
    """As the root user."""
    submit(browser, "/users/invite", email=["i@acme.example"], first_name=["I"], last_name=["J"], role="reports")
    dana = person("dana")
    submit(browser, f"/users/{dana.id}/edit", first_name="Dani")
    group = submit(browser, "/groups/new", name="Design")
    submit(browser, f"/users/{dana.id}/groups", at=f"/users/{dana.id}", group_ids=[group.rpartition("/")[2]])
    submit(browser, group, name="Designers")
    submit(browser, f"{group}/members", at=group, remove=dana.id)
    submit(browser, f"{group}/delete")
    for slug in ("force-logout", "disable", "enable", "delete"):
        submit(browser, f"/users/{dana.id}/{slug}")
    environment = "/account/environments"
    submit(browser, f"{environment}/new", name="Staging", cloud_name="acme-staging")
    one = f"{environment}/{sql('select id from environments where name = %s', 'Staging')[0][0]}"
    submit(browser, one, name="Stage")
    for slug in ("disable", "enable", "delete"):
        submit(browser, f"{one}/{slug}", at=one if slug == "enable" else None)
    submit(browser, "/api-keys/new", name="Nightly", role="admin", days="90")
    key = f"/api-keys/{sql('select id from account_keys where name = %s', 'Nightly')[0][0]}"
    for slug in ("disable", "enable", "revoke"):
        submit(browser, f"{key}/{slug}")
    connection = submit(browser, "/provisioning/new", name="Entra", profile="entra", default_role="reports")
    submit(browser, connection, name="Entra ID")
    submit(browser, f"{connection}/tokens/new", days="30")
    token = sql("select id from scim_tokens where connection_id = %s", connection.rpartition("/")[2])[0][0]
    submit(browser, f"/provisioning/tokens/{token}/revoke")
    refused = refused_request(account, services.new_id(), services.now(), body='{"userName":"later@acme.example"}')
    services.request_log.add(refused)
    submit(browser, f"/provisioning/log/{refused.id}/replay", at=f"/provisioning/log/{refused.id}")
    submit(browser, f"{connection}/delete")
    submit(browser, "/user-limit", additional="10")
    submit(browser, "/activity/export", form="csv")
    submit(browser, "/sign-in/settings", session_idle_seconds="45")
    saml = submit(browser, "/sign-in/new", document=FakeIdp("https://idp3.example").metadata())
    submit(browser, f"{saml}/metadata", document=FakeIdp("https://idp4.example").metadata())
    submit(browser, f"{saml}/settings", email="mail", email_domains="acme.example", enabled="true")
    sql("update saml_connections set succeeded_at = now(), enabled = true")
    submit(browser, "/sign-in/enforce")
    submit(browser, "/sign-in/enforce")
    submit(browser, f"{saml}/delete")
    submit(browser, "/webhooks/new", url="https://hooks.example/console", events="group.created")
    webhook = sql("select id from webhooks where removed_at is null")[0][0]
    submit(browser, "/groups/new", name="Told again")
    seal_activity(services)
    hand_over(services)
    delivery = sql("select id from webhook_deliveries where webhook_id = %s", webhook)[0][0]
    submit(browser, f"/webhooks/{webhook}/deliveries/{delivery}", at=f"/webhooks/{webhook}")
    submit(browser, f"/webhooks/{webhook}/rotate", overlap="3600")
    submit(browser, f"/webhooks/{webhook}/edit", events=["user.created"])
    for slug in ("pause", "resume", "delete"):
        submit(browser, f"/webhooks/{webhook}/{slug}")


def walk_profile(app, services, person, clock, sql, account) -> None:
    """As a person: log in, one's own second factor, links in mails, log out, and log in in steps."""
    eve, browser = person("eve"), ConsoleClient(app.test_client())
    browser.log_in("eve@acme.example", PASSWORD)
    submit(browser, "/profile/proof", password=PASSWORD)
    submit(browser, "/profile/names", first_name="Eva", last_name="Roe")
    submit(browser, "/profile/preferences", at="/profile", time_zone="Europe/Vienna")
    submit(browser, "/profile/email", at="/profile", email="evi@acme.example")
    submit(browser, "/profile/email/withdraw", at="/profile")
    for _ in range(2):
        ConsoleClient(app.test_client()).log_in("eve@acme.example", PASSWORD)
    another = browser.get("/profile").tree.xpath("//form[contains(@action, '/end')]/@action")
    submit(browser, next(each for each in another if "others" not in each), at="/profile")
    submit(browser, "/profile/sessions/end-others", at="/profile")
    place = "/profile/second-factor"
    browser.get(place)
    page = browser.submit(f"{place}/set-up")
    seed = page.tree.xpath("//code[@class='seed']/text()")[0]
    browser.submit(f"{place}/confirm", code=code_of(seed, clock()))
    browser.get(place)
    browser.submit(f"{place}/recovery-codes")
    submit(browser, "/logout", at="/profile")
    clock.advance(seconds=60)
    browser.log_in("eve@acme.example", PASSWORD)
    browser.submit("/login/step/code", code=code_of(seed, clock()))
    submit(browser, f"{place}/remove", at=place)
    submit(
        browser, "/profile/password", at="/profile", current_password=PASSWORD, password="a phrase that is quite new"
    )
    forgot = ConsoleClient(app.test_client())
    submit(forgot, "/forgot-password", email="eve@acme.example")
    forgot.get(f"/link/{link_secret(services, sql, eve)}")
    forgot.submit("/link", password="another long and quiet phrase")


def walk_steps(app, services, person, clock, sql, account, neighbour) -> None:
    """As people whose login asks for more: a new email, a choice of accounts, a longer password, a second factor."""
    frank = person("frank")
    root = replace(as_person(account.root), proved_at=clock())
    edit_user(root, frank.id, lambda _: UserChanges(email="franky@acme.example"), services)
    browser = ConsoleClient(app.test_client())
    browser.get(f"/link/{link_secret(services, sql, frank)}")
    browser.submit("/link/email")
    make_active(services, sql, make_user(key_caller(neighbour), services, "franky@acme.example"))
    browser.log_in("franky@acme.example", PASSWORD)
    browser.submit("/login/account", account=frank.account_id)
    gina = person("gina")
    with_app(gina, services, clock)
    forgot_password(gina.email, None, services)
    short = ConsoleClient(app.test_client())
    short.get(f"/link/{link_secret(services, sql, gina)}")
    short.submit("/link", password="twelve chars")
    remove_own(replace(as_person(gina), proved_at=clock()), services)
    short.log_in(gina.email, "twelve chars")
    short.submit("/login/step/password", password="a password that is long")
    henry = person("henry")
    sql("update accounts set two_factor = 'required' where id = %s", henry.account_id)
    new = ConsoleClient(app.test_client())
    new.log_in(henry.email, PASSWORD)
    page = new.submit("/login/step/set-up")
    new.submit("/login/step/confirm", code=code_of(page.tree.xpath("//code[@class='seed']/text()")[0], clock()))
    sql("update accounts set two_factor = 'optional'")


def walk_saml(app, services) -> None:
    """As people who come through their organisation, one of them into a browser of somebody else."""
    made, idp = saml_account(services), FakeIdp()
    provider = IdentityProvider(idp.entity_id, idp.sso_url, REDIRECT_BINDING, (idp.certificate_text,))
    connection = connect(key_caller(made), provider, {"provisioning": True, "allow_idp_initiated": True}, services)
    browser = SamlBrowser(app.test_client(), idp, connection, services)
    browser.log_in()
    browser.log_in()
    eve = {"name_id": "eve@example.com", "attributes": {"email": ["eve@example.com"]}}
    _, fields = browser.asked(browser.arrive(**eve))
    browser.client.post(browser.url("continue"), data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def walk_cancelling(app, account, neighbour) -> None:
    """The end of it all, by the root user's own password: on the page, and by a script that knows it."""
    browser = ConsoleClient(app.test_client())
    browser.log_in("root@acme.example", account.root_password)
    submit(browser, "/account/cancel", password=account.root_password)
    script = ApiClient(app, neighbour.account.id, neighbour.key)
    script.post("/cancel", {"password": neighbour.root_password})


@pytest.mark.rule("AUD-1", "ACT-1", "ACT-2")
def test_every_route_that_changes_something_leaves_exactly_one_entry(
    app, recorder, account, neighbour, services, caller, person, as_root, clock, sql
):
    api = ApiClient(app, account.account.id, account.key)
    walk_api(api, account, services, clock)
    walk_people(api, services, person, clock)
    walk_scim(app, account)
    walk_console(as_root, account, services, caller, person, sql)
    walk_profile(app, services, person, clock, sql, account)
    walk_steps(app, services, person, clock, sql, account, neighbour)
    walk_saml(app, services)
    walk_cancelling(app, account, neighbour)
    changing = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - READS
        if rule.rule not in CHANGES_NOTHING
    }
    assert recorder.refused == []
    assert changing - set(recorder.written) == set(), "routes that nobody walks"
    assert len(changing) > 90
    for (method, rule), requests in recorder.written.items():
        for kinds in requests if rule not in CHANGES_NOTHING else ():
            assert len(kinds) == len(set(kinds)), (method, rule, kinds)
            alone = len(kinds) == 1 or (not kinds and rule in STEPS)
            assert alone or frozenset(kinds) in TOGETHER, (method, rule, kinds)
        assert any(requests) or rule in STEPS, (method, rule)
