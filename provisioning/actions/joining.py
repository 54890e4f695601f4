"""One person, one user: what an identity provider pushes by SCIM and whom it sends by SAML are joined (IDN-3, USR-11).

A SCIM connection names the SAML connection of the same provider, its partner. Whoever the provider pushed first is then
found at the first login, and whoever logged in first is found when the provider pushes, by the one key that both may
carry: the subject of the assertion (a persistent NameID) as `externalId`. Names and addresses come after it.
"""

from collections.abc import Callable

from provisioning.actions.services import Services
from provisioning.actions.user_changes import apply_changes
from provisioning.domain import policy, root
from provisioning.domain.addresses import is_email
from provisioning.domain.caller import Credential
from provisioning.domain.comparison import comparison_key
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import Claim, Target
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import Connection, Profile
from provisioning.domain.users import NewUser, User, pushed_changes
from provisioning.store.unit_of_work import Unit


def claim_on(unit: Unit, user: User) -> Target:
    """Return what the policy is asked about: for a SCIM token and a user whom nobody holds, a claim on that user."""
    if unit.caller.credential is not Credential.SCIM_TOKEN or user.connection_id is not None or user.is_root:
        return user
    return Claim(user, frozenset(unit.saml_connections.linked_connections_of(user.id)))


def join_by_subject(unit: Unit, command: NewUser, services: Services) -> User | None:
    """Take over the person whom a SCIM create names by the subject of a login at its partner.

    The subject is sent as `externalId` or as `userName`. A person who has that userName is not joined but refused like
    every taken one (SCM-5): the provider finds it by that name.

    Args:
        unit: the open transaction.
        command: the user that is to be made.
        services: from outside.

    Returns:
        The user as it is then, None where the partner knows nobody by that subject.

    Raises:
        Refusal: USER_NAME_TAKEN where a connection holds the person already; ROOT_USER_PROTECTED, ABOVE_OWN_ROLE.
    """
    connection = unit.caller.connection
    if connection is None or connection.saml_connection is None:
        return None
    unit.saml_connections.hold(connection.saml_connection, alone=False)
    user = _subject_of_partner(unit, connection.saml_connection, command)
    if user is None or comparison_key(user.user_name) == comparison_key(command.user_name or ""):
        return None
    root.protect_from_directory(unit.caller, user)
    if user.connection_id is not None:
        raise Refusal(Code.USER_NAME_TAKEN, "user_name", user_name=user.user_name)
    policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE, claim_on(unit, user))
    return apply_changes(unit, user, pushed_changes(command), services)


def _subject_of_partner(unit: Unit, saml_connection: str, command: NewUser) -> User | None:
    """Return the locked user behind a subject that the command names: its externalId, else its userName."""
    for subject in filter(None, (command.external_id, command.user_name)):
        user_id = unit.saml_connections.user_id_of(saml_connection, subject)
        if user_id is not None:
            return unit.users.lock(user_id)
    return None


def pushed_by_partner(unit: Unit, connection: Connection, profile: Profile) -> User | None:
    """Return the locked user that a partner of a SAML connection pushed for the person who logs in, None for nobody.

    Found by externalId, then userName, then email. By a name or an address only once: somebody who inherits one from a
    person that has logged in already is not that person.

    Raises:
        Refusal: SAML_EMAIL_TAKEN for a master admin whom the connection may not touch, and for a second subject.
    """
    partners = unit.keys.partners_of(connection.id)
    if not partners:
        return None
    # A push and a first login at the same moment wait for one another, so that the later one finds the person.
    unit.saml_connections.hold(connection.id, alone=True)
    user = unit.users.find_pushed(partners, external_id=profile.subject)
    if user is None:
        user = _named_alike(unit, partners, profile)
        if user is not None and unit.saml_connections.linked_connections_of(user.id):
            raise Refusal(Code.SAML_EMAIL_TAKEN)
    if user is not None and user.role is Role.MASTER_ADMIN and not connection.allow_master_admin:
        raise Refusal(Code.SAML_EMAIL_TAKEN)
    return user


def _named_alike(unit: Unit, partners: list[str], profile: Profile) -> User | None:
    address = profile.email if profile.email is not None and is_email(profile.email) else None
    looks: list[Callable[[], User | None]] = [lambda: unit.users.find_pushed(partners, user_name=profile.subject)]
    if address is not None:
        looks.append(lambda: unit.users.find_pushed(partners, user_name=address))
        looks.append(lambda: unit.users.find_pushed(partners, email=address))
    return next((found for look in looks if (found := look()) is not None), None)
