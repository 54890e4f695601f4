"""Forms: what a browser sends becomes checked values, and every fault a sentence beside its field, all at once.

The shape is read here, by marshmallow; what only the rules can know (a taken email, a missing seat) comes from the
action and is put beside the same fields. What was typed stays with the form, so that nothing has to be typed again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from provisioning.console.errors import seconds_to_wait, sentence
from provisioning.domain.addresses import is_email
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.seats import MOST_ADDITIONAL_BY_SELF_SERVICE
from provisioning.domain.users import LONGEST_NAME_PART

T = TypeVar("T")

NOT_AN_EMAIL = "Enter an email address such as name@example.com."
NO_PASSWORD = "Enter your password."  # noqa: S105 - a sentence, not a password.
NO_NEW_PASSWORD = "Enter a new password."  # noqa: S105 - a sentence, not a password.
NO_TIME_ZONE = "Choose a time zone of the list."
NO_BOX = "Tick the box or leave it."
NO_NUMBER = f"Enter a number from 0 to {MOST_ADDITIONAL_BY_SELF_SERVICE}. For more users, contact support."
NO_CODE = "Enter the six digits that your app shows, or one of your recovery codes."
LONGEST_CODE = 100
# What is never shown again (LGN-6).
SECRET_FIELDS = frozenset({"password", "current_password", "code"})
TOO_LONG = f"Use at most {LONGEST_NAME_PART} characters."
HOLDS_NUL = "This holds a character that cannot be stored. Type it again."


def an_email(text: str) -> None:
    """Refuse what mail cannot be sent to."""
    if not is_email(text):
        raise ValidationError(NOT_AN_EMAIL)


def a_name(text: str) -> None:
    """Refuse a name that is too long or cannot be stored (LIM-3)."""
    if "\0" in text:
        raise ValidationError(HOLDS_NUL)
    if len(text) > LONGEST_NAME_PART:
        raise ValidationError(TOO_LONG)


def some_text(text: str) -> None:
    """Refuse nothing typed at all."""
    if not text:
        raise ValidationError(NO_PASSWORD)


def some_code(text: str) -> None:
    """Refuse nothing typed at all, and what is longer than any code."""
    if not text.strip() or len(text) > LONGEST_CODE:
        raise ValidationError(NO_CODE)


def no_longer_than_a_code(text: str) -> None:
    """Refuse what is longer than any code."""
    if len(text) > LONGEST_CODE:
        raise ValidationError(NO_CODE)


def self_service_number(number: int) -> None:
    """Refuse a number outside self-service (SEAT-2)."""
    if not 0 <= number <= MOST_ADDITIONAL_BY_SELF_SERVICE:
        raise ValidationError(NO_NUMBER)


def one_of(choices: Iterable[str], sentence: str) -> Callable[[str], None]:
    """Return a check that a value is one of those that the page offered."""
    offered = frozenset(choices)

    def check(value: str) -> None:
        if value not in offered:
            raise ValidationError(sentence)

    return check


class Trimmed(fields.String):
    """Text without the blanks around it that come along when something is pasted."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, attr, data, **kwargs)).strip()


class Form(Schema):
    """A form; what it does not know (the token, a button's name) is left out."""

    class Meta:
        unknown = EXCLUDE


class EmailForm(Form):
    """The first step of a login, and 'Forgot your password'."""

    email = Trimmed(required=True, validate=an_email, error_messages={"required": NOT_AN_EMAIL})


class PasswordForm(Form):
    """The second step of a login; the email is judged with the password, by one answer (LGN-1)."""

    email = Trimmed(required=True)
    password = fields.String(required=True, validate=some_text, error_messages={"required": NO_PASSWORD})
    account = Trimmed(load_default="")


class CodeForm(Form):
    """A code of an authenticator app, or a recovery code."""

    code = fields.String(required=True, validate=some_code, error_messages={"required": NO_CODE})


class ProofForm(Form):
    """A fresh proof of identity; the code is missing where no second factor is on."""

    password = fields.String(required=True, validate=some_text, error_messages={"required": NO_PASSWORD})
    code = fields.String(load_default="", validate=no_longer_than_a_code)


class OtherPasswordForm(Form):
    """Another password, with the present one (LGN-5)."""

    current_password = fields.String(required=True, validate=some_text, error_messages={"required": NO_PASSWORD})
    password = fields.String(required=True, validate=some_text, error_messages={"required": NO_NEW_PASSWORD})


class NamesForm(Form):
    """The own names; none is needed, as an email is a name too."""

    first_name = Trimmed(load_default="", validate=a_name)
    last_name = Trimmed(load_default="", validate=a_name)
    display_name = Trimmed(load_default="", validate=a_name)


class PreferencesForm(Form):
    """Time zone and mails; a box that is not ticked is not sent."""

    time_zone = Trimmed(required=True, error_messages={"required": NO_TIME_ZONE})
    share_mails = fields.Boolean(load_default=False, truthy={"yes"}, falsy={""}, error_messages={"invalid": NO_BOX})


class NewPasswordForm(Form):
    """The form behind a mail link."""

    password = fields.String(required=True, validate=some_text, error_messages={"required": NO_PASSWORD})


class UserLimitForm(Form):
    """Additional subscriptions."""

    additional = fields.Integer(
        required=True,
        validate=self_service_number,
        error_messages={"required": NO_NUMBER, "invalid": NO_NUMBER, "too_large": NO_NUMBER},
    )


@dataclass(slots=True)
class Filled:
    """A form as it came: checked values, what was typed, and a sentence for each field that has a fault.

    `code` is that of the refusal behind them, `wait` the seconds until the same may be tried again.
    """

    values: dict[str, Any] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    code: Code | None = None
    wait: int = 1

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.errors

    def refuse(self, name: str, refusal: Refusal) -> None:
        """Put a refusal beside a field, '' for the whole form."""
        self.errors[name] = sentence(refusal)
        self.code = refusal.code
        self.wait = seconds_to_wait(refusal)


def read_form(schema: Schema, sent: MultiDict[str, str]) -> Filled:
    """Return a form that has each field at most once.

    Args:
        schema: the form.
        sent: as the browser sent it; a secret is not kept among what was typed.
    """
    given = sent.to_dict()
    values, errors = load(schema, given)
    typed = {name: text for name, text in given.items() if name not in SECRET_FIELDS}
    return Filled(values, typed, errors, Code.INVALID_VALUE if errors else None)


def attempt(form: Filled, run: Callable[[], T], beside: Collection[str]) -> T | None:
    """Run an action for a form; where it refuses a field of the form, put the sentence there and return None.

    Args:
        form: gets the sentence.
        run: the action with its arguments; never answers None itself.
        beside: names of the form's fields, as the product calls them.

    Raises:
        Refusal: of anything but those fields.
    """
    try:
        return run()
    except Refusal as refusal:
        if refusal.field is None or refusal.field not in beside:
            raise
        form.refuse(refusal.field, refusal)
        return None


def load(schema: Schema, given: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that are right, and the first sentence for each field that is not."""
    try:
        return dict(schema.load(given)), {}
    except ValidationError as fault:
        right = fault.valid_data if isinstance(fault.valid_data, dict) else {}
        return right, {name: first_sentence(found) for name, found in fault.messages_dict.items()}


def first_sentence(found: object) -> str:
    """Return the first sentence of what marshmallow says of a field, however deep it says it."""
    if isinstance(found, Mapping):
        return first_sentence(next(iter(found.values())))
    if isinstance(found, Sequence) and not isinstance(found, str):
        return first_sentence(found[0])
    return str(found)
