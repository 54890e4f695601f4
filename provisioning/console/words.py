"""The words of the Console: what roles, statuses and moments are called on a page, each said in one place."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace

from provisioning.actions.user_table import Names
from provisioning.domain.activity import Entry
from provisioning.domain.activity_query import Outcome
from provisioning.domain.caller import WayIn
from provisioning.domain.environments import Environment
from provisioning.domain.events import KINDS
from provisioning.domain.groups import Group
from provisioning.domain.revocations import Confirmation, Ended
from provisioning.domain.roles_legacy import ROLE_NAMES, Role
from provisioning.domain.scim_connections import Profile
from provisioning.domain.seats import Plan
from provisioning.domain.sessions import EndReason, Method
from provisioning.domain.time_zones import in_zone
from provisioning.domain.users import UTC_NAME, Status, User

STATUS_NAMES: Mapping[Status, str] = {
    Status.ACTIVE: "Active",
    Status.PENDING: "Pending",
    Status.PASSWORD_RESET_PENDING: "Password reset pending",
    Status.DISABLED: "Disabled",
    Status.INACTIVE: "Inactive",
}
METHOD_NAMES: Mapping[Method, str] = {
    Method.PASSWORD: "Password",
    Method.SAML: "Organisation (SAML)",
    Method.GOOGLE: "Google",
    Method.GITHUB: "GitHub",
}
END_NAMES: Mapping[EndReason, str] = {
    EndReason.LOG_OUT: "Logged out",
    EndReason.FORCE_LOGOUT: "Force logout",
    EndReason.PASSWORD_RESET: "Password reset",
    EndReason.DISABLED: "Disabled",
    EndReason.DELETED: "Deleted",
    EndReason.REPLACED: "Replaced by a new login",
    EndReason.BY_OWNER: "Ended by the user",
    EndReason.PASSWORD_CHANGED: "Password changed",
    EndReason.SECOND_FACTOR_RESET: "Second factor removed",
    EndReason.ACCOUNT_CANCELLED: "Account cancelled",
}
MEDIA_LIBRARY_NAMES: Mapping[str, str] = {
    "create_collection": "Create collection",
    "share_collection": "Share collection",
    "show_delivery_url": "Show delivery URL",
    "moderate_asset": "Moderate asset",
    "create_proof": "Create proof",
}
WAY_IN_NAMES: Mapping[str, str] = {
    WayIn.CONSOLE: "Console",
    WayIn.PROVISIONING_API: "Provisioning API",
    WayIn.SCIM: "SCIM",
    WayIn.SAML: "SAML",
    WayIn.COMMAND_LINE: "Command line",
    WayIn.WORKER: "Gatelodge itself",
}
OUTCOME_NAMES: Mapping[str, str] = {Outcome.DONE: "Done", Outcome.REFUSED: "Refused"}
KIND_NAMES: Mapping[str, str] = dict(sorted(KINDS.items(), key=lambda kind: kind[1]))
PLAN_NAMES: Mapping[Plan, str] = {Plan.FREE: "Free", Plan.PAID: "Paid", Plan.ENTERPRISE: "Enterprise"}
PROFILE_NAMES: Mapping[Profile, str] = {
    Profile.GENERIC: "Another provider",
    Profile.ENTRA: "Microsoft Entra ID",
    Profile.OKTA: "Okta",
    Profile.STRICT: "Strict: what is odd is refused",
}
NO_EMAIL = "no email"
ROOT_MARK = "Root user"


def role_name(role: Role | None) -> str:
    """Return what a role is called; the root user has none and holds every permission (ROOT-3)."""
    return ROLE_NAMES[role] if role is not None else ROOT_MARK


def environments_text(user: User, names: Names) -> str:
    """Return the product environments that a user has access to, as text."""
    if user.is_inactive:
        return "None"
    if user.all_environments:
        return "All"
    return ", ".join(names.environments.get(each, each) for each in user.environment_ids) or "None"


def managed_by(user: User, names: Names) -> str:
    """Return who holds a user's record: a SCIM connection by its name, SAML logins, or people here."""
    if user.connection_id is not None:
        return f"{names.connections.get(user.connection_id, 'removed connection')} (SCIM)"
    return "SAML login" if "saml" in user.providers else "Gatelodge"


def seen_in(time_zone: str) -> SimpleNamespace:
    """Return the words of this page with every moment in a person's time zone (USR-10)."""
    return SimpleNamespace(**{**globals(), "moment": partial(moment, time_zone=time_zone)})


def moment(at: datetime | None, time_zone: str = UTC_NAME) -> str:
    """Return a moment for people, in a time zone that is named."""
    if at is None:
        return "Never"
    local = in_zone(at, time_zone)
    # Places without an abbreviation of their own have a bare offset.
    name = f"{local:%Z}" if f"{local:%Z}".isalpha() else f"UTC{local:%Z}"
    return f"{local.day} {local:%b %Y, %H:%M} {name}"


def exact(at: datetime) -> str:
    """Return a moment to the second, as RFC 3339."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 session, 3 sessions."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def detail_of(entry: Entry) -> str:
    """Return what an entry adds to its sentence: why it was refused, which fields changed; '' for nothing."""
    said = entry.data.get("sentence")
    fields = entry.data.get("fields")
    if isinstance(said, str):
        return said
    return f"Changed: {', '.join(map(str, fields))}" if isinstance(fields, list) and fields else ""


def ended_text(ended: Ended) -> str:
    """Return what ended with an access, as text."""
    parts = (
        (ended.sessions, "session"),
        (ended.pending_logins, "pending login"),
        (ended.links, "link"),
        (ended.devices, "remembered device"),
    )
    return ", ".join(counted(number, what) for number, what in parts if number) or "Nothing was open"


def confirmed_text(confirmations: Sequence[Confirmation]) -> str:
    """Return how many webhooks have confirmed that they heard of an end."""
    done = sum(each.confirmed_at is not None for each in confirmations)
    return f"{done} of {len(confirmations)}" if confirmations else "None was to be told"


def initials(name: str) -> str:
    """Return up to two letters that stand for a name where there is room for no more."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))[:2].upper() or "?"


def named(things: Iterable[Group | Environment]) -> list[tuple[str, str]]:
    """Return (id, name) of what a form offers to choose from."""
    return [(thing.id, thing.name) for thing in things]
