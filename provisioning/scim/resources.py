"""Domain value to SCIM attributes and back: the one place that says which attribute is which field.

A resource here is a plain dictionary with canonical attribute names, an extension's attributes under its URN, without
`meta`, `groups` and `members`. `User.attributes` holds what the product has no field for; where it has one, the field
wins on reading.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.domain.errors import invalid
from provisioning.domain.groups import Group, GroupChanges
from provisioning.domain.users import NewUser, User, UserChanges
from provisioning.scim.traits import (
    ACCOUNT_GROUP,
    ACCOUNT_USER,
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE_USER,
    MEDIA_LIBRARY_NAMES,
    USER,
)

# A PATCH can leave `active` unassigned; the state then stays as it was and is not shown until it is set again.
ACTIVE_UNASSIGNED = "activeUnassigned"
# Attributes with a field of their own, which are therefore no part of `User.attributes`.
FIELDS = frozenset({"schemas", "id", "externalId", "userName", "active", "password", ACCOUNT_USER})
ORDER = tuple(trait.name for trait in USER.traits)


def user_resource(user: User) -> dict[str, Any]:
    """Return a user's attributes, with what only the server sets but without `schemas`, `meta` and `groups`."""
    resource = stored_resource(user)
    if user.environment_ids:
        resource[ACCOUNT_USER]["productEnvironments"] = [{"value": each} for each in user.environment_ids]
    return resource


def stored_resource(user: User) -> dict[str, Any]:
    """Return those of a user's attributes that its own row alone decides: not the names of other things."""
    found: dict[str, Any] = {name: value for name, value in user.attributes.items() if name != ACTIVE_UNASSIGNED}
    found |= _fields(user, found)
    resource: dict[str, Any] = {"id": user.id}
    if user.external_id is not None:
        resource["externalId"] = user.external_id
    resource |= {name: found[name] for name in ORDER if _is_assigned(found.get(name))}
    if found.get(ENTERPRISE_USER):
        resource[ENTERPRISE_USER] = found[ENTERPRISE_USER]
    resource[ACCOUNT_USER] = _account_extension(user)
    return resource


def schemas_of_user(resource: Mapping[str, Any]) -> list[str]:
    """Return the schemas of a user: an extension exactly where its data is there (RFC 7643 section 3)."""
    return [CORE_USER, *(urn for urn in (ENTERPRISE_USER, ACCOUNT_USER) if resource.get(urn))]


def schemas_of_group(group: Group) -> list[str]:
    """Return the schemas of a group, as `schemas_of_user` does."""
    return [CORE_GROUP, ACCOUNT_GROUP] if group.connection_id else [CORE_GROUP]


def _fields(user: User, found: Mapping[str, Any]) -> dict[str, Any]:
    name = dict(found.get("name") or {}) | {"givenName": user.first_name, "familyName": user.last_name}
    fields: dict[str, Any] = {
        "userName": user.user_name,
        "displayName": user.display_name,
        "name": {part: text for part, text in name.items() if text},
        "active": None if user.attributes.get(ACTIVE_UNASSIGNED) else not user.is_disabled,
    }
    if "emails" not in found and user.email and user.connection_id is None:
        fields["emails"] = [{"value": user.email, "type": "work", "primary": True}]
    return fields


def _is_assigned(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


def _account_extension(user: User) -> dict[str, Any]:
    extension: dict[str, Any] = {
        "role": user.role.value if user.role else None,
        "root": user.is_root,
        "status": user.status.value,
        "allProductEnvironments": user.all_environments,
        "mediaLibraryPermissions": {
            name: True for name, permission in MEDIA_LIBRARY_NAMES.items() if permission in user.media_library
        },
        "twoFactorEnrolled": user.has_second_factor,
        "managedBy": user.connection_id,
    }
    return {name: value for name, value in extension.items() if _is_assigned(value)}


def new_user(resource: Mapping[str, Any]) -> NewUser:
    """Return the command that makes a user of checked attributes (schemas.checked_resource)."""
    name = resource.get("name") or {}
    extension = resource.get(ACCOUNT_USER) or {}
    return NewUser(
        user_name=resource["userName"],
        external_id=resource.get("externalId"),
        first_name=name.get("givenName", ""),
        last_name=name.get("familyName", ""),
        display_name=resource.get("displayName", ""),
        active=resource.get("active", True),
        environment_ids=_chosen(extension),
        media_library=_permissions(extension),
        attributes=_attributes(resource),
        send_invitation=extension.get("sendInvitation"),
    )


def user_changes(resource: Mapping[str, Any], user: User, *, unassign_active: bool) -> UserChanges:
    """Return the change set that makes a user what a resource says.

    Args:
        resource: the whole resource as it is to be.
        user: as it is now.
        unassign_active: whether what is absent was taken away (PATCH remove) or merely not said (PUT): of `active`,
            product environments and Media Library permissions, nothing that is not said opens or ends any access.
    """
    name = resource.get("name") or {}
    attributes = _attributes(resource)
    is_unassigned = unassign_active or bool(user.attributes.get(ACTIVE_UNASSIGNED))
    if "active" not in resource and is_unassigned:
        attributes[ACTIVE_UNASSIGNED] = True
    changes = UserChanges(
        user_name=resource["userName"],
        external_id=resource.get("externalId"),
        first_name=name.get("givenName", ""),
        last_name=name.get("familyName", ""),
        display_name=resource.get("displayName", ""),
        attributes=attributes,
    )
    if "active" in resource:
        changes["active"] = resource["active"]
    extension = resource.get(ACCOUNT_USER) or {}
    changes.update(_environment_changes(extension, user, is_whole=unassign_active))
    if unassign_active or "mediaLibraryPermissions" in extension:
        changes["media_library"] = _permissions(extension)
    return changes


def _environment_changes(extension: Mapping[str, Any], user: User, *, is_whole: bool) -> UserChanges:
    """Return what the extension changes of a user's product environments (ENV-2).

    Args:
        extension: our extension as it is to be.
        user: as it is now.
        is_whole: whether an absent attribute was taken away; else it is not said and stays.
    """
    chosen, present = _environment_ids(extension), set(user.environment_ids)
    if chosen and not (is_whole and set(chosen) == present):
        wants_all, wanted = False, chosen
    elif is_whole or "allProductEnvironments" in extension:
        wants_all = extension.get("allProductEnvironments", True)
        kept = chosen if is_whole else user.environment_ids
        wanted = () if wants_all else kept
    else:
        return UserChanges()
    if (wants_all, set(wanted)) == (user.all_environments, present):
        return UserChanges()
    return UserChanges(all_environments=wants_all, environment_ids=wanted)


def _chosen(extension: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the product environments of a new user, None for all; giving any means that not all are (ENV-2)."""
    chosen = _environment_ids(extension)
    return chosen if chosen or extension.get("allProductEnvironments") is False else None


def _environment_ids(extension: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the product environments that the extension names, each once.

    Raises:
        Refusal: INVALID_VALUE where an element names none.
    """
    elements = extension.get("productEnvironments") or ()
    if not all(element.get("value") for element in elements):
        raise invalid("productEnvironments", "Each of productEnvironments has the id of one as its 'value'.")
    return tuple(dict.fromkeys(element["value"] for element in elements))


def _permissions(extension: Mapping[str, Any]) -> frozenset[str]:
    """Return the extra permissions of ROLE-2 that the extension gives."""
    given = extension.get("mediaLibraryPermissions") or {}
    return frozenset(MEDIA_LIBRARY_NAMES[name] for name, is_given in given.items() if is_given)


def _attributes(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in FIELDS and _is_assigned(value)}


def group_attributes(group: Group) -> dict[str, Any]:
    """Return a group's attributes without `schemas`, `meta` and `members`."""
    resource: dict[str, Any] = {"id": group.id}
    if group.external_id is not None:
        resource["externalId"] = group.external_id
    resource["displayName"] = group.name
    if group.connection_id:
        resource[ACCOUNT_GROUP] = {"managedBy": group.connection_id}
    return resource


def group_changes(resource: Mapping[str, Any]) -> GroupChanges:
    """Return the change set that makes a group what a resource says, members apart."""
    return GroupChanges(name=resource["displayName"], external_id=resource.get("externalId"))


def ids_of(members: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the ids that a list of members names, each once and in order.

    Raises:
        Refusal: INVALID_VALUE where an element names nobody; leaving it out would be a silent success (SCM-6).
    """
    if not all(member.get("value") for member in members):
        raise invalid("members", "Each member has the 'value' of a user's or group's id.")
    return tuple(dict.fromkeys(member["value"] for member in members))
