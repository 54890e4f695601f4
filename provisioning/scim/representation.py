"""Views to SCIM bodies, as JSON text.

A user's document is rendered once, when its row is written, without what depends on other rows or on the address of the
service (`groups`, `productEnvironments`, `meta`); a read splices those in. Only a projection and a user with chosen
product environments have it taken apart again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from provisioning.actions.groups import GroupView
from provisioning.domain.comparison import comparison_key
from provisioning.domain.groups import Member
from provisioning.domain.search import FoundUser
from provisioning.domain.users import User, UserView
from provisioning.scim.etags import etag
from provisioning.scim.projection import Projection
from provisioning.scim.resources import group_attributes, schemas_of_group, schemas_of_user, stored_resource
from provisioning.scim.traits import ACCOUNT_USER, ENTERPRISE_USER, GROUPS, USERS, ResourceType, Trait

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
BASE_PATH = "/scim/v2"


def dumps(value: object) -> str:
    """Return JSON text as it goes on the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def user_document(user: User) -> str:
    """Return the part of a user's body that is stored with its row: what no other row decides, without `meta`."""
    resource = stored_resource(user)
    return dumps({"schemas": schemas_of_user(resource)} | resource)


def user_folded(user: User) -> dict[str, object]:
    """Return what filters compare with: lower-cased names, and texts as comparison keys where case does not count."""
    resource = stored_resource(user)
    folded: dict[str, object] = {"schemas": [urn.lower() for urn in schemas_of_user(resource)]}
    for table in USERS.tables:
        members = resource if table is USERS.core else resource.get(table.urn)
        if members:
            found = _folded_members(table.traits, members)
            folded |= found if table is USERS.core else {table.urn.lower(): found}
    return folded


def _folded_members(traits: Sequence[Trait], members: Mapping[str, Any]) -> dict[str, object]:
    return {trait.name.lower(): _folded(trait, members[trait.name]) for trait in traits if trait.name in members}


def _folded(trait: Trait, value: Any) -> object:
    if isinstance(value, list):
        return [_folded(trait, element) for element in value]
    if isinstance(value, dict):
        return _folded_members(trait.sub, value)
    return comparison_key(value) if isinstance(value, str) and not trait.case_exact else value


def user_body(view: UserView, public_url: str, projection: Projection) -> str:
    """Return a user as it is shown.

    Args:
        view: the user, with its stored document, its groups and the names of its product environments.
        public_url: base of `meta.location` and `$ref`, without a slash at its end.
        projection: what the client asked for.
    """
    user = view.user
    names = {environment.id: environment.name for environment in view.environments}
    found = FoundUser(
        user.id,
        user.version,
        user.created_at,
        user.updated_at,
        user.document,
        [(each, names[each]) for each in user.environment_ids if each in names],
        [(group.id, group.name) for group in view.groups],
        (view.manager.id, view.manager.display_name) if view.manager else (),
    )
    return found_user_body(found, public_url, projection)


def found_user_body(user: FoundUser, public_url: str, projection: Projection) -> str:
    """Return a user of a list as it is shown, as `user_body` does."""
    groups = [
        {"value": group_id, "$ref": _location(public_url, GROUPS, group_id), "display": name, "type": "direct"}
        for group_id, name in user.groups
    ]
    meta = _meta(USERS, user.id, user.created_at, user.updated_at, user.version, public_url)
    if projection.is_everything and not user.environments and not user.manager:
        shown_groups = f',"groups":{dumps(groups)}' if groups else ""
        return f'{user.document[:-1]}{shown_groups},"meta":{meta}}}'
    resource = json.loads(user.document) | ({"groups": groups} if groups else {}) | {"meta": json.loads(meta)}
    if user.environments:
        chosen = [{"value": each, "display": name} for each, name in user.environments]
        resource[ACCOUNT_USER]["productEnvironments"] = chosen
    if user.manager:
        resource[ENTERPRISE_USER]["manager"] |= _manager(user.manager, public_url)
    return dumps(projection.of(resource))


def _manager(manager: Sequence[str], public_url: str) -> dict[str, str]:
    """Return what we say of a manager that is a user of the account; no other name stands in for a displayName."""
    manager_id, display_name = manager
    shown = {"$ref": _location(public_url, USERS, manager_id)}
    return shown | ({"displayName": display_name} if display_name else {})


def group_body(view: GroupView, public_url: str, projection: Projection) -> str:
    """Return a group as it is shown; without `members` where the view holds none."""
    group = view.group
    resource: dict[str, Any] = {"schemas": schemas_of_group(group)} | group_attributes(group)
    if view.members:
        resource["members"] = [_member(member, public_url) for member in view.members]
    meta = _meta(GROUPS, group.id, group.created_at, group.updated_at, group.version, public_url)
    resource["meta"] = json.loads(meta)
    return dumps(projection.of(resource))


def _member(member: Member, public_url: str) -> dict[str, str]:
    resource = GROUPS if member.kind == Member.GROUP else USERS
    shown = {"value": member.id, "$ref": _location(public_url, resource, member.id), "type": member.kind}
    return shown | ({"display": member.display} if member.display else {})


def list_body(total: int, bodies: Sequence[str], page: Mapping[str, int | str]) -> str:
    """Return a ListResponse of rendered resources (RFC 7644 section 3.4.2).

    Args:
        total: how many results there are in all.
        bodies: the resources of this page.
        page: where the page is: `startIndex`, or the cursors of the pages beside it (RFC 9865 section 2).
    """
    head = dumps({"schemas": [LIST_RESPONSE], "totalResults": total, "itemsPerPage": len(bodies), **page})
    return f'{head[:-1]},"Resources":[{",".join(bodies)}]}}'


def list_of(resources: Iterable[Mapping[str, Any]]) -> str:
    """Return a ListResponse of all of some plain resources (discovery)."""
    bodies = [dumps(resource) for resource in resources]
    return list_body(len(bodies), bodies, {"startIndex": 1})


def location_of(resource: ResourceType, resource_id: str, public_url: str) -> str:
    """Return the address of a resource."""
    return _location(public_url, resource, resource_id)


def _location(public_url: str, resource: ResourceType, resource_id: str) -> str:
    return f"{public_url}{BASE_PATH}{resource.endpoint}/{resource_id}"


def _meta(
    resource: ResourceType, resource_id: str, created: datetime, changed: datetime, version: int, public_url: str
) -> str:
    """Return `meta` as JSON text; nothing in it needs to be escaped but the quotes of the version."""
    shown_version = etag(version).replace('"', '\\"')
    return (
        f'{{"resourceType":"{resource.name}","created":"{_moment(created)}","lastModified":"{_moment(changed)}",'
        f'"location":"{_location(public_url, resource, resource_id)}","version":"{shown_version}"}}'
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
