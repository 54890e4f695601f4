"""The pages of docs/ that are made from the code's own tables, so that neither can move without the other.

`python -m tests.architecture.pages` writes them anew; test_docs.py compares them with what stands in docs/.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from provisioning.console.errors import STATUSES as CONSOLE
from provisioning.domain.credentials import CARRIES
from provisioning.domain.environments import always_all
from provisioning.domain.errors import REFUSALS
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import (
    DEFAULT_ROLE,
    DEFAULT_ROLE_CAP,
    HOLDERS,
    MEDIA_LIBRARY_PERMISSIONS,
    ROLE_NAMES,
    Role,
    grantable_by,
)
from provisioning.rest.errors import STATUSES as REST
from provisioning.scim.errors import ANSWERS as SCIM
from saml.errors import status_of as saml_status
from tests.scim.pages import scim_page

DOCS = Path(__file__).parents[2] / "docs"
MADE = "<!-- Made by `python -m tests.architecture.pages` from the code's tables; a test compares. Do not edit. -->"

# What each permission is about, in the words of the documentation of roles.
MEANING = {
    Permission.ACCOUNT_ACTIVITY_READ: "read and verify the activity report",
    Permission.ACCOUNT_ENVIRONMENTS_MANAGE: "create, change and delete product environments",
    Permission.ACCOUNT_ENVIRONMENTS_READ: "see product environments",
    Permission.ACCOUNT_GROUPS_MANAGE: "create, rename and delete groups; their members",
    Permission.ACCOUNT_GROUPS_READ: "see groups and their members",
    Permission.ACCOUNT_KEYS_MANAGE: "account API keys",
    Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE: "SAML connections and Enforce",
    Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE: "SCIM connections and their tokens",
    Permission.ACCOUNT_SEATS_MANAGE: "the user limit",
    Permission.ACCOUNT_SECURITY_MANAGE: "security settings of the account",
    Permission.ACCOUNT_USERS_MANAGE: "add, change, disable, enable, delete users; invite; reset; force logout",
    Permission.ACCOUNT_USERS_READ: "see users, their groups and roles",
    Permission.ACCOUNT_WEBHOOKS_MANAGE: "add, change and remove webhooks, rotate their secrets, send events again",
    Permission.ACCOUNT_WEBHOOKS_READ: "see webhooks and what they were told",
    Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE: "access keys of product environments",
    Permission.OPERATOR_ACCOUNTS_MANAGE: "make accounts and set their limits",
    Permission.SELF_PROFILE_MANAGE: "one's own profile, password and sessions",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    lines = [list(head)]
    lines += [["---"] * len(lines[0]), *map(list, rows)]
    return "\n".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) for line in lines)


def errors_page() -> str:
    """Every code, what it says, its rule, and the status at each door."""
    rows = [
        (
            f"`{code.value}`", kind.sentence.replace("|", "\\|"), kind.rule, str(SCIM[code].status),
            SCIM[code].scim_type or "", str(REST[code]), str(CONSOLE[code].value), str(saml_status(code)),
            "yes" if kind.recorded else "",
        )
        for code, kind in sorted(REFUSALS.items())
    ]  # fmt: skip
    head = ("code", "sentence", "rule", "SCIM", "scimType", "API", "Console", "SAML", "in the activity report")
    return f"""# Errors

{MADE}

Every refusal has one stable code, the same on every way in. It stands in the header `Gatelodge-Error` of every answer;
the Provisioning API has it in the body too. Programs compare codes; sentences are for people and may change. Words in
braces are filled in. A code keeps its meaning for ever.

Where the last column says yes, the refused attempt is an entry of the activity report.

{table(head, rows)}

A fault of ours has no code of this table: the answer holds a reference, the same as its header `X-Request-Id`, and the
log has the rest.
"""


def roles_page() -> str:
    """The legacy roles: what each may do, whom each manages, and what a directory may give."""
    own = Permission.SELF_PROFILE_MANAGE
    rights = [
        (MEANING[permission], *("own" if permission is own and role in holders else "yes" if role in holders else ""
                                for role in Role))
        for permission, holders in HOLDERS.items()
    ]  # fmt: skip
    grants = [
        (ROLE_NAMES[role], *("yes" if other in grantable_by(role) else "" for other in Role))
        for role in Role
        if grantable_by(role)
    ]
    names = [f"`{role.value}`" for role in Role]
    everywhere = " and ".join(ROLE_NAMES[role] for role in Role if always_all(role, False))
    extra = ", ".join(f"`{name}`" for name in MEDIA_LIBRARY_PERMISSIONS)
    cap = ", ".join(f"`{role.value}`" for role in Role if role in DEFAULT_ROLE_CAP)
    return f"""# Roles

{MADE}

Every user but the root user has exactly one role, the same in every product environment that the user has access to.
The root user has none: it may do all of what stands here, on everybody, and nobody manages the root user. It and every
{everywhere} always have access to all product environments.

## What each role may do

{table(("", *names), rights)}

`own`: on oneself only.

## Whom each role manages, and which roles it gives

{table(("", *names), grants)}

Nobody gives, changes or removes what they do not hold, and nobody deletes, disables or demotes themself. SAML
connections that let the root user or new master admins in are set up by master admins and the root user only.

## Roles from a directory

A user whom a SCIM or SAML connection makes gets the connection's default role, `{DEFAULT_ROLE.value}` unless it is set
otherwise. The values of the SCIM attribute `roles` name another one; unless the connection is set otherwise they may be
{cap}.
Master admin through SAML needs the connection's `allow_master_admin`.

## Extra permissions of a Media Library user

{extra}:
for the role `{Role.MEDIA_LIBRARY_USER.value}` only, and dropped when the role changes.
"""


def permissions_page() -> str:
    """The vocabulary, and which credential may carry what."""
    rows = [
        (f"`{permission.value}`", MEANING[permission],
         *("yes" if permission in CARRIES[credential] else "" for credential in CARRIES))
        for permission in Permission
    ]  # fmt: skip
    names = [f"`{credential.value}`" for credential in CARRIES]
    return f"""# Permissions

{MADE}

One vocabulary for every way in: `scope:resource:action`. Two tables decide, and both must say yes: which credential may
carry a permission at all (below), and which role holds it ([roles](roles.md)). What stands in no table is denied.

{table(("permission", "what it is about", *names), rows)}

- `session`: a person in the Console
- `account_key`: a script on the Provisioning API
- `scim_token`: a directory; it touches only whom its connection made or may take over
- `assertion`: a verified SAML login
- `shell`: the operator's command line
- `link`: who opened a link from a mail
- `none`: nobody yet
"""


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "permissions.md": permissions_page,
    "roles.md": roles_page,
    "scim.md": scim_page,
}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
