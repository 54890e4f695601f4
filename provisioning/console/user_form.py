"""The form that changes a user: what it holds, the change set it asks for, and where each refusal stands."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields
from werkzeug.datastructures import MultiDict

from provisioning.actions.invitation_choices import InvitationChoices
from provisioning.console.forms import NOT_AN_EMAIL, Filled, Form, Trimmed, a_name, load, one_of
from provisioning.console.invitation_form import ALL, CHOSEN, UNKNOWN_ENVIRONMENT, UNKNOWN_ROLE
from provisioning.domain.addresses import is_email
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import MEDIA_LIBRARY_PERMISSIONS, Role
from provisioning.domain.users import User, UserChanges

NAMES = ("first_name", "last_name", "display_name")
LISTS = ("environment_ids", "media_library")
# How the product calls a field that the form calls otherwise, and where refusals without a field stand.
FIELD_OF = {"media_library_permissions": "media_library", "user_name": "email", "all_environments": "environment_ids"}
PLACE_OF = {Code.ABOVE_OWN_ROLE: "role", Code.NOT_ON_ONESELF: "role", Code.STALE_VERSION: ""}
FIELDS = frozenset({"", *NAMES, "email", "role", *LISTS})


class UserForm(Form):
    """A user's details."""

    version = fields.Integer(required=True)
    first_name = Trimmed(load_default="", validate=a_name)
    last_name = Trimmed(load_default="", validate=a_name)
    display_name = Trimmed(load_default="", validate=a_name)
    email = Trimmed(load_default="")
    role = fields.String(load_default=None, validate=one_of(Role, UNKNOWN_ROLE))
    access = fields.String(load_default=ALL, validate=one_of((ALL, CHOSEN), UNKNOWN_ENVIRONMENT))
    environment_ids = fields.List(fields.String(), load_default=[])
    media_library = fields.List(
        fields.String(validate=one_of(MEDIA_LIBRARY_PERMISSIONS, "Choose from the list.")), load_default=[]
    )


def filled_from(user: User) -> Filled:
    """Return the form as it is first shown: with what the user is now."""
    values: dict[str, Any] = {name: getattr(user, name) for name in NAMES}
    values |= {
        "version": user.version,
        "email": user.email or "",
        "role": user.role,
        "access": ALL if user.all_environments else CHOSEN,
        "environment_ids": list(user.environment_ids),
        "media_library": list(user.media_library),
    }
    return Filled(values=values)


def read_user_form(sent: MultiDict[str, str], user: User, choices: InvitationChoices) -> Filled:
    """Return the form as the browser sent it, with every fault that its shape shows; nothing typed is lost."""
    given: dict[str, Any] = {**sent.to_dict(), **{name: sent.getlist(name) for name in LISTS}}
    values, errors = load(UserForm(), given)
    email = values.get("email", "")
    if email != (user.email or "") and not is_email(email):
        errors["email"] = NOT_AN_EMAIL
    offered = {each.id for each in choices.environments}
    if not offered.issuperset(values.get("environment_ids", ())):
        errors["environment_ids"] = UNKNOWN_ENVIRONMENT
    kept = {name: given[name] for name in filled_from(user).values if name in given}
    return Filled({**filled_from(user).values, **kept, **values}, sent.to_dict(), errors, _code(errors))


def _code(errors: Mapping[str, str]) -> Code | None:
    return Code.INVALID_VALUE if errors else None


def changes_of(form: Filled, user: User) -> UserChanges:
    """Return the change set that a good form asks for; the root user has names and an email only (ROOT-3, ROOT-4).

    What is as it was stands for 'leave it': so a change of role drops the permissions that went with the old one.
    """
    values = form.values
    changes = UserChanges(
        first_name=values["first_name"], last_name=values["last_name"], display_name=values["display_name"]
    )
    if values["email"] != (user.email or ""):
        changes["email"] = values["email"]
    if user.is_root:
        return changes
    if values["role"] is not None:
        changes["role"] = Role(values["role"])
    changes["all_environments"] = values["access"] == ALL
    if values["access"] == CHOSEN:
        changes["environment_ids"] = tuple(values["environment_ids"])
    changes["media_library"] = frozenset(values["media_library"])
    return changes


def put_beside(form: Filled, refusal: Refusal) -> None:
    """Put a refusal of the action beside its field; raise one that has no place on the form."""
    name = PLACE_OF.get(refusal.code, FIELD_OF.get(refusal.field or "-", refusal.field or "-"))
    if name not in FIELDS:
        raise refusal
    form.refuse(name, refusal)
