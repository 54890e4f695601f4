"""The session check for products behind us: is this session still good, and whose is it (OUT-2)."""

from typing import Any

from flask import Response, jsonify, request

from provisioning.actions.sessions import introspect
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.guard.account_key import account_key_caller
from provisioning.guard.context import services
from provisioning.guard.cookie import SESSION, cookie_name, present_session
from provisioning.guard.require import public
from provisioning.rest import records
from provisioning.rest.calls import QUERY, Noun, described
from provisioning.rest.representation import session_record
from provisioning.rest.schemas import SessionQuery

SESSIONS = Noun("Sessions", "Whether a Console session is still good.", "/session/v1")
REASON = "a cookie asks about itself alone, and the action asks the policy about an account key"
Security = list[dict[str, list[str]]]
EITHER_CREDENTIAL: Security = [{"accountKey": []}, {"consoleSession": []}]


def introspect_session(query: dict[str, Any]) -> Response:
    """Check a session.

    With a Console cookie it answers about that very session; with an account key about the session that `session`
    names. A session that is unknown, ended or another account's is not active. After a force logout, disable or
    delete was answered, the next call says so.
    """
    if "Authorization" in request.headers:
        caller = account_key_caller()
        if "session" not in query:
            raise invalid("session", "session is missing.")
        return jsonify(session_record(introspect(caller, query["session"], services())))
    if cookie_name(SESSION) not in request.cookies:
        raise Refusal(Code.CREDENTIAL_INVALID)
    return jsonify(session_record(present_session()))


def add_introspection(noun: Noun) -> None:
    """Add the route, which takes either credential and so guards itself."""
    view = noun.doc(**described(introspect_session, "GET"), security=EITHER_CREDENTIAL)(introspect_session)
    view = noun.response(200, records.SessionAnswer)(noun.arguments(SessionQuery(), location=QUERY)(view))
    noun.route("/introspect", methods=["GET"])(public(REASON)(view))


add_introspection(SESSIONS)
