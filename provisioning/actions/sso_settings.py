"""SAML connections: made from an identity provider's metadata, changed, removed; Enforce and provisioning (SSO)."""

from collections.abc import Mapping
from dataclasses import replace

from provisioning.actions.scim_connections import checked_domains
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.domain import policy
from provisioning.domain.accounts import Account, TwoFactor
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal, invalid, not_found
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import MOST_CLOCK_TOLERANCE, Connection, IdentityProvider
from provisioning.store.sso import account_of_connection
from provisioning.store.unit_of_work import Unit


@repeated
def connect(
    caller: Caller, provider: IdentityProvider, changes: Mapping[str, object], services: Services
) -> Connection:
    """Make a SAML connection from an identity provider's metadata.

    Args:
        caller: needs to manage SAML connections.
        provider: from metadata.
        changes: settings other than the presets, names of `Connection`.
        services: from outside.

    Raises:
        Refusal: incomplete, a domain of another connection, what Enforce or provisioning does not allow.
    """
    connection_id = services.new_connection_id()
    certificate, private_key = services.make_sp_key(f"{services.public_url}/saml/{connection_id}/metadata")
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE)
        require_fresh(caller, unit.now)
        account = unit.accounts.lock()
        plain = Connection(
            id=connection_id,
            account_id=unit.account_id,
            idp_entity_id=provider.entity_id,
            sso_url=provider.sso_url,
            sso_binding=provider.sso_binding,
            certificates=provider.certificates,
            sp_certificate=certificate,
            sp_private_key=private_key,
            slo_url=provider.slo_url,
            slo_binding=provider.slo_binding,
            metadata_url=provider.metadata_url,
            sign_requests=provider.wants_signed_requests,
        )
        made = _checked(unit, account, plain, changes)
        unit.saml_connections.add(made, unit.now)
        unit.record(Event("saml_connection.created", "saml_connection", made.id, made.idp_entity_id))
        return made


@repeated
def update_connection(
    caller: Caller,
    connection_id: str,
    changes: Mapping[str, object],
    services: Services,
    provider: IdentityProvider | None = None,
) -> Connection:
    """Change settings of a SAML connection, and its identity provider's values where new metadata is given."""
    with services.unit(caller) as unit:
        hold_standing(unit)
        account = unit.accounts.lock()
        before = _with_enforce(unit.saml_connections.get(connection_id, lock=True), account)
        policy.require(unit.caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, before)
        require_fresh(caller, unit.now)
        after = _checked(unit, account, _with_provider(before, provider), changes)
        unit.saml_connections.save(after)
        if after.enforce != account.saml_enforced:
            unit.accounts.set_enforced(after.enforce)
        data = {"fields": sorted(changes), "metadata": provider is not None}
        unit.record(Event("saml_connection.changed", "saml_connection", after.id, after.idp_entity_id, data))
        return after


@repeated
def disconnect(caller: Caller, connection_id: str, services: Services) -> Connection:
    """Remove a SAML connection with its subjects; sessions opened through it are refused from then on."""
    with services.unit(caller) as unit:
        account = unit.accounts.lock()
        connection = _with_enforce(unit.saml_connections.get(connection_id, lock=True), account)
        policy.require(caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, connection)
        require_fresh(caller, unit.now)
        _require_not_last_enforced(unit, account, replace(connection, enabled=False))
        unit.saml_connections.delete(connection_id)
        unit.record(Event("saml_connection.deleted", "saml_connection", connection.id, connection.idp_entity_id))
        return connection


def show_connection(caller: Caller, connection_id: str, services: Services) -> Connection:
    """Return one SAML connection of the account."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE)
        return _with_enforce(unit.saml_connections.get(connection_id), unit.accounts.get())


def list_connections(caller: Caller, services: Services) -> list[Connection]:
    """Return the account's SAML connections."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE)
        account = unit.accounts.get()
        return [_with_enforce(connection, account) for connection in unit.saml_connections.all()]


def connection_for_door(connection_id: str, services: Services) -> Connection:
    """Return the connection that our own URL names; its account follows from it and from nothing else (SAM-1).

    Raises:
        Refusal: not found, for an unknown id.
    """
    with services.read(nobody(WayIn.SAML, None)) as unit:
        account_id = account_of_connection(unit.connection, connection_id)
    if account_id is None:
        raise not_found("SAML connection")
    with services.read(nobody(WayIn.SAML, None, account_id)) as unit:
        return unit.saml_connections.get(connection_id)


def _with_provider(connection: Connection, provider: IdentityProvider | None) -> Connection:
    if provider is None:
        return connection
    return replace(
        connection,
        idp_entity_id=provider.entity_id,
        sso_url=provider.sso_url,
        sso_binding=provider.sso_binding,
        certificates=provider.certificates,
        slo_url=provider.slo_url,
        slo_binding=provider.slo_binding,
        metadata_url=provider.metadata_url or connection.metadata_url,
    )


def _with_enforce(connection: Connection, account: Account) -> Connection:
    """Return the connection with the account's one switch 'Enforce' as its own."""
    return replace(connection, enforce=account.saml_enforced)


def _checked(unit: Unit, account: Account, before: Connection, changes: Mapping[str, object]) -> Connection:
    """Return the connection with changed settings, once every rule about them holds."""
    after = replace(before, **changes)  # type: ignore[arg-type]
    after = replace(after, email_domains=checked_domains(after.email_domains))
    policy.require(unit.caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, after)
    if after.enabled and not after.certificates:
        raise Refusal(Code.CONNECTION_INCOMPLETE, "certificates", detail="it has no signing certificate.")
    if not 0 <= after.clock_tolerance <= MOST_CLOCK_TOLERANCE:
        raise invalid("clock_tolerance", f"clock_tolerance lies between 0 and {MOST_CLOCK_TOLERANCE} seconds.")
    if after.session_cap is not None and after.session_cap <= 0:
        raise invalid("session_cap", "session_cap is a number of seconds above 0.")
    if after.default_role is Role.MASTER_ADMIN and not after.allow_master_admin:
        raise invalid("default_role", "default_role cannot be master_admin unless allow_master_admin is on.")
    if after.provisioning and account.two_factor is not TwoFactor.DISABLED:
        raise Refusal(Code.TWO_FACTOR_BLOCKS_PROVISIONING, "provisioning")
    if after.enforce and not before.enforce and (after.succeeded_at is None or not after.enabled):
        raise Refusal(Code.ENFORCE_NEEDS_LOGIN, "enforce")
    _require_free_domains(unit, after)
    _require_not_last_enforced(unit, account, after)
    return after


def _require_free_domains(unit: Unit, connection: Connection) -> None:
    others = [other for other in unit.saml_connections.all() if other.id != connection.id]
    taken = {domain for other in others for domain in other.email_domains} & set(connection.email_domains)
    if taken:
        raise Refusal(Code.EMAIL_DOMAIN_TAKEN, "email_domains", name=min(taken))


def _require_not_last_enforced(unit: Unit, account: Account, after: Connection) -> None:
    """Refuse to switch off or remove the last enabled connection while SAML login is enforced."""
    if not account.saml_enforced or not after.enforce or after.enabled:
        return
    if not any(other.enabled for other in unit.saml_connections.all() if other.id != after.id):
        raise Refusal(Code.LAST_ENFORCED_CONNECTION)
