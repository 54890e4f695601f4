"""Logging in by SAML: begin a request, spend its ids, find or make the person, open the session, all at once.

Everything here happens after the assertion is verified and in one transaction: the ids are spent, the connection and
the user are read as they are now (SAM-4 to SAM-6), and every flow (begun here or at the identity provider) passes
through `by_saml` (SAM-7). A login refused for want of a seat or of provisioning still spends its ids.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioning.actions.jit import find_or_make
from provisioning.actions.links import new_secret
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import Browser, OpenedSession, SamlSession, open_session
from provisioning.domain.accounts import require_open
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.keys import secret_hash
from provisioning.domain.sessions import Method
from provisioning.domain.sso import REQUEST_LIFETIME_SECONDS, Connection, SamlLogin, proof_of, require_may_log_in
from provisioning.store.sso import BegunLogin, UsedLogin
from provisioning.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class BegunSaml:
    """A login just begun: the request's id, the RelayState handle and the browser's secret for its cookie."""

    request_id: str
    relay_state: str
    browser_secret: str


@dataclass(frozen=True, slots=True)
class SamlEntry:
    """A login that succeeded: the session, and the path it was begun for (None for an unsolicited one)."""

    opened: OpenedSession
    return_path: str | None


def begin_saml(
    connection: Connection,
    request_id: str,
    return_path: str,
    browser_secret: str | None,
    services: Services,
    *,
    forced: bool = False,
) -> BegunSaml:
    """Store a begun login with the browser that began it (SAM-5).

    Args:
        connection: switched on.
        request_id: id of the AuthnRequest.
        return_path: local path, checked by the door.
        browser_secret: the binding cookie's value where the browser has one already, so that several tabs work.
        services: from outside.
        forced: whether the request asks for a fresh proof (ForceAuthn, SES-4).
    """
    if not connection.enabled:
        raise Refusal(Code.CONNECTION_DISABLED)
    relay_state, secret = new_secret(services), browser_secret or new_secret(services)
    with services.unit(nobody(WayIn.SAML, None, connection.account_id)) as unit:
        require_open(unit.accounts.get())
        unit.saml_connections.begin(
            BegunLogin(
                id=request_id,
                connection_id=connection.id,
                browser_hash=secret_hash(secret),
                relay_hash=secret_hash(relay_state),
                return_path=return_path,
                forced=forced,
                created_at=unit.now,
                expires_at=unit.now + timedelta(seconds=REQUEST_LIFETIME_SECONDS),
            )
        )
    return BegunSaml(request_id, relay_state, secret)


def by_saml(connection: Connection, login: SamlLogin, browser: Browser, services: Services) -> SamlEntry:
    """Log the subject of a verified assertion in.

    Args:
        connection: found from our own URL (SAM-1); read again inside the transaction.
        login: ids, times and profile of the verified assertion.
        browser: who posts it.
        services: from outside.

    Raises:
        Refusal: replayed, not begun in this browser, switched off, unknown user, disabled, no seat, and so on.
    """
    caller = Caller(
        account=connection.account_id,
        way_in=WayIn.SAML,
        credential=Credential.ASSERTION,
        id=connection.id,
        name=login.profile.email or login.name_id,
        address=browser.address,
    )
    try:
        return _enter_once_more_where_taken(caller, login, browser, services)
    except Refusal as refusal:
        if refusal.code is not Code.SAML_REPLAYED:
            _spend_refused(caller, login, services)
        raise


def _enter_once_more_where_taken(caller: Caller, login: SamlLogin, browser: Browser, services: Services) -> SamlEntry:
    """Log the person in; where somebody made a user of that email at the same moment, look for the person anew."""
    try:
        return _enter(caller, login, browser, services)
    except Refusal as refusal:
        if refusal.code not in (Code.EMAIL_TAKEN, Code.USER_NAME_TAKEN):
            raise
    return _enter(caller, login, browser, services)


@repeated
def _enter(caller: Caller, login: SamlLogin, browser: Browser, services: Services) -> SamlEntry:
    with services.unit(caller) as unit:
        begun = _spend(unit, login)
        account = unit.accounts.get()
        require_open(account)
        connection = unit.saml_connections.get(login.connection_id)
        if not connection.enabled:
            raise Refusal(Code.CONNECTION_DISABLED)
        if begun is None and not connection.allow_idp_initiated:
            raise Refusal(Code.SAML_UNSOLICITED)
        user = find_or_make(unit, account, connection, login.profile, services)
        require_may_log_in(connection, user)
        if user.accepted_at is None:
            user = unit.users.save(user, replace(user, accepted_at=unit.now, updated_at=unit.now))
        if connection.succeeded_at is None:
            unit.saml_connections.note_success(connection.id, unit.now)
            unit.record(Event("saml_connection.proved", "saml_connection", connection.id, connection.idp_entity_id))
        saml = _saml_session(unit, connection, login, begun)
        unit.caller = replace(caller, id=user.id, name=user.email or user.name)
        opened = open_session(unit, account, user, Method.SAML, browser, services, saml)
        return SamlEntry(opened, begun.return_path if begun else None)


def _saml_session(unit: Unit, connection: Connection, login: SamlLogin, begun: UsedLogin | None) -> SamlSession:
    """Return what this login adds to its session; its proof is never later than now, whatever the other clock says."""
    proved_at = proof_of(connection, begun.forced_at if begun else None, login.authn_instant)
    return SamlSession(
        connection_id=connection.id,
        name_id=login.name_id,
        session_index=login.session_index,
        ends_at=_session_end(unit, connection, login),
        proved_at=min(proved_at, unit.now) if proved_at else None,
    )


def _session_end(unit: Unit, connection: Connection, login: SamlLogin) -> datetime | None:
    cap = unit.now + timedelta(seconds=connection.session_cap) if connection.session_cap else None
    ends = [end for end in (cap, login.session_not_on_or_after) if end is not None]
    return min(ends, default=None)


def _spend(unit: Unit, login: SamlLogin) -> UsedLogin | None:
    """Spend the ids of a response and use its begun login up, which is returned; None for an unsolicited response."""
    unit.saml_connections.spend(login.connection_id, _ids(login), login.valid_until)
    if login.in_response_to is None:
        return None
    if login.browser_secret is None:
        raise Refusal(Code.SAML_REQUEST_UNKNOWN)
    begun = unit.saml_connections.use_begun(
        login.in_response_to, login.connection_id, secret_hash(login.browser_secret), unit.now
    )
    if begun is None:
        raise Refusal(Code.SAML_REQUEST_UNKNOWN)
    return begun


def _spend_refused(caller: Caller, login: SamlLogin, services: Services) -> None:
    """Spend the ids of a valid assertion that was refused, so that it cannot be tried again later."""
    try:
        with services.unit(caller) as unit:
            unit.saml_connections.spend(login.connection_id, _ids(login), login.valid_until)
    except Refusal:
        # Somebody else spent them in between, which is what was wanted.
        return


def _ids(login: SamlLogin) -> dict[str, str]:
    return {"assertion": login.assertion_id, "response": login.response_id}
