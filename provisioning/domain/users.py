"""USR: what a user is, the one place that computes the status, and what each verb makes of each state.

A user is held as one frozen value: the store makes it, the rules read it, actions answer with it. So a door cannot
reach the database lazily, and a rule needs no database to be tested.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from provisioning.domain.addresses import is_email
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.roles_legacy import Role

LONGEST_TEXT = 1024
# The schema of a person's place in an organisation (RFC 7643 section 4.3); its manager is another user.
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST_NAME_PART = 256
UTC_NAME = "UTC"


class Status(StrEnum):
    """The statuses of USR-9, in the order in which the first that holds is shown."""

    INACTIVE = "inactive"
    DISABLED = "disabled"
    PASSWORD_RESET_PENDING = "password_reset_pending"  # noqa: S105 - a status, not a password.
    PENDING = "pending"
    ACTIVE = "active"


class Verb(StrEnum):
    """What can be done to a user besides reading, as the root table and the activity report name it."""

    CREATE = "create"
    CHANGE = "change"
    DISABLE = "disable"
    ENABLE = "enable"
    DELETE = "delete"
    FORCE_LOGOUT = "force logout"
    RESET_PASSWORD = "reset the password of"  # noqa: S105 - a verb, not a password.
    INVITE = "invite"
    REMOVE_SECOND_FACTOR = "remove the second factor of"


@dataclass(frozen=True, slots=True)
class User:
    """One user of one account, as stored.

    Attributes:
        account_id, id: ours; never taken from a request.
        is_root: the account's root user (ROOT-1).
        email: login email as given, or None (USR-11).
        user_name: the identity provider's name for the person; else the login email.
        external_id: the connection's id for the person.
        connection_id: the SCIM connection that holds the record, if any (`managedBy`).
        first_name, last_name, display_name: for people; '' where unknown.
        role: the legacy role; None for the root user (ROLE-1, ROOT-3).
        all_environments: access to all product environments, also later ones (ENV-2).
        environment_ids: the chosen ones where not all.
        media_library: extra permissions of a Media Library user (ROLE-2).
        disabled_at, accepted_at, reset_at, inactive_at: when each state began, None where it does not hold.
        has_password: whether a password is set and usable.
        epoch: sessions opened under a lower one are dead (OUT-2).
        version: moves with every visible change.
        attributes: what the SCIM schema has and the product does not, as sent by the identity provider.
        created_at, updated_at, last_login_at: UTC.
        providers: the ways the person logged in or came by: scim, saml, password.
        access_ended_at: when everything that let the person in was last ended (SES-2).
        time_zone: IANA name of the zone in which the person sees dates (USR-10).
        share_mails: whether mails tell of what was shared with the person (MAIL-1).
        has_second_factor: whether a second factor is set up (2FA-1).
        document: the SCIM body without what other rows decide, rendered when the row was written.
    """

    account_id: str
    id: str
    is_root: bool
    email: str | None
    user_name: str
    external_id: str | None
    connection_id: str | None
    first_name: str
    last_name: str
    display_name: str
    role: Role | None
    all_environments: bool
    environment_ids: tuple[str, ...]
    media_library: frozenset[str]
    disabled_at: datetime | None
    accepted_at: datetime | None
    reset_at: datetime | None
    inactive_at: datetime | None
    has_password: bool
    epoch: int
    version: int
    attributes: Mapping[str, object]
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None = None
    providers: tuple[str, ...] = ()
    time_zone: str = UTC_NAME
    share_mails: bool = True
    access_ended_at: datetime | None = None
    has_second_factor: bool = False
    document: str = field(default="", repr=False, compare=False)

    @property
    def status(self) -> Status:
        """The status that is shown, the first of USR-9 that holds."""
        return status_of(self.inactive_at, self.disabled_at, self.reset_at, self.accepted_at)

    @property
    def is_disabled(self) -> bool:
        """Whether every login is refused (USR-5)."""
        return self.disabled_at is not None

    @property
    def is_inactive(self) -> bool:
        """Whether the user was deleted, which is for ever (USR-6)."""
        return self.inactive_at is not None

    @property
    def name(self) -> str:
        """The name to show: displayName, else first and last name, else email or userName."""
        return self.display_name or self.full_name or self.email or self.user_name

    @property
    def full_name(self) -> str:
        """First and last name with a blank between, '' where both are unknown."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group that a user is in, as shown with the user."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class EnvironmentName:
    """A product environment that is chosen for a user, as shown with the user."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ManagerName:
    """The live user of the account whom a user's manager is, as shown with the user; '' for no displayName."""

    id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class UserView:
    """What actions answer with: a user, the groups it is in, the product environments chosen for it where it has not
    all, what whoever added it should look at twice (IDN-7), and its manager where that is a user of the account.
    """

    user: User
    groups: tuple[GroupName, ...] = ()
    environments: tuple[EnvironmentName, ...] = ()
    warnings: tuple[str, ...] = ()
    manager: ManagerName | None = None


def manager_id_of(attributes: Mapping[str, object]) -> str | None:
    """Return the id that a directory gives as a user's manager, which need not be a user of the account."""
    extension = attributes.get(ENTERPRISE_USER)
    manager = extension.get("manager") if isinstance(extension, dict) else None
    return manager.get("value") if isinstance(manager, dict) else None


def status_of(
    inactive_at: datetime | None,
    disabled_at: datetime | None,
    reset_at: datetime | None,
    accepted_at: datetime | None,
) -> Status:
    """Return the first status of USR-9 that holds; the only place that decides it."""
    table = (
        (Status.INACTIVE, inactive_at is not None),
        (Status.DISABLED, disabled_at is not None),
        (Status.PASSWORD_RESET_PENDING, reset_at is not None),
        (Status.PENDING, accepted_at is None),
    )
    return next((status for status, holds in table if holds), Status.ACTIVE)


class UserChanges(TypedDict, total=False):
    """A change set: only the named fields change, each to the value given; `active` maps to disable and enable."""

    email: str | None
    user_name: str
    external_id: str | None
    connection_id: str | None
    first_name: str
    last_name: str
    display_name: str
    role: Role | None
    active: bool
    all_environments: bool
    environment_ids: tuple[str, ...]
    media_library: frozenset[str]
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is asked for when a user is made; texts as given, checked by `checked_new_user`.

    Attributes:
        environment_ids: None means access to all product environments (ENV-2).
        send_invitation: the choice 'Send invitation email' of INV-1, None where the way in offers none.
        group_ids: groups to join at once (GRP-2).
    """

    email: str | None = None
    user_name: str | None = None
    external_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    display_name: str = ""
    role: Role | None = None
    active: bool = True
    environment_ids: tuple[str, ...] | None = None
    media_library: frozenset[str] = frozenset()
    attributes: Mapping[str, object] = field(default_factory=dict)
    group_ids: tuple[str, ...] = ()
    send_invitation: bool | None = None


def pushed_changes(command: NewUser) -> UserChanges:
    """Return what a SCIM create says as a change set, for a person who is here already.

    What the create merely did not say changes nothing: it enables nobody and opens no product environment.
    """
    changes = UserChanges(
        user_name=command.user_name or "",
        external_id=command.external_id,
        first_name=command.first_name,
        last_name=command.last_name,
        display_name=command.display_name,
        attributes=command.attributes,
    )
    if not command.active:
        changes["active"] = False
    if command.environment_ids is not None:
        changes["environment_ids"] = command.environment_ids
    if command.media_library:
        changes["media_library"] = command.media_library
    return changes


def effective(user: User, changes: UserChanges) -> UserChanges:
    """Return only what really changes, so that nothing is written, told or versioned without a change."""
    return {  # type: ignore[return-value]
        name: value for name, value in changes.items() if value != present_value(user, name)
    }


def present_value(user: User, name: str) -> object:
    """Return the present value of a field of `UserChanges`."""
    return not user.is_disabled if name == "active" else getattr(user, name)


def login_email_of(emails: Sequence[Mapping[str, object]], user_name: str | None) -> str | None:
    """Return the login email of a pushed user (USR-11): primary, else work, else first, else an address as userName."""
    values = [element for element in emails if isinstance(element.get("value"), str) and element["value"]]
    choices = (
        [element for element in values if element.get("primary") is True],
        [element for element in values if str(element.get("type") or "").lower() == "work"],
        values,
    )
    chosen = next((elements[0] for elements in choices if elements), None)
    if chosen is not None:
        return str(chosen["value"])
    return user_name if user_name and is_email(user_name) else None


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name of a lone name: split at its last blank; a single word is a first name."""
    first, blank, last = name.strip().rpartition(" ")
    return (first.strip(), last) if blank else (last, "")


def require_live(user: User) -> None:
    """Refuse any work on a deleted user (USR-6)."""
    if user.is_inactive:
        raise Refusal(Code.USER_INACTIVE)


def require_not_oneself(caller_id: str, user: User, verb: Verb) -> None:
    """Refuse that somebody deletes, disables or demotes themself (USR-3)."""
    if caller_id == user.id:
        raise Refusal(Code.NOT_ON_ONESELF, verb=verb.value)


def require_text(field_name: str, value: str, longest: int = LONGEST_NAME_PART) -> None:
    """Refuse a text that is too long, holds NUL or half a character; other text is kept as given (IDN-1, LIM-3)."""
    if "\0" in value:
        raise invalid(field_name, f"{field_name} holds a NUL character.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise invalid(field_name, f"{field_name} holds half a character.")
    if len(value) > longest:
        raise invalid(field_name, f"{field_name} is longer than {longest} characters.")
