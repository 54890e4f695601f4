"""What the Console asks of its table of users, as a plain value that says nothing of pages or rows."""

from dataclasses import dataclass

from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import Status


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What is asked of the table.

    Attributes:
        text: part of a name or an email, '' for everybody.
        status: None for everybody who is not deleted.
        role: only users with this role, None for any.
        group_id: only members of this group, '' for everybody.
        outside_group_id: only who is not a member of this group, '' for everybody.
        environment_id: only who has access to this product environment, '' for everybody.
        after, before: id of the user next to the page, '' for the first page; `after` wins.
        size: most users on a page.
    """

    text: str = ""
    status: Status | None = None
    role: Role | None = None
    group_id: str = ""
    outside_group_id: str = ""
    environment_id: str = ""
    after: str = ""
    before: str = ""
    size: int = 50
