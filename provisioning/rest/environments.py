"""Calls about product environments, which the wire calls sub accounts."""

from collections.abc import Callable
from typing import Any

from provisioning.actions.environments import (
    NewEnvironment,
    create_environment,
    delete_environment,
    edit_environment,
    list_environments,
    show_environment,
)
from provisioning.domain.caller import Caller
from provisioning.domain.comparison import comparison_key
from provisioning.domain.environments import Environment
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, environment_record
from provisioning.rest.schemas import EnvironmentMembers, EnvironmentQuery, NewEnvironmentMembers

ENVIRONMENTS = Noun("Product environments", "The account's product environments (sub accounts).")
ONE = "/sub_accounts/<environment_id>"
READ, MANAGE = Permission.ACCOUNT_ENVIRONMENTS_READ, Permission.ACCOUNT_ENVIRONMENTS_MANAGE
CUSTOM = "custom_attributes"
Members = dict[str, Any]
Test = Callable[[Environment, Any], bool]

FILTERS: dict[str, Test] = {
    "enabled": lambda environment, enabled: environment.enabled is enabled,
    "cloud_names": lambda environment, names: comparison_key(environment.cloud_name) in map(comparison_key, names),
    "prefix": lambda environment, prefix: comparison_key(environment.name).startswith(comparison_key(prefix)),
}


@ENVIRONMENTS.call("GET", "/sub_accounts", READ, query=EnvironmentQuery, answer=records.EnvironmentList)
def list_all_environments(caller: Caller, query: Members) -> Record:
    """List product environments."""
    found = list_environments(caller, services())
    return {"sub_accounts": [environment_record(view) for view in found if is_wanted(view.environment, query)]}


@ENVIRONMENTS.call("POST", "/sub_accounts", MANAGE, body=NewEnvironmentMembers, answer=records.Environment)
def add_environment(caller: Caller, members: Members) -> Record:
    """Create a product environment.

    It comes with one access key. Without a cloud name one is made of the name. Users with access to all product
    environments have access at once.
    """
    command = NewEnvironment(
        name=members["name"],
        cloud_name=members.get("cloud_name"),
        enabled=members.get("enabled", True),
        custom_attributes=members.get(CUSTOM) or None,
        copied_from=members.get("base_sub_account_id"),
    )
    return environment_record(create_environment(caller, command, services()))


@ENVIRONMENTS.call("GET", ONE, READ, answer=records.Environment)
def get_environment(caller: Caller, environment_id: str) -> Record:
    """Show a product environment."""
    return environment_record(show_environment(caller, environment_id, services()))


@ENVIRONMENTS.call("PUT", ONE, MANAGE, body=EnvironmentMembers, answer=records.Environment)
def change_environment(caller: Caller, members: Members, environment_id: str) -> Record:
    """Change a product environment.

    Only the members that are sent change. The last enabled one cannot be disabled.
    """
    changes = {**members, CUSTOM: members[CUSTOM] or None} if CUSTOM in members else members
    return environment_record(edit_environment(caller, environment_id, changes, services()))


@ENVIRONMENTS.call("DELETE", ONE, MANAGE, answer=records.EnvironmentDeleted)
def remove_environment(caller: Caller, environment_id: str) -> Record:
    """Delete a product environment.

    Users for whom it was the only one chosen keep none, and are named in the answer. The last enabled one cannot be
    deleted.
    """
    deleted = delete_environment(caller, environment_id, services())
    left = list(deleted.users_left_with_none)
    return {"message": "ok", **({"users_left_with_none": left} if left else {})}


def is_wanted(environment: Environment, query: Members) -> bool:
    """Return whether a product environment meets the filters; with ids the others do not count."""
    if query.get("ids"):
        return environment.id in query["ids"]
    return all(FILTERS[name](environment, value) for name, value in query.items() if name in FILTERS and value != [])
