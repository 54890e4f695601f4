"""What of our own extension a connection may write: the traits table as each connection sees it (SCM-1).

A token does people and groups. Product environments and Media Library permissions are for administrators, unless the
connection is set to manage them; the same table then decides what is published, read from a body and taken by a PATCH.
"""

from dataclasses import replace
from functools import cache

from provisioning.domain.scim_connections import ScimConnection
from provisioning.scim.traits import ACCOUNT, ENTERPRISE, GROUPS, USERS, ResourceType, SchemaTable, Trait

# What a connection writes only where it is set to manage it (scim.md section 2.1); elsewhere these are readOnly.
ENVIRONMENT_ATTRIBUTES = frozenset({"allProductEnvironments", "productEnvironments"})
MEDIA_LIBRARY_ATTRIBUTES = frozenset({"mediaLibraryPermissions"})


def users_of(connection: ScimConnection | None) -> ResourceType:
    """Return the resource type of users as a connection sees it: what it is set to manage is readWrite for it."""
    if connection is None:
        return USERS
    return _users_with(connection.manage_environments, connection.manage_media_library)


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
