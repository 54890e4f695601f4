"""The credentials of an account as other programs read them: printed by `account create`, kept in files by `up`.

The keys of this document are a contract (docs/command-line.md); programs and test drivers read it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from provisioning.actions.accounts import MadeAccount, list_accounts, show_account
from provisioning.actions.environments import list_environments
from provisioning.actions.keys import create_account_key
from provisioning.actions.scim_connections import DEFAULT_NAME, create_scim_connection, list_scim_connections
from provisioning.actions.scim_tokens import create_scim_token
from provisioning.actions.services import Services
from provisioning.actions.user_lists import list_users
from provisioning.domain.caller import Caller, operator
from provisioning.domain.errors import Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.user_lists import UserFilter, UserOrder

Credentials = dict[str, Any]
KEY_NAME = "Made by gatelodge up"


def credentials_of(made: MadeAccount, environment: Mapping[str, str]) -> Credentials:
    """Return the credentials of an account just made, the only time that its secrets are known.

    Args:
        made: the account.
        environment: where the service and its servers are.
    """
    found = {
        "account": {"id": made.account.id, "name": made.account.name},
        "product_environment": _environment(made.environment.environment),
        "provisioning_api": {"key": made.key.key.id, "secret": made.key.secret},
        "scim": {"token": made.token.text},
        "root": {"id": made.root.id, "email": made.root.email, "password": made.root_password},
    }
    return renewed(found, environment)


def renewed(credentials: Credentials, environment: Mapping[str, str]) -> Credentials:
    """Return credentials with the addresses of today; ports and passwords of the servers may be new."""
    base_url = environment["GATELODGE_PUBLIC_URL"].rstrip("/")
    metrics = environment.get("GATELODGE_METRICS_ADDRESS")
    return {
        "base_url": base_url,
        **{name: credentials[name] for name in ("account", "product_environment", "provisioning_api")},
        "scim": {"base_url": f"{base_url}/scim/v2", "token": credentials["scim"]["token"]},
        "root": credentials["root"],
        "mail_dir": mail_folder(environment.get("MAIL_URL", "")),
        "database_url": environment.get("DATABASE_URL"),
        "redis_url": environment.get("REDIS_URL"),
        "metrics_url": f"http://{metrics}/metrics" if metrics else None,
    }


def credentials_anew(services: Services, environment: Mapping[str, str]) -> Credentials:
    """Return credentials of the oldest account with a new key and token; nobody knows the root user's password.

    Args:
        services: of a database that has an account.
        environment: as for `credentials_of`.
    """
    account = list_accounts(operator(""), services)[0]
    caller = operator(account.id, "the credentials of gatelodge up were gone")
    key = create_account_key(caller, KEY_NAME, Role.MASTER_ADMIN, services)
    # The root user was made with the account, before anybody else (ACC-2).
    root = list_users(caller, UserFilter(order=UserOrder.CREATED_AT, count=1), services)[0].user
    found = {
        "account": {"id": account.id, "name": account.name},
        "product_environment": _environment(list_environments(caller, services)[0].environment),
        "provisioning_api": {"key": key.key.id, "secret": key.secret},
        "scim": {"token": _new_token(caller, services)},
        "root": {"id": root.id, "email": root.email, "password": None},
    }
    return renewed(found, environment)


def still_hold(credentials: Credentials | None, services: Services) -> bool:
    """Return whether kept credentials are those of an account in this database."""
    if credentials is None:
        return False
    try:
        show_account(operator(credentials["account"]["id"]), services)
    except (Refusal, KeyError, TypeError):
        return False
    return set(credentials) >= {"product_environment", "provisioning_api", "scim", "root"}


def mail_folder(mail_url: str) -> str | None:
    """Return the folder of a `maildir:` URL, None for mail that goes elsewhere."""
    parts = urlsplit(mail_url)
    return unquote(parts.path) if parts.scheme == "maildir" else None


def _environment(environment: Any) -> dict[str, str]:
    return {"id": environment.id, "cloud_name": environment.cloud_name}


def _new_token(caller: Caller, services: Services) -> str:
    """Make a token for the preset SCIM connection, which is made again where somebody removed it."""
    if DEFAULT_NAME not in [connection.name for connection in list_scim_connections(caller, services)]:
        create_scim_connection(caller, ScimConnection(id="", account_id=caller.account, name=DEFAULT_NAME), services)
    return create_scim_token(caller, DEFAULT_NAME, services).text
