"""GRP: groups, their names and members."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from provisioning.domain.comparison import LONGEST_NAME, has_refused_characters
from provisioning.domain.errors import invalid


@dataclass(frozen=True, slots=True)
class Group:
    """One group of an account.

    Attributes:
        connection_id: the SCIM connection that made it, if any.
        member_count: number of users in it; groups in groups give nothing and do not count.
    """

    account_id: str
    id: str
    name: str
    external_id: str | None
    connection_id: str | None
    version: int
    member_count: int
    attributes: Mapping[str, object]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a group: a user, or another group that is kept and shown and gives its members nothing.

    Attributes:
        display: its displayName, '' where it has none; no other name stands in for it.
        full_name: first and last name of a user.
    """

    id: str
    kind: str
    display: str
    email: str | None = None
    full_name: str = ""

    USER = "User"
    GROUP = "Group"

    @property
    def name(self) -> str:
        """The name to show to people: displayName, else first and last name, else the email."""
        return self.display or self.full_name or self.email or ""


class GroupChanges(TypedDict, total=False):
    """A change set of a group; members are changed by edits of membership, never by a whole list in here."""

    name: str
    external_id: str | None
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MembershipEdit:
    """What happens to the members of a group, in this order: all gone, some gone, some added.

    Attributes:
        clear: take every present member out first (a `replace` of the whole list).
        matching: which of the present members to take out, where they are chosen by more than their ids; the edit is
            refused where it chooses none.
        remove: ids of users or groups to take out; who is not in is missed (a strict connection is refused).
        add: ids of users or groups to put in; present ones stay once, unknown ones are left out.
    """

    clear: bool = False
    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    matching: Callable[[Member], bool] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the edit asks for nothing."""
        return not (self.clear or self.remove or self.add or self.matching)


def checked_group_name(name: str) -> str:
    """Return a group's name as given, without blanks around it; refuse an empty, over-long or unprintable one."""
    trimmed = name.strip()
    if not trimmed:
        raise invalid("name", "A group needs a name.")
    if len(trimmed) > LONGEST_NAME:
        raise invalid("name", f"A group's name has at most {LONGEST_NAME} characters.")
    if has_refused_characters(trimmed):
        raise invalid("name", "A group's name cannot hold control or invisible characters.")
    return trimmed
