"""What the Console shows of users: the table, one person's page with what can be done to them and why not.

Each answer is read by few statements and whole, so that a page can be drawn without asking again. What cannot be done
is asked of the same rules that would refuse it (USR-3, ROOT-2, PWD-1, INV-2); the page only repeats their sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provisioning.actions.email_changes import email_to_confirm
from provisioning.actions.services import Services
from provisioning.actions.users import require_verb
from provisioning.domain import policy, root
from provisioning.domain.accounts import Account
from provisioning.domain.caller import Caller
from provisioning.domain.confusables import confusable_with
from provisioning.domain.errors import Refusal
from provisioning.domain.invitations import SamlState, require_invitable
from provisioning.domain.passwords import require_resettable
from provisioning.domain.permissions import Permission
from provisioning.domain.seats import Seats
from provisioning.domain.sessions import Session, is_good
from provisioning.domain.sso import saml_state
from provisioning.domain.user_table import TableQuery
from provisioning.domain.users import User, UserView, Verb, require_live, require_text
from provisioning.store.unit_of_work import Unit
from provisioning.store.user_table import page_of_users

NO_VERB: Mapping[Verb, Refusal | None] = {}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of what users refer to by id: product environments and SCIM connections."""

    environments: Mapping[str, str]
    connections: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the table can be narrowed to, id -> name: groups by name, product environments in the order of making."""

    groups: Mapping[str, str]
    environments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One user of the table; `refusals` tells of each verb what is in its way, None where nothing is."""

    view: UserView
    refusals: Mapping[Verb, Refusal | None]


@dataclass(frozen=True, slots=True)
class UserTable:
    """One page of the table, with the seats it stands under."""

    account: Account
    seats: Seats
    rows: tuple[Row, ...]
    has_earlier: bool
    has_later: bool
    names: Names


@dataclass(frozen=True, slots=True)
class UserPage:
    """Everything that the page of one user shows; a deleted one has no sessions and no verb.

    Attributes:
        waiting_email: new address that is not confirmed yet, None where no change waits (USR-4).
        looks_like: an administrator for whom the user can be taken, None where there is none (IDN-7).
    """

    account: Account
    seats: Seats
    view: UserView
    refusals: Mapping[Verb, Refusal | None]
    sessions: tuple[Session, ...]
    names: Names
    waiting_email: str | None
    looks_like: User | None


def user_table(caller: Caller, query: TableQuery, services: Services) -> UserTable:
    """Return one page of the account's users by name.

    Args:
        caller: needs to read users.
        query: text, status and place of the page.
        services: from outside.

    Raises:
        Refusal: a text that is too long or holds NUL; not allowed.
    """
    places = (query.after, query.before, query.group_id, query.outside_group_id, query.environment_id)
    for value in (query.text, *places):
        require_text("search", value)
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        account = unit.accounts.get()
        page = page_of_users(unit.users, query)
        saml = saml_state(account.saml_enabled, account.saml_enforced)
        rows = tuple(Row(view, what_is_in_the_way(caller, view.user, saml)) for view in unit.users.views(page.users))
        return UserTable(account, unit.accounts.seats(), rows, page.has_earlier, page.has_later, _names(unit))


def filter_choices(caller: Caller, services: Services) -> FilterChoices:
    """Return the groups and product environments of the account that its users can be filtered by.

    Raises:
        Refusal: not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        return FilterChoices(
            groups={group.id: group.name for group in unit.groups.all(unit.groups.select().order_by("name_key"))},
            environments={environment.id: environment.name for environment in unit.environments.all()},
        )


def user_page(caller: Caller, user_id: str, services: Services) -> UserPage:
    """Return one user's page, also of a deleted one, which is read-only (USR-6, USR-8).

    Raises:
        Refusal: an unknown or foreign user is not found; not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        user = unit.users.get_also_inactive(user_id)
        account = unit.accounts.get()
        saml = saml_state(account.saml_enabled, account.saml_enforced)
        sessions = () if user.is_inactive else unit.sessions.of_user(user_id)
        return UserPage(
            account=account,
            seats=unit.accounts.seats(),
            view=unit.users.views([user])[0],
            refusals={**what_is_in_the_way(caller, user, saml), **_way_to_second_factor(unit, user)},
            sessions=tuple(session for session in sessions if is_good(session, unit.now)),
            names=_names(unit),
            waiting_email=_waiting_email(unit, user),
            looks_like=None if user.is_inactive else _taken_for(unit, user),
        )


def _taken_for(unit: Unit, user: User) -> User | None:
    return next(iter(confusable_with(user, unit.users.who_administer())), None)


def what_is_in_the_way(caller: Caller, user: User, saml: SamlState) -> Mapping[Verb, Refusal | None]:
    """Return each verb that fits the user's state with the refusal it would meet, None where it can be done."""
    if user.is_inactive:
        return NO_VERB
    own_rules: dict[Verb, Callable[[], None]] = {
        Verb.CHANGE: lambda: root.protect_fields(caller, user, ("first_name",)),
        Verb.INVITE: lambda: require_invitable(user, saml),
        Verb.RESET_PASSWORD: lambda: require_resettable(user),
        Verb.FORCE_LOGOUT: lambda: require_live(user),
        Verb.ENABLE if user.is_disabled else Verb.DISABLE: lambda: require_live(user),
        Verb.DELETE: lambda: require_live(user),
    }
    return {verb: _refusal_of(caller, user, verb, rule) for verb, rule in own_rules.items()}


def _refusal_of(caller: Caller, user: User, verb: Verb, rule: Callable[[], None]) -> Refusal | None:
    try:
        require_verb(caller, user, verb)
        rule()
    except Refusal as refusal:
        return refusal
    return None


def _way_to_second_factor(unit: Unit, user: User) -> Mapping[Verb, Refusal | None]:
    """Return what is in the way of removing a second factor, nothing at all where there is none (2FA-5)."""
    verb = Verb.REMOVE_SECOND_FACTOR
    if user.is_inactive or not unit.second_factors.is_on(user.id):
        return NO_VERB
    return {verb: _refusal_of(unit.caller, user, verb, lambda: require_live(user))}


def _waiting_email(unit: Unit, user: User) -> str | None:
    link = email_to_confirm(unit, user)
    return link.address if link is not None else None


def _names(unit: Unit) -> Names:
    return Names(
        environments={environment.id: environment.name for environment in unit.environments.all()},
        connections={connection.id: connection.name for connection in unit.keys.all_connections()},
    )
