"""What requests may hold, as marshmallow schemas: read by bodies.py, shown in the OpenAPI document.

A schema lists everything that a request can set. What an answer shows besides is named as read-only and refused with
a code of its own, so that nobody believes to have set it (IDN-5).
"""

from provisioning.domain.roles_legacy import MEDIA_LIBRARY_PERMISSIONS, Role
from provisioning.domain.user_lists import UserOrder
from provisioning.domain.users import LONGEST_NAME_PART, Status
from provisioning.rest.fields import Body, Members, any_object, choice, choices, day, said, text, texts, truth, whole

LONGEST_FULL_NAME = 2 * LONGEST_NAME_PART + 1
MOST_PAGES = 100
LAST_YEAR = 9998
MOST_PAGES_OF_USERS = 100_000
MOST_ON_PAGE = 1000
ROLES = [role.value for role in Role]
SORT_ORDERS = ["desc", "asc"]
TIMES = frozenset({"id", "created_at", "updated_at"})


class Nothing(Body):
    """A body without members."""


class UserQuery(Members):
    """Filters of a list of users; all that are given must hold."""

    ids = texts(**said("Up to 100 ids."))
    emails = texts(**said("Up to 100 email addresses."))
    pending = truth(**said("Whether the user has yet to accept the invitation."))
    status = choice([status.value for status in Status], **said("The user's status."))
    prefix = text(**said("Start of the name or of the email, upper and lower case alike."))
    sub_account_id = text(**said("Only users with access to this product environment; an unknown one is a 404."))
    last_login = truth(**said("True: last login between `from` and `to`, or ever; false: any other user."))
    since = day(data_key="from", **said("First day of the range, UTC, inclusive."))
    until = day(data_key="to", **said("Last day of the range, UTC, inclusive."))
    union_type = choice(["include", "exclude"], **said("`exclude` turns a `last_login` of true into false."))
    sort_by = choice([order.value for order in UserOrder], **said("Preset: created_at."))
    sort_order = choice(SORT_ORDERS, **said("Preset: desc."))
    page = whole(1, MOST_PAGES_OF_USERS, **said("Which page, from 1. Without page and page_size: all users."))
    page_size = whole(1, MOST_ON_PAGE, **said("Users on a page; preset 100."))


class UserMembers(Body):
    """What a request can set of a user, every member optional."""

    read_only = TIMES | {
        "account_id", "email_preferences", "group_count", "groups", "last_login", "media_library_permissions",
        "pending", "providers", "root", "status", "sub_account_count",
    }  # fmt: skip

    name = text(LONGEST_FULL_NAME, **said("Full name; split at its last blank unless first and last name are given."))
    first_name = text(LONGEST_NAME_PART)
    last_name = text(LONGEST_NAME_PART)
    email = text(**said("Login name and address for mail; unique among the account's users."))
    role = choice(ROLES, **said("Preset on create: media_library_user."))
    sub_account_ids = texts(**said("Product environments with access, at most 30; ignored for a master admin."))
    all_sub_accounts = truth(**said("True gives access to all product environments, also later ones."))
    enabled = truth(**said("False ends every session and refuses every login; the seat stays taken."))


class NewUserMembers(UserMembers):
    """What a request can set of a new user."""

    email = text(required=True, **said("Login name and address for mail; unique among the account's users."))
    send_invitation = truth(**said("False: no invitation to set a password, where SAML login is on. Preset: true."))


class MediaLibraryMembers(Body):
    """The extra permissions of a Media Library user."""

    media_library_permissions = choices(
        MEDIA_LIBRARY_PERMISSIONS, required=True, **said("All that the user is to have; an empty list: none.")
    )


class GroupQuery(Members):
    """How much of a group is shown."""

    extended_details = truth(**said("Show members and times too."))


class GroupMembers(Body):
    """What a request can set of a group."""

    read_only = TIMES | {"users"}

    name = text(**said("Unique in the account, upper and lower case alike."))
    extended_details = truth(**said("Show members and times in the answer."))


class NewGroupMembers(GroupMembers):
    """What a request can set of a new group."""

    name = text(required=True, **said("Unique in the account, upper and lower case alike."))


class EnvironmentQuery(Members):
    """Filters of a list of product environments; with `ids` the others are ignored."""

    ids = texts(**said("Up to 100 ids; the other filters are ignored."))
    cloud_names = texts(**said("Up to 100 cloud names, upper and lower case alike."))
    enabled = truth(**said("Only enabled or only disabled ones."))
    prefix = text(**said("Start of the name, upper and lower case alike."))


class EnvironmentMembers(Body):
    """What a request can set of a product environment."""

    read_only = TIMES | {"api_access_keys"}

    name = text(LONGEST_NAME_PART)
    cloud_name = text(**said("Letters, digits, _ and -; unique over all accounts, upper and lower case alike."))
    custom_attributes = any_object(**said("Replaces the whole object; an empty one clears it."))
    enabled = truth()


class NewEnvironmentMembers(EnvironmentMembers):
    """What a request can set of a new product environment."""

    name = text(LONGEST_NAME_PART, required=True)
    base_sub_account_id = text(**said("A product environment of the account whose settings are copied."))


class KeyQuery(Members):
    """Order and page of a list of access keys."""

    page = whole(1, MOST_PAGES, **said("Which page, from 1. Without page and page_size: all keys."))
    page_size = whole(1, MOST_ON_PAGE, **said("Keys on a page; preset 100."))
    sort_by = choice(["api_key", "created_at", "name", "enabled"], **said("Preset: created_at."))
    sort_order = choice(SORT_ORDERS, **said("Preset: desc."))


class NewKeyMembers(Body):
    """What a request can set of a new access key."""

    read_only = TIMES | {"api_key", "api_secret", "dedicated_for", "root"}

    name = text(LONGEST_NAME_PART)
    enabled = truth()


class KeyMembers(NewKeyMembers):
    """What a request can set of an access key."""

    read_only = TIMES | {"api_key", "api_secret", "root"}

    dedicated_for = choice(["webhooks"], **said("Moves the dedication from the key that had it."))


class KeyName(Body):
    """The name of an access key that is to be deleted."""

    name = text(LONGEST_NAME_PART)


class KeyNameQuery(Members):
    """The same name in the query."""

    name = text(LONGEST_NAME_PART)


class BillingQuery(Members):
    """Which cycle, and how fine."""

    year = whole(1, LAST_YEAR, **said("The cycle that began in this year. Without it: the present one."))
    include_prodenv_breakdown = truth(**said("Name the product environments too."))


class SessionQuery(Members):
    """Which session is asked about."""

    session = text(**said("The id of a session; for account keys. A Console cookie asks about its own."))
