"""A fresh proof of identity in a session that is open (SES-4); the session goes on under a new value (SES-3).

Who came by password gives it once more, and the code of the second factor where one is on. Who came through the
organisation logs in there anew, which opens another session (`saml_sign_in.py`).
"""

from dataclasses import dataclass

from provisioning.actions.second_factor import check_proof
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import OpenedSession, renew_session
from provisioning.domain import passwords, policy
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.sso import saml_state
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class WaysOfProof:
    """How a person can prove anew who they are.

    Attributes:
        password: whether by password.
        code: whether a code of the second factor is asked for beside it.
        connection_id: the SAML connection that the session came through, None for other sessions.
    """

    password: bool
    code: bool
    connection_id: str | None


def ways_of_proof(caller: Caller, services: Services) -> WaysOfProof:
    """Return how the caller can prove anew who they are."""
    with services.read(caller) as unit:
        user = unit.users.get(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        session = unit.sessions.get(caller.session or "")
        has_factor = unit.second_factors.is_on(user.id)
        return WaysOfProof(has_usable_password(unit, user), has_factor, session.connection_id if session else None)


@repeated
def prove_again(caller: Caller, password: str, code: str | None, services: Services) -> OpenedSession:
    """Take a fresh proof of identity; the session goes on under a new value (SES-3, SES-4).

    Args:
        caller: in a session.
        password, code: as typed; the code only where a second factor is on.
        services: from outside.

    Raises:
        Refusal: INVALID_CREDENTIALS, SECOND_FACTOR_WRONG, TOO_MANY_REQUESTS; CREDENTIAL_INVALID for a dead session.
    """
    with services.unit(caller) as unit:
        user = unit.users.lock(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        if not has_usable_password(unit, user):
            raise Refusal(Code.INVALID_CREDENTIALS, "password")
        check_proof(unit, user, password, code, services)
        unit.record(Event("session.proved", "user", user.id, user.name))
        return renew_session(unit, user, services)


def has_usable_password(unit: Unit, user: User) -> bool:
    """Return whether the user has a password and may use it (PWD-3)."""
    account = unit.accounts.get()
    saml = saml_state(account.saml_enabled, account.saml_enforced)
    return user.has_password and passwords.may_use_password(user, saml)
