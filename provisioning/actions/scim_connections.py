"""SCIM connections: what each identity provider that pushes may do (SCM-1, SCM-2, IDN-3)."""

from collections.abc import Iterable
from dataclasses import replace

from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.domain import policy
from provisioning.domain.addresses import DOMAIN
from provisioning.domain.caller import Caller
from provisioning.domain.comparison import domain_key
from provisioning.domain.errors import Code, Refusal, invalid, not_found
from provisioning.domain.events import Event
from provisioning.domain.groups import checked_group_name
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import RoleGift
from provisioning.domain.scim_connections import ScimConnection, checked_role_map
from provisioning.store.unit_of_work import Unit

DEFAULT_NAME = "default"


@repeated
def create_scim_connection(caller: Caller, asked: ScimConnection, services: Services) -> ScimConnection:
    """Make a SCIM connection with the settings asked for; its id and account are ours (SCM-2)."""
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        return add_connection(unit, asked, services)


def add_connection(unit: Unit, asked: ScimConnection, services: Services) -> ScimConnection:
    """Insert a SCIM connection inside a transaction that is open."""
    made = replace(asked, id=services.new_connection_id(), account_id=unit.account_id)
    made = _checked(unit, made)
    unit.keys.add_connection(made, unit.now)
    unit.record(Event("scim_connection.created", "scim_connection", made.id, made.name))
    return made


@repeated
def update_scim_connection(
    caller: Caller, connection_id: str, changes: dict[str, object], services: Services
) -> ScimConnection:
    """Change settings of a SCIM connection.

    Args:
        caller: needs to manage SCIM connections.
        connection_id: of the account.
        changes: names of `ScimConnection` settings -> new values.
        services: from outside.
    """
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        before = unit.keys.lock_connection(connection_id)
        after = _checked(unit, replace(before, **changes))  # type: ignore[arg-type]
        unit.keys.save_connection(after)
        data = {"fields": sorted(changes)}
        unit.record(Event("scim_connection.changed", "scim_connection", after.id, after.name, data))
        return after


@repeated
def delete_scim_connection(caller: Caller, connection_id: str, services: Services) -> ScimConnection:
    """Remove a SCIM connection and its tokens; the people and groups it made stay and are held by nobody."""
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        connection = unit.keys.lock_connection(connection_id)
        unit.keys.delete_connection(connection_id, unit.now)
        unit.record(Event("scim_connection.deleted", "scim_connection", connection.id, connection.name))
        return connection


def list_scim_connections(caller: Caller, services: Services) -> list[ScimConnection]:
    """Return the account's SCIM connections."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        return unit.keys.all_connections()


def show_scim_connection(caller: Caller, connection_id: str, services: Services) -> ScimConnection:
    """Return one SCIM connection of the account."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        return unit.keys.get_connection(connection_id)


def find_scim_connection(caller: Caller, name_or_id: str, services: Services) -> ScimConnection:
    """Return the SCIM connection of the account that has a name or an id.

    Raises:
        Refusal: not found, not allowed.
    """
    for connection in list_scim_connections(caller, services):
        if name_or_id in (connection.name, connection.id):
            return connection
    raise not_found("SCIM connection")


def checked_domains(domains: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of email domains; refuse what is none (IDN-3)."""
    keys = []
    for domain in domains:
        try:
            key = domain_key(domain)
        except (ValueError, UnicodeError):
            key = ""
        if not DOMAIN.fullmatch(key):
            raise invalid("email_domains", f"{domain[:80]!r} is not a domain name.")
        keys.append(key)
    return tuple(dict.fromkeys(keys))


def _checked(unit: Unit, connection: ScimConnection) -> ScimConnection:
    checked = replace(
        connection,
        name=checked_group_name(connection.name),
        email_domains=checked_domains(connection.email_domains),
        role_map=checked_role_map(connection.role_map, connection.role_cap),
    )
    for role in {*checked.role_cap, checked.default_role}:
        policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(role))
    if checked.default_role not in checked.role_cap:
        raise invalid("default_role", "default_role is one of the roles in role_cap.")
    if checked.saml_connection is not None:
        unit.saml_connections.get(checked.saml_connection)
    others = [other for other in unit.keys.all_connections() if other.id != checked.id]
    taken = {domain for other in others for domain in other.email_domains} & set(checked.email_domains)
    if taken:
        raise Refusal(Code.EMAIL_DOMAIN_TAKEN, "email_domains", name=min(taken))
    return checked
