"""A user and a group as the store hands them out, for tests without a database."""

from datetime import UTC, datetime
from typing import Any

from provisioning.domain.groups import Group
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import User

MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_user(**fields: Any) -> User:
    """Ada, pushed by a connection; `fields` override."""
    usual: dict[str, Any] = {
        "account_id": "a1",
        "id": "u1",
        "is_root": False,
        "email": "ada@corp.example",
        "user_name": "ada",
        "external_id": "x-1",
        "connection_id": "c1",
        "first_name": "Ada",
        "last_name": "Byron",
        "display_name": "Ada B",
        "role": Role.MEDIA_LIBRARY_USER,
        "all_environments": True,
        "environment_ids": (),
        "media_library": frozenset(),
        "disabled_at": None,
        "accepted_at": MOMENT,
        "reset_at": None,
        "inactive_at": None,
        "has_password": False,
        "epoch": 1,
        "version": 3,
        "attributes": {},
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
    return User(**(usual | fields))


def a_group(**fields: Any) -> Group:
    """Engineers, made by a connection; `fields` override."""
    usual: dict[str, Any] = {
        "account_id": "a1",
        "id": "g1",
        "name": "Engineers",
        "external_id": "G-1",
        "connection_id": "c1",
        "version": 2,
        "member_count": 1,
        "attributes": {},
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
    return Group(**(usual | fields))
