"""The form that invites up to five people: its rows, what applies to all of them, and every fault beside its field.

A row that was left empty is no row. The faults of all rows are shown together (USR-2): those of shape, those that the
rules find, and, where shape alone already refuses the form, also the emails that others have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from marshmallow import fields
from werkzeug.datastructures import MultiDict

from provisioning.actions.invitation_choices import InvitationChoices
from provisioning.console.errors import sentence
from provisioning.console.forms import Form, Trimmed, a_name, an_email, load, one_of
from provisioning.domain.addresses import is_email
from provisioning.domain.comparison import email_key
from provisioning.domain.errors import Code, Refusal, Refusals
from provisioning.domain.invitations import MOST_AT_A_TIME
from provisioning.domain.roles_legacy import DEFAULT_ROLE, MEDIA_LIBRARY_PERMISSIONS, Role
from provisioning.domain.users import NewUser

ROW_FIELDS = ("email", "first_name", "last_name")
COMMON_FIELDS = ("role", "environment_ids", "group_ids", "media_library")
# How the product calls a field that the form calls otherwise.
FIELD_OF = {"media_library_permissions": "media_library", "user_name": "email"}
ALL, CHOSEN = "all", "chosen"
NOBODY = "Fill in at least one row."
SAME_EMAIL = "This email stands in another row too."
UNKNOWN_GROUP = "One of these groups does not exist any more. Choose again."
UNKNOWN_ENVIRONMENT = "One of these product environments does not exist any more. Choose again."
UNKNOWN_ROLE = "Choose a role from the list."
EMAIL_TAKEN = sentence(Refusal(Code.EMAIL_TAKEN, email=""))


class RowForm(Form):
    """One person."""

    email = Trimmed(required=True, validate=an_email)
    first_name = Trimmed(load_default="", validate=a_name)
    last_name = Trimmed(load_default="", validate=a_name)


@dataclass(slots=True)
class Invitation:
    """The form as it stands: what was typed, and the faults by row and by field.

    Attributes:
        rows: always at least five, each with its three texts.
        role, access, environment_ids, group_ids, media_library, send_invitation: what applies to all.
        row_errors: row number -> field -> sentence.
        errors: common field -> sentence; '' is the whole form.
        refused: code of what the action refused first.
    """

    rows: list[dict[str, str]]
    role: str = DEFAULT_ROLE.value
    access: str = ALL
    environment_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    media_library: tuple[str, ...] = ()
    send_invitation: bool = True
    row_errors: dict[int, dict[str, str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    refused: Code | None = None

    @property
    def code(self) -> Code | None:
        """The code of the refusal that the form met: the action's, else that of its shape; None where it met none."""
        return self.refused or (None if self.is_good else Code.INVALID_VALUE)

    def refuse(self, refusal: Refusal) -> None:
        """Put a refusal of the whole form on top of it."""
        self.errors[""] = sentence(refusal)
        self.refused = refusal.code

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.errors and not self.row_errors

    @property
    def filled_rows(self) -> list[int]:
        """The numbers of the rows that say something."""
        return [number for number, row in enumerate(self.rows) if any(text.strip() for text in row.values())]

    @property
    def emails(self) -> list[str]:
        """What was typed as emails, in the order of the filled rows."""
        return [self.rows[number]["email"].strip() for number in self.filled_rows]


def empty_invitation() -> Invitation:
    """Return the form as it is first shown."""
    return Invitation(rows=[dict.fromkeys(ROW_FIELDS, "") for _ in range(MOST_AT_A_TIME)])


def read_invitation(sent: MultiDict[str, str], choices: InvitationChoices) -> Invitation:
    """Return the form as the browser sent it, with every fault that its shape shows.

    Args:
        sent: the form's values; row fields stand in it once a row.
        choices: what the page offered.
    """
    form = Invitation(
        rows=_rows(sent),
        role=sent.get("role", DEFAULT_ROLE.value),
        access=sent.get("access", ALL),
        environment_ids=tuple(sent.getlist("environment_ids")),
        group_ids=tuple(sent.getlist("group_ids")),
        media_library=tuple(sent.getlist("media_library")),
        send_invitation="send_invitation" in sent,
    )
    if not form.filled_rows:
        form.errors[""] = NOBODY
    for number in form.filled_rows:
        _, faults = load(RowForm(), form.rows[number])
        if faults:
            form.row_errors[number] = faults
    _add_repeated(form)
    form.errors.update(_common_faults(form, choices))
    return form


def commands(form: Invitation, choices: InvitationChoices) -> list[NewUser]:
    """Return what a good form asks for, a command for each filled row."""
    people = (form.rows[number] for number in form.filled_rows)
    return [
        NewUser(
            email=person["email"].strip(),
            first_name=person["first_name"].strip(),
            last_name=person["last_name"].strip(),
            role=Role(form.role),
            environment_ids=None if form.access == ALL else form.environment_ids,
            group_ids=form.group_ids,
            media_library=frozenset(form.media_library),
            send_invitation=form.send_invitation if choices.offers_invitation else None,
        )
        for person in people
    ]


def add_refusals(form: Invitation, refusals: Refusals) -> None:
    """Put the refusals of the action beside their fields."""
    filled = form.filled_rows
    form.refused = next(iter(refusals.rows.values())).code
    for number, refusal in refusals.rows.items():
        name = FIELD_OF.get(refusal.field or "", refusal.field or "")
        if refusal.code is Code.ABOVE_OWN_ROLE:
            name = "role"
        if name in COMMON_FIELDS or refusal.code is Code.SEAT_LIMIT_REACHED:
            form.errors[name] = sentence(refusal)
        else:
            beside = name if name in ROW_FIELDS else "email"
            form.row_errors.setdefault(filled[number], {})[beside] = sentence(refusal)


def add_taken(form: Invitation, taken: frozenset[str]) -> None:
    """Put the fault beside emails that others have, where it has no other one."""
    for number, email in zip(form.filled_rows, form.emails, strict=True):
        if is_email(email) and email_key(email) in taken:
            form.row_errors.setdefault(number, {}).setdefault("email", EMAIL_TAKEN)


def _rows(sent: MultiDict[str, str]) -> list[dict[str, str]]:
    """Return the rows, five at least; a field that a row lacks is empty."""
    columns: Mapping[str, Sequence[str]] = {name: sent.getlist(name) for name in ROW_FIELDS}
    count = max(MOST_AT_A_TIME, *(len(column) for column in columns.values()))
    return [
        {name: column[number] if number < len(column) else "" for name, column in columns.items()}
        for number in range(count)
    ]


def _add_repeated(form: Invitation) -> None:
    seen: set[str] = set()
    for number, email in zip(form.filled_rows, form.emails, strict=True):
        if not is_email(email):
            continue
        if email_key(email) in seen:
            form.row_errors.setdefault(number, {})["email"] = SAME_EMAIL
        seen.add(email_key(email))


def _common_faults(form: Invitation, choices: InvitationChoices) -> dict[str, str]:
    class CommonForm(Form):
        role = fields.String(validate=one_of(Role, UNKNOWN_ROLE))
        access = fields.String(validate=one_of((ALL, CHOSEN), UNKNOWN_ENVIRONMENT))
        environment_ids = fields.List(
            fields.String(validate=one_of((each.id for each in choices.environments), UNKNOWN_ENVIRONMENT))
        )
        group_ids = fields.List(fields.String(validate=one_of((each.id for each in choices.groups), UNKNOWN_GROUP)))
        media_library = fields.List(fields.String(validate=one_of(MEDIA_LIBRARY_PERMISSIONS, "Choose from the list.")))

    names = ("role", "access", "environment_ids", "group_ids", "media_library")
    _, faults = load(CommonForm(), {name: getattr(form, name) for name in names})
    if "access" in faults:
        faults["environment_ids"] = faults.pop("access")
    return faults
