"""What of our own extension a connection may write: the traits table as each connection sees it (SCM-1).

A token does people and groups. Product environments and Media Library permissions are for administrators, unless the
connection is set to manage them; the same table then decides what is published, read from a body and taken by a PATCH.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from provisioning.domain.scim_connections import ScimConnection
from provisioning.scim.notes import note
from provisioning.scim.traits import ACCOUNT, ENTERPRISE, GROUPS, USERS, ResourceType, SchemaTable, Trait

# What a connection writes only where it is set to manage it (scim.md section 2.1); elsewhere these are readOnly.
ENVIRONMENT_ATTRIBUTES = frozenset({"allProductEnvironments", "productEnvironments"})
MEDIA_LIBRARY_ATTRIBUTES = frozenset({"mediaLibraryPermissions"})
MANAGEABLE = {name.lower(): name for name in ENVIRONMENT_ATTRIBUTES | MEDIA_LIBRARY_ATTRIBUTES}


def users_of(connection: ScimConnection | None) -> ResourceType:
    """Return the resource type of users as a connection sees it: what it is set to manage is readWrite for it."""
    if connection is None:
        return USERS
    return _users_with(connection.manage_environments, connection.manage_media_library)


def note_unmanaged(connection: ScimConnection | None, body: Mapping[str, Any]) -> None:
    """Note which attributes of a POST or PUT body are left out because the connection is not set to manage them."""
    extension = next((value for name, value in body.items() if name.lower() == ACCOUNT.urn.lower()), None)
    managed = users_of(connection).extensions[-1].settable
    for name in sorted(extension) if isinstance(extension, dict) else ():
        if name.lower() in MANAGEABLE and name.lower() not in managed:
            note(f"The connection is not set to manage {MANAGEABLE[name.lower()]}, which was left out.")


def resource_types_of(connection: ScimConnection | None) -> tuple[ResourceType, ...]:
    """Return every resource type as a connection sees it."""
    return (users_of(connection), GROUPS)


def schemas_of(connection: ScimConnection | None) -> list[SchemaTable]:
    """Return every schema as a connection sees it."""
    return [table for resource in resource_types_of(connection) for table in resource.tables]


@cache
def _users_with(environments: bool, media_library: bool) -> ResourceType:
    managed: frozenset[str] = frozenset()
    managed |= ENVIRONMENT_ATTRIBUTES if environments else frozenset()
    managed |= MEDIA_LIBRARY_ATTRIBUTES if media_library else frozenset()
    traits = tuple(_writable(trait) if trait.name in managed else trait for trait in ACCOUNT.traits)
    return replace(USERS, extensions=(ENTERPRISE, replace(ACCOUNT, traits=traits)))


def _writable(trait: Trait) -> Trait:
    """Return an attribute as it is for who manages it; the name of what an id stands for stays ours to fill in."""
    sub = tuple(each if each.name == "display" else _writable(each) for each in trait.sub)
    return replace(trait, mutability="readWrite", sub=sub)


# Every attribute that any connection may write.
WRITABLE_USERS = _users_with(environments=True, media_library=True)
