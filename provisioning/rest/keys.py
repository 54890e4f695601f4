"""Calls about the access keys of a product environment."""

from typing import Any

from provisioning.actions.access_keys import (
    AccessKey,
    delete_access_key,
    edit_access_key,
    generate_access_key,
    list_access_keys,
)
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, access_key_record
from provisioning.rest.schemas import KeyMembers, KeyName, KeyNameQuery, KeyQuery, NewKeyMembers

KEYS = Noun("Access keys", "Keys with which programs use one product environment.")
ALL = "/sub_accounts/<environment_id>/access_keys"
ONE = f"{ALL}/<api_key>"
PERMISSION = Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE
PRESET_PAGE_SIZE = 100
Members = dict[str, Any]


@KEYS.call("GET", ALL, PERMISSION, query=KeyQuery, answer=records.AccessKeyList)
def list_keys(caller: Caller, query: Members, environment_id: str) -> Record:
    """List the access keys of a product environment."""
    found = list_access_keys(caller, environment_id, services())
    return {"access_keys": [access_key_record(key) for key in page_of(found, query)], "total": len(found)}


@KEYS.call("POST", ALL, PERMISSION, body=NewKeyMembers, answer=records.AccessKey)
def add_key(caller: Caller, members: Members, environment_id: str) -> Record:
    """Generate an access key."""
    enabled = members.get("enabled", True)
    return access_key_record(generate_access_key(caller, environment_id, members.get("name"), enabled, services()))


@KEYS.call("PUT", ONE, PERMISSION, body=KeyMembers, answer=records.AccessKey)
def change_key(caller: Caller, members: Members, environment_id: str, api_key: str) -> Record:
    """Change an access key.

    A dedication moves here from the key that had it.
    """
    changes = dict(members)
    if "dedicated_for" in changes:
        changes["dedicated_for"] = (changes["dedicated_for"],)
    return access_key_record(edit_access_key(caller, environment_id, api_key, changes, services()))


@KEYS.call("DELETE", ONE, PERMISSION, answer=records.Done)
def remove_key(caller: Caller, environment_id: str, api_key: str) -> Record:
    """Delete an access key."""
    delete_access_key(caller, environment_id, services(), api_key=api_key)
    return {"message": "ok"}


@KEYS.call("DELETE", ALL, PERMISSION, query=KeyNameQuery, body=KeyName, answer=records.Done)
def remove_key_by_name(caller: Caller, query: Members, members: Members, environment_id: str) -> Record:
    """Delete an access key by its name.

    The name stands in the body or in the query.
    """
    names = {each["name"] for each in (query, members) if "name" in each}
    if len(names) != 1:
        raise invalid("name", "Say by one name which access key to delete.")
    delete_access_key(caller, environment_id, services(), name=names.pop())
    return {"message": "ok"}


def page_of(keys: list[AccessKey], query: Members) -> list[AccessKey]:
    """Return the keys of a page in the order that is asked for; all of them where no page is."""
    order = query.get("sort_by", "created_at")
    is_descending = query.get("sort_order", "desc") == "desc"
    ordered = sorted(keys, key=lambda key: (getattr(key, order), key.id), reverse=is_descending)
    if "page" not in query and "page_size" not in query:
        return ordered
    size = query.get("page_size", PRESET_PAGE_SIZE)
    start = (query.get("page", 1) - 1) * size
    return ordered[start : start + size]
