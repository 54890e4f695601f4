"""The navigation of the Console as a table: what people come for, who may, and where it leads.

One place where pages enter themselves: a line here, and the entry stands on every page for who may use it. An entry
whose page is not part of this application is left out, so that no link leads nowhere.
"""

from dataclasses import dataclass

from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.guard.local_paths import is_own_page


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        path: of the page; the entry is marked as present there and on every page below.
        title: what stands in the menu.
        permissions: who holds any of them sees the entry; none are for everybody.
    """

    path: str
    title: str
    permissions: tuple[Permission, ...] = ()


SIDE: tuple[Entry, ...] = (
    Entry("/users", "Users", (Permission.ACCOUNT_USERS_READ,)),
    Entry("/groups", "Groups", (Permission.ACCOUNT_GROUPS_READ,)),
    Entry("/sign-in", "Sign-in & security", (Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE,)),
    Entry("/provisioning", "Provisioning", (Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE,)),
    Entry("/api-keys", "API keys", (Permission.ACCOUNT_KEYS_MANAGE,)),
    Entry("/webhooks", "Webhooks", (Permission.ACCOUNT_WEBHOOKS_READ,)),
    Entry("/activity", "Activity report", (Permission.ACCOUNT_ACTIVITY_READ,)),
    Entry("/account", "Account", (Permission.ACCOUNT_ENVIRONMENTS_READ, Permission.ACCOUNT_SEATS_MANAGE)),
)
CORNER: tuple[Entry, ...] = (Entry("/profile", "My Profile"),)


def entries(places: tuple[Entry, ...], caller: Caller | None) -> list[Entry]:
    """Return the entries that a person can go to; nobody's are none."""
    if caller is None:
        return []
    return [entry for entry in places if is_open_to(entry, caller) and is_own_page(entry.path)]


def is_open_to(entry: Entry, caller: Caller) -> bool:
    """Return whether the person may use the page behind an entry."""
    return not entry.permissions or any(is_allowed(caller, permission) for permission in entry.permissions)


def is_here(entry: Entry, path: str) -> bool:
    """Return whether a page is the entry's own or one below it."""
    return path == entry.path or path.startswith(f"{entry.path}/")
