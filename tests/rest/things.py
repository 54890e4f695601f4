"""One of everything that an account can have, by the names of the addresses' parameters, for tests that walk all calls.

A call with a parameter that is not named here fails the tests of tenants, of roles and of bad input.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from flask import Flask

from provisioning.actions.accounts import MadeAccount
from provisioning.actions.activity import seal_activity
from provisioning.actions.services import Services
from provisioning.actions.webhook_deliveries import hand_over
from tests.actions.saml_world import connected
from tests.doors.api import ACCOUNTS, RULE, ApiClient, done
from tests.factories import refused_request

BELOW = f"{ACCOUNTS}/<account_id>"
Make = Callable[[ApiClient, MadeAccount, Services], str]


def _api_key(api: ApiClient, made: MadeAccount, _: Services) -> str:
    keys = f"/sub_accounts/{made.environment.environment.id}/access_keys"
    return str(done(api.post(keys, {"name": "walked"}))["api_key"])


def _delivery(api: ApiClient, made: MadeAccount, services: Services) -> str:
    """Something that the webhook of the same walk was told."""
    webhook_id = done(api.get("/webhooks"))["webhooks"][-1]["id"]
    api.group("Told of")
    seal_activity(services)
    hand_over(services)
    return str(done(api.get(f"/webhooks/{webhook_id}/deliveries"))["deliveries"][0]["id"])


def _refused_request(_: ApiClient, made: MadeAccount, services: Services) -> str:
    """Something that the account's identity provider asked for and was refused, and that would be done now."""
    entry = refused_request(made, services.new_id(), services.now())
    services.request_log.add(entry)
    return entry.id


# Parameter of an address -> how one is made.
MAKERS: Mapping[str, Make] = {
    "user_id": lambda api, made, services: api.user("walked@acme.example")["id"],
    "group_id": lambda api, made, services: api.group("Walked")["id"],
    "environment_id": lambda api, made, services: made.environment.environment.id,
    "api_key": _api_key,
    "saml_connection_id": lambda api, made, services: connected(services, made).id,
    "scim_connection_id": lambda api, made, services: done(api.post("/scim_connections", {"name": "Walked"}))["id"],
    "webhook_id": lambda api, made, services: done(api.post("/webhooks", {"url": "https://hooks.example/walked"}))[
        "id"
    ],
    "delivery_id": _delivery,
    "request_id": _refused_request,
    "token_id": lambda api, made, services: done(api.post("/scim_tokens", {}))["id"],
}
# Bodies where the document's example would leave this machine.
BODIES: Mapping[tuple[str, str], dict[str, Any]] = {("POST", "/saml_connections"): {"idp_metadata": "<x/>"}}


def things_of(api: ApiClient, made: MadeAccount, services: Services) -> dict[str, str]:
    """Make one of everything and return the ids."""
    return {name: make(api, made, services) for name, make in MAKERS.items()}


def calls(app: Flask) -> list[tuple[str, str]]:
    """Every call below an account: rule and method."""
    return [
        (rule.rule.removeprefix(BELOW), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(BELOW)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}, reverse=True)
    ]


def operation_of(api: ApiClient, rule: str, method: str) -> dict[str, Any]:
    """What the document says of a call."""
    path = RULE.sub(r"{\1}", BELOW + rule)
    return dict(api.contract.document["paths"][path][method.lower()])


def body_of(api: ApiClient, rule: str, method: str) -> dict[str, Any] | None:
    """A body that the call can take, None where it takes none."""
    content = operation_of(api, rule, method).get("requestBody", {}).get("content", {}).get("application/json", {})
    return deepcopy(BODIES.get((method, rule), content.get("example")))


def path_of(rule: str, ids: Mapping[str, str]) -> str:
    """The address of a rule with ids."""
    return RULE.sub(lambda found: ids[found[1]], rule)


def made_up(one: str) -> str:
    """An id of the same form that nobody has."""
    return "".join("9" if letter.isalnum() else letter for letter in one)


def rows_of(sql: Callable[..., list[tuple[Any, ...]]], account_id: str) -> dict[str, list[Any]]:
    """Every row of an account in every table that has some, to compare before and after."""
    tables = sql("""select c.table_name from information_schema.columns c join information_schema.tables t
        using (table_schema, table_name) where c.table_schema = 'public' and c.column_name = 'account_id'
        and t.table_type = 'BASE TABLE' order by 1""")  # fmt: skip
    return {
        table: sorted(sql(f"select t::text from {table} t where account_id = %s", account_id)) for (table,) in tables
    }
