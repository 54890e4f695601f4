"""A person proves once more who they are, in an open session: the proof is new, and so is the session's secret."""

from provisioning.actions.links import new_secret
from provisioning.actions.second_factor import check_proof
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import OpenedSession
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.keys import secret_hash
from provisioning.domain.permissions import Permission


@repeated
def prove_again(caller: Caller, password: str, code: str | None, services: Services) -> OpenedSession:
    """Renew the proof of the caller's session by password and, where one is on, second factor (SES-3, SES-4).

    Args:
        caller: a person in a session.
        password: as typed.
        code: of the app or a recovery code, as typed; None or '' where no second factor is on.
        services: from outside.

    Returns:
        The same session with a new secret; the old value of the cookie is dead.

    Raises:
        Refusal: INVALID_CREDENTIALS, SECOND_FACTOR_WRONG, TOO_MANY_REQUESTS; CREDENTIAL_INVALID for no session.
    """
    with services.unit(caller) as unit:
        user = unit.users.get(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        session = unit.sessions.get(caller.session or "")
        if session is None or session.user.id != user.id:
            raise Refusal(Code.CREDENTIAL_INVALID)
        check_proof(unit, user, password, code, services)
        secret = new_secret(services)
        if not unit.sessions.renew(session.id, secret_hash(secret), user.epoch, unit.now):
            raise Refusal(Code.CREDENTIAL_INVALID)
        unit.record(Event("session.proved", "user", user.id, user.name))
        return OpenedSession(secret, session.id, user, session.expires_at)
