"""ENV: product environments; all or a chosen set, and who always has all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.roles_legacy import Role

MOST_CHOSEN = 30
LONGEST_CLOUD_NAME = 64
# Letters, digits, underscore and hyphen, compared without case; begins and ends with a letter or digit.
CLOUD_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
# First path segments below /v1_1/ that are ours, so that a cloud name can never shadow them.
RESERVED_CLOUD_NAMES = frozenset({"provisioning", "permissions", "agents", "clouds", "accounts"})


@dataclass(frozen=True, slots=True)
class Environment:
    """One product environment of an account; `custom_attributes` is None where none are set."""

    account_id: str
    id: str
    name: str
    cloud_name: str
    enabled: bool
    custom_attributes: Mapping[str, object] | None
    created_at: datetime
    updated_at: datetime


def checked_cloud_name(cloud_name: str) -> str:
    """Return a cloud name as given; refuse one of another shape or a reserved one (ENV-1)."""
    if not CLOUD_NAME.fullmatch(cloud_name):
        raise invalid("cloud_name", "cloud_name has letters, digits, underscores and hyphens, at most 64 in all.")
    if cloud_name.lower() in RESERVED_CLOUD_NAMES:
        raise Refusal(Code.CLOUD_NAME_TAKEN, "cloud_name", name=cloud_name)
    return cloud_name


def cloud_name_from(name: str, suffix: str) -> str:
    """Return a cloud name made of an environment's name and a random suffix, for requests that give none."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: LONGEST_CLOUD_NAME - len(suffix) - 1].strip("-")
    return f"{words or 'cloud'}-{suffix}"


def always_all(role: Role | None, is_root: bool) -> bool:
    """Return whether a user has all product environments whatever is chosen (ENV-3, ROOT-4)."""
    return is_root or role is Role.MASTER_ADMIN


def require_choosable(role: Role | None, chosen: Sequence[str]) -> None:
    """Refuse a choice for a master admin (ENV-3) and one of more than 30 (ENV-2)."""
    if role is Role.MASTER_ADMIN:
        raise Refusal(Code.MASTER_ADMIN_ENVIRONMENTS, "environment_ids")
    if len(chosen) > MOST_CHOSEN:
        raise Refusal(Code.ENVIRONMENT_LIMIT, "environment_ids", limit=MOST_CHOSEN)


def require_not_last(enabled_ids: Sequence[str], environment_id: str) -> None:
    """Refuse to disable or delete the last enabled product environment (ENV-1)."""
    if list(enabled_ids) == [environment_id]:
        raise Refusal(Code.LAST_ENVIRONMENT)
