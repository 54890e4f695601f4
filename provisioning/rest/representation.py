"""Views -> records of the wire; the order of members is part of the contract, as one client compares it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from provisioning.actions.access_keys import AccessKey
from provisioning.actions.environments import EnvironmentView
from provisioning.actions.groups import GroupView
from provisioning.domain.billing import BillingUsage
from provisioning.domain.environments import Environment
from provisioning.domain.groups import Group, Member
from provisioning.domain.roles_legacy import MEDIA_LIBRARY_PERMISSIONS, Role
from provisioning.domain.sessions import Session
from provisioning.domain.users import User, UserView

Record = dict[str, Any]


def moment(at: datetime) -> str:
    """Return a time in UTC with whole seconds, as every client reads it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def shown_role(user: User) -> str:
    """Return a user's role; where a wire format wants one for the root user, it reads master_admin (ROOT-3)."""
    return (user.role or Role.MASTER_ADMIN).value


def user_record(view: UserView) -> Record:
    """Return a user; the chosen product environments are one text with commas, left out where all are open."""
    user = view.user
    return {
        "id": user.id,
        "name": user.name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": shown_role(user),
        "email": user.email,
        "pending": user.accepted_at is None,
        "enabled": not user.is_disabled,
        "status": user.status.value,
        "root": user.is_root,
        "created_at": moment(user.created_at),
        "updated_at": moment(user.updated_at),
        "last_login": moment(user.last_login_at) if user.last_login_at else None,
        "all_sub_accounts": user.all_environments,
        **({} if user.all_environments else _chosen(user)),
        "groups": [{"id": group.id, "name": group.name} for group in view.groups],
        "group_count": len(view.groups),
        **_extra(user),
        "email_preferences": {"share_notifications": user.share_mails},
        "providers": list(user.providers),
        "account_id": user.account_id,
        **_warnings(view),
    }


def _warnings(view: UserView) -> Record:
    """Return what whoever added the user should look at twice; no member where there is nothing (IDN-7)."""
    return {"warnings": list(view.warnings)} if view.warnings else {}


def _chosen(user: User) -> Record:
    return {"sub_account_ids": ",".join(user.environment_ids), "sub_account_count": len(user.environment_ids)}


def _extra(user: User) -> Record:
    """Return the extra permissions of a Media Library user; no other role has any (ROLE-2)."""
    if user.role is not Role.MEDIA_LIBRARY_USER:
        return {}
    return {"media_library_permissions": [name for name in MEDIA_LIBRARY_PERMISSIONS if name in user.media_library]}


def group_summary(group: Group) -> Record:
    """Return a group as named elsewhere."""
    return {"id": group.id, "name": group.name}


def group_record(view: GroupView) -> Record:
    """Return a group; members and times where the members were read."""
    record = group_summary(view.group)
    if view.members is not None:
        record["users"] = member_records(view.members)
        record["created_at"] = moment(view.group.created_at)
        record["updated_at"] = moment(view.group.updated_at)
    return record


def member_records(members: Iterable[Member] | None) -> list[Record]:
    """Return the users among the members of a group; groups in groups give nothing and are not shown here."""
    return [
        {"id": member.id, "name": member.name, "email": member.email}
        for member in members or ()
        if member.kind == Member.USER
    ]


def environment_record(view: EnvironmentView) -> Record:
    """Return a product environment with its access keys."""
    environment = view.environment
    record: Record = {
        "cloud_name": environment.cloud_name,
        "name": environment.name,
        "enabled": environment.enabled,
        "id": environment.id,
        "api_access_keys": [
            {"key": key.api_key, "secret": key.api_secret, "enabled": key.enabled} for key in view.keys
        ],
        "created_at": moment(environment.created_at),
        "updated_at": moment(environment.updated_at),
    }
    if environment.custom_attributes:
        record["custom_attributes"] = environment.custom_attributes
    return record


def environment_summary(environment: Environment) -> Record:
    """Return a product environment as shown with a user."""
    return {
        "id": environment.id,
        "name": environment.name,
        "cloud_name": environment.cloud_name,
        "enabled": environment.enabled,
    }


def access_key_record(key: AccessKey) -> Record:
    """Return an access key with its secret, which who may manage it may read back (KEY-2)."""
    return {
        "name": key.name,
        "api_key": key.api_key,
        "api_secret": key.api_secret,
        "created_at": moment(key.created_at),
        "updated_at": moment(key.updated_at),
        "enabled": key.enabled,
        **({"dedicated_for": list(key.dedicated_for)} if key.dedicated_for else {}),
        "root": key.is_first,
    }


def billing_record(usage: BillingUsage, cloud_names: list[str] | None) -> Record:
    """Return the usage of a plan; product environments are named where they were asked for."""
    named = (
        {} if cloud_names is None else {"product_environment_breakdown": [{"cloud_name": name} for name in cloud_names]}
    )
    cycles = [
        {"from_day": cycle.first.isoformat(), "to_day": cycle.last.isoformat(), "usage": cycle.used, "breakdown": {},
         **named}
        for cycle in usage.cycles
    ]  # fmt: skip
    return {"plan_name": usage.plan, "metric_usage": [{"metric": "seats", "limit": usage.limit, "cycles": cycles}]}


def session_record(session: Session | None) -> Record:
    """Return what is told of a session; nothing of one that is not good."""
    if session is None:
        return {"active": False}
    user = session.user
    return {
        "active": True,
        "account": {"id": session.account_id},
        "user": {
            "id": user.id,
            "email": user.email,
            "root": user.is_root,
            "role": shown_role(user),
            "status": user.status.value,
        },
        "method": session.method.value,
        "expires_at": moment(session.expires_at),
        "session": {"id": session.id},
    }
