"""The shapes of answers, for the OpenAPI document; representation.py makes them, and tests compare the two.

They are written down and not run: a list of a hundred thousand users is rendered by plain functions.
"""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from provisioning.domain.roles_legacy import MEDIA_LIBRARY_PERMISSIONS
from provisioning.domain.sessions import Method
from provisioning.domain.users import Status
from provisioning.rest.fields import any_object, choice, said
from provisioning.rest.schemas import ROLES


def always(field: type[fields.Field[Any]], **options: Any) -> fields.Field[Any]:
    """Return a field of an answer that is always there."""
    return field(required=True, **options)


def many(record: type[Schema] | Callable[[], Schema]) -> fields.List[Any]:
    """Return a list of records that is always there."""
    return fields.List(fields.Nested(record), required=True)


class GroupSummary(Schema):
    """A group as named with its members."""

    id = always(fields.String)
    name = always(fields.String)


class EmailPreferences(Schema):
    """Which mails a user gets; those on security cannot be opted out of."""

    share_notifications = always(fields.Boolean)


class User(Schema):
    """A user."""

    id = always(fields.String)
    name = always(fields.String, **said("The display name, else first and last name, else the email."))
    first_name = always(fields.String)
    last_name = always(fields.String)
    role = choice(ROLES, required=True, **said("The root user's reads master_admin."))
    email = always(fields.String, allow_none=True, **said("Null for users of a directory that gave none."))
    pending = always(fields.Boolean, **said("The invitation is not accepted yet."))
    enabled = always(fields.Boolean)
    status = choice([status.value for status in Status], required=True)
    root = always(fields.Boolean, **said("The account's root user."))
    created_at = always(fields.DateTime)
    updated_at = always(fields.DateTime)
    last_login = always(fields.DateTime, allow_none=True)
    all_sub_accounts = always(fields.Boolean)
    sub_account_ids = fields.String(**said("Only where limited: the ids, with commas between."))
    sub_account_count = fields.Integer(**said("Only where limited."))
    groups = many(GroupSummary)
    group_count = fields.Integer(required=True)
    media_library_permissions = fields.List(
        choice(MEDIA_LIBRARY_PERMISSIONS), **said("Of a Media Library user: what the user may do beyond the role.")
    )
    email_preferences = fields.Nested(EmailPreferences, required=True)
    providers = fields.List(fields.String(), required=True, **said("Ways the user came by: scim, saml, password."))
    account_id = always(fields.String)
    warnings = fields.List(
        fields.String(), **said("Only when adding: administrators for whom the new user could be mistaken.")
    )


class UserList(Schema):
    """Users."""

    users = many(User)


class GroupMember(Schema):
    """A user as named in a group."""

    id = always(fields.String)
    name = always(fields.String)
    email = always(fields.String, allow_none=True)


class Group(GroupSummary):
    """A group; members and times with extended_details only."""

    users = fields.List(fields.Nested(GroupMember))
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class GroupList(Schema):
    """Groups."""

    user_groups = many(Group)


class GroupMemberList(Schema):
    """The users of a group."""

    users = many(GroupMember)


class AddedMember(GroupMember):
    """The user just added, and all users of the group."""

    users = many(GroupMember)


class GroupSummaryList(Schema):
    """The groups of a user."""

    groups = many(GroupSummary)


class KeyPair(Schema):
    """An access key as shown with its product environment."""

    key = always(fields.String)
    secret = always(fields.String)
    enabled = always(fields.Boolean)


class Environment(Schema):
    """A product environment."""

    cloud_name = always(fields.String)
    name = always(fields.String)
    enabled = always(fields.Boolean)
    id = always(fields.String)
    api_access_keys = many(KeyPair)
    created_at = always(fields.DateTime)
    updated_at = always(fields.DateTime)
    custom_attributes = any_object(**said("Only where set."))


class EnvironmentList(Schema):
    """Product environments."""

    sub_accounts = many(Environment)


class EnvironmentSummary(Schema):
    """A product environment that a user has access to."""

    id = always(fields.String)
    name = always(fields.String)
    cloud_name = always(fields.String)
    enabled = always(fields.Boolean)


class EnvironmentSummaryList(Schema):
    """The product environments of a user."""

    sub_accounts = many(EnvironmentSummary)


class AccessKey(Schema):
    """An access key of a product environment."""

    name = always(fields.String)
    api_key = always(fields.String, **said("15 digits."))
    api_secret = always(fields.String)
    created_at = always(fields.DateTime)
    updated_at = always(fields.DateTime)
    enabled = always(fields.Boolean)
    dedicated_for = fields.List(fields.String(), **said("Only where set."))
    root = always(fields.Boolean, **said("The key that the product environment was made with."))


class AccessKeyList(Schema):
    """Access keys of one page, and how many there are in all."""

    access_keys = many(AccessKey)
    total = fields.Integer(required=True)


class Done(Schema):
    """It is done."""

    message = always(fields.String, **said("ok"))


class GroupDeleted(Done):
    """The group is deleted."""

    ok = always(fields.Boolean)


class EnvironmentDeleted(Done):
    """The product environment is deleted."""

    users_left_with_none = fields.List(
        fields.String(), **said("Ids of users who have no product environment any more, where there are such.")
    )


class EnvironmentUsage(Schema):
    """A product environment; what its assets cost is not known here."""

    cloud_name = always(fields.String)


class UsageCycle(Schema):
    """A cycle of a year; the breakdown by assets is empty, as this service holds none."""

    from_day = always(fields.Date)
    to_day = always(fields.Date, **said("Inclusive."))
    usage = fields.Integer(required=True, **said("Seats in use at its end, or now."))
    breakdown = any_object(required=True)
    product_environment_breakdown = fields.List(
        fields.Nested(EnvironmentUsage), **said("With include_prodenv_breakdown only.")
    )


class MetricUsage(Schema):
    """Usage of one metric."""

    metric = always(fields.String, **said("seats"))
    limit = fields.Integer(required=True)
    cycles = many(UsageCycle)


class BillingUsage(Schema):
    """Usage of a plan."""

    plan_name = always(fields.String)
    metric_usage = many(MetricUsage)


class AccountId(Schema):
    """An account."""

    id = always(fields.String)


class SessionId(Schema):
    """A session."""

    id = always(fields.String)


class SessionUser(Schema):
    """Whose session it is."""

    id = always(fields.String)
    email = always(fields.String, allow_none=True)
    root = always(fields.Boolean)
    role = choice(ROLES, required=True)
    status = choice([status.value for status in Status], required=True)


class SessionAnswer(Schema):
    """Whether a session is good; the rest only where it is."""

    active = always(fields.Boolean)
    account = fields.Nested(AccountId)
    user = fields.Nested(SessionUser)
    method = choice([method.value for method in Method])
    expires_at = fields.DateTime()
    session = fields.Nested(SessionId)


class Fault(Schema):
    """What was refused, and why."""

    message = always(fields.String, **said("A sentence for people."))
    code = always(fields.String, **said("A stable code for programs; it never changes its meaning."))
    used = fields.Integer(**said("With seat_limit_reached: seats in use."))
    limit = fields.Integer(**said("With seat_limit_reached: seats in all."))
    category = fields.String(**said("With sign_up_closed: user_error."))
    details = any_object(**said("With sign_up_closed: empty."))


class ErrorAnswer(Schema):
    """Every answer that is no success."""

    error = fields.Nested(Fault, required=True)
