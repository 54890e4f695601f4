"""Every way in behind one face: try to add somebody, or to do a verb to somebody, and tell the stable code."""

import os
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Protocol
from unittest.mock import patch

from flask import Flask
from werkzeug.test import TestResponse

from provisioning.actions.accounts import MadeAccount
from provisioning.cli import run
from provisioning.guard.context import SETTINGS
from provisioning.settings import Settings
from tests.doors.console import ConsoleClient
from tests.doors.scim import PATCH_OP, ScimClient

CODE_HEADER = "Gatelodge-Error"
DONE = "done"
# A verb that a way in does not have at all.
NOT_OFFERED = "not offered"


class Door(Protocol):
    """One way in, as somebody who may manage users."""

    def add(self, email: str, role: str) -> str:
        """Try to add a user; `done` or the code of the refusal."""

    def do(self, verb: str, user_id: str) -> str:
        """Try a verb on a user; `done`, the code of the refusal, or `not offered`."""


def told(response: TestResponse) -> str:
    """What an API answered: `done`, or the code that every refusal carries."""
    if response.status_code < 400:
        return DONE
    assert response.status_code < 500, response.text
    return str(response.headers[CODE_HEADER])


@dataclass
class Scim:
    """A directory that pushes."""

    client: ScimClient

    def send(self, method: str, path: str, body: Any = None) -> str:
        """Send a write; `done` or the code of the refusal."""
        return told(self.client.send(method, path, body))

    def add(self, email: str, role: str) -> str:
        return self.send("POST", "/Users", {"userName": email, "roles": [{"value": role}]})

    def do(self, verb: str, user_id: str) -> str:
        operations: Mapping[str, dict[str, Any]] = {
            "disable": {"op": "Replace", "value": {"active": "False"}},
            "rename": {"op": "replace", "path": "displayName", "value": "Renamed"},
        }
        if verb == "delete":
            return self.send("DELETE", f"/Users/{user_id}")
        if verb not in operations:
            return NOT_OFFERED
        return self.send("PATCH", f"/Users/{user_id}", {"schemas": [PATCH_OP], "Operations": [operations[verb]]})


@dataclass
class ScimInBulk(Scim):
    """The same directory, with every write as the only operation of a bulk.

    A result has no room for the stable code. So what is refused is asked for again by itself, and has to be refused in
    the same words.
    """

    def send(self, method: str, path: str, body: Any = None) -> str:
        operation = {"method": method, "path": path, "bulkId": "x", "data": body}
        (result,) = self.client.post("/Bulk", {"Operations": [operation]}).get_json(force=True)["Operations"]
        if int(result["status"]) < 400:
            return DONE
        alone = self.client.send(method, path, body)
        assert alone.get_json(force=True) == result["response"]
        return told(alone)


@dataclass
class Api:
    """A script with an account key."""

    app: Flask
    account_id: str
    key: tuple[str, str]

    def send(self, method: str, path: str, body: Any = None) -> TestResponse:
        base = f"/v1_1/provisioning/accounts/{self.account_id}"
        return self.app.test_client().open(f"{base}{path}", method=method, json=body, auth=self.key)

    def add(self, email: str, role: str) -> str:
        return told(self.send("POST", "/users", {"name": "New Person", "email": email, "role": role}))

    def do(self, verb: str, user_id: str) -> str:
        requests: Mapping[str, Callable[[], TestResponse]] = {
            "delete": lambda: self.send("DELETE", f"/users/{user_id}", {}),
            "disable": lambda: self.send("PUT", f"/users/{user_id}", {"enabled": False}),
            "rename": lambda: self.send("PUT", f"/users/{user_id}", {"name": "Renamed Person"}),
            "force logout": lambda: self.send("POST", f"/users/{user_id}/force_logout", {}),
            "reset password": lambda: self.send("POST", f"/users/{user_id}/reset_password", {}),
        }
        return told(requests[verb]()) if verb in requests else NOT_OFFERED


@dataclass
class Console:
    """An administrator in a browser, posting the forms also where a page would not offer them."""

    client: ConsoleClient

    def add(self, email: str, role: str) -> str:
        self.client.get("/users/invite")
        row = {"email": [email], "first_name": ["New"], "last_name": ["Person"]}
        page = self.client.submit("/users/invite", **row, role=role)
        return page.code or (DONE if page.status == 200 else f"status {page.status}")

    def do(self, verb: str, user_id: str) -> str:
        slugs = {verb: verb.replace(" ", "-") for verb in ("delete", "disable", "force logout", "reset password")}
        if verb not in slugs:
            return NOT_OFFERED
        page = self.client.get("/users")
        token = page.tree.xpath("//input[@name='csrf_token']/@value")[0]
        page = self.client.post(f"/users/{user_id}/{slugs[verb]}", {"csrf_token": token})
        return page.code or (DONE if page.status == 200 else f"status {page.status}")


@dataclass
class CommandLine:
    """The operator's shell, against the same database."""

    settings: Settings
    account_id: str

    def run(self, *arguments: str) -> str:
        """Run one command by its real entry; what it says on stderr begins with the code."""
        environment = {
            "DATABASE_URL": self.settings.database_url,
            "GATELODGE_PUBLIC_URL": self.settings.public_url,
            "GATELODGE_SECRET_KEY": self.settings.secret_key,
            "GATELODGE_PASSWORD_HASH_MEMORY": str(self.settings.password_hash_memory),
        }
        said = StringIO()
        with patch.dict(os.environ, environment), redirect_stderr(said), redirect_stdout(StringIO()):
            status = run([*arguments, "--reason", "a test"])
        return DONE if status == 0 else said.getvalue().partition(":")[0]

    def add(self, email: str, role: str) -> str:
        names = ("--first-name", "New", "--last-name", "Person")
        return self.run("user", "invite", "--account", self.account_id, "--email", email, *names, "--role", role)

    def do(self, verb: str, user_id: str) -> str:
        if verb not in ("delete", "disable", "force logout", "reset password"):
            return NOT_OFFERED
        return self.run("user", verb.replace(" ", "-"), "--account", self.account_id, user_id)


def doors_of(app: Flask, account: MadeAccount) -> dict[str, Door]:
    """The ways in to one account, each as the strongest caller that it has."""
    browser = ConsoleClient(app.test_client())
    browser.log_in("root@acme.example", account.root_password)
    return {
        "scim": Scim(ScimClient(app, account.token.text)),
        "scim in bulk": ScimInBulk(ScimClient(app, account.token.text)),
        "api": Api(app, account.account.id, (account.key.key.id, account.key.secret)),
        "console": Console(browser),
        "command line": CommandLine(app.extensions[SETTINGS], account.account.id),
    }
