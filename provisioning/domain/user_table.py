"""What the Console asks of its table of users, as a plain value that says nothing of pages or rows."""

from dataclasses import dataclass

from provisioning.domain.users import Status


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What is asked of the table.

    Attributes:
        text: part of a name or an email, '' for everybody.
        status: None for everybody who is not deleted.
        after, before: id of the user next to the page, '' for the first page; `after` wins.
        size: most users on a page.
    """

    text: str = ""
    status: Status | None = None
    after: str = ""
    before: str = ""
    size: int = 50
