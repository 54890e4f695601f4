"""What a list of users is asked for: filters that all hold together, an order, and a page."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from provisioning.domain.users import Status


class UserOrder(StrEnum):
    """What users can be sorted by; `activity` is the last login, ids always break ties."""

    NAME = "name"
    ROLE = "role"
    STATUS = "status"
    ACTIVITY = "activity"
    CREATED_AT = "created_at"


@dataclass(frozen=True, slots=True)
class LastLogin:
    """A question about the last login: inside a range of days or not.

    Attributes:
        inside: True for logins in the range; False for all others, also of who never logged in.
        since, until: first and last day in UTC, both inclusive; without both the question is 'ever logged in'.
    """

    inside: bool
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which live users, in which order, how many. What is left out does not narrow the list; all else must hold.

    Attributes:
        ids, emails: any of them; unknown and foreign ones meet nobody (TEN-4).
        pending: whether the invitation is still open.
        status: exactly this one of USR-9.
        prefix: start of the name or of the email, compared by key (IDN-1).
        environment_id: with access to this product environment, which must exist.
        count: most users, None for all.
    """

    ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    pending: bool | None = None
    status: Status | None = None
    prefix: str = ""
    environment_id: str | None = None
    last_login: LastLogin | None = None
    order: UserOrder = UserOrder.CREATED_AT
    descending: bool = False
    offset: int = 0
    count: int | None = None
