"""The SAML door: metadata out, logins begun, responses taken. Each view reads the request, calls, and answers.

The connection is the one that our own address names and nothing else decides it (SAM-1); all our addresses come from
the configured public URL (LNK-5). Every response, solicited or not, goes through `_take_response` (SAM-7).
"""

from uuid import UUID

from flask import Blueprint, Flask, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from provisioning.actions.saml_refusals import linked_user_id
from provisioning.actions.saml_sign_in import begin_saml, by_saml
from provisioning.actions.sessions import Browser, caller_of, log_out
from provisioning.actions.sso_settings import connection_for_door
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.sessions import Session
from provisioning.domain.sso import REQUEST_LIFETIME_SECONDS, Connection, Profile, SamlLogin
from provisioning.guard.context import SETTINGS, client_address, services
from provisioning.guard.cookie import present_session, read_cookie, set_cookie, set_session
from provisioning.guard.csrf import FIELD, form_token, require_own_form
from provisioning.guard.door import Door
from provisioning.guard.local_paths import is_own_page, local_path
from provisioning.guard.require import public
from provisioning.outgoing import Outgoing, allowed_by
from provisioning.settings import Settings
from saml import pages
from saml.assertion import Assertion
from saml.attributes import read_profile
from saml.door import STATE, State, acs_url, entity_id, open_connection, state
from saml.errors import SamlError
from saml.forms import PostedResponse, limit_form, posted_response
from saml.metadata import MEDIA_TYPE, is_address, sp_metadata
from saml.pace import Pace
from saml.request import REQUEST_ID_BYTES, login_request, request_id
from saml.response import read_response
from saml.trace import Trace

BINDING = "gatelodge_saml"
METADATA_CACHE = "public, max-age=3600"
ASSET_CACHE = "public, max-age=86400"

blueprint = Blueprint("saml", __name__, url_prefix="/saml", template_folder="templates")
blueprint.before_request(limit_form)


def register(app: Flask) -> None:
    """Add the door's routes to the application."""
    app.register_blueprint(blueprint)
    settings: Settings = app.extensions[SETTINGS]
    app.extensions[STATE] = State(Pace(settings.saml_rate), Trace(), Outgoing(allowed_by(settings)).may_name)


@blueprint.get("/assets/page.css")
@public("a stylesheet")
def stylesheet() -> Response:
    """The style of this door's pages."""
    return _asset(pages.STYLE, "text/css")


@blueprint.get("/assets/submit.js")
@public("a script of one line")
def submit_script() -> Response:
    """Submits the form that carries a request."""
    return _asset(pages.SUBMIT, "text/javascript")


def _asset(text: str, media_type: str) -> Response:
    return Response(text, mimetype=media_type, headers={"Cache-Control": ASSET_CACHE})


@blueprint.get("/<uuid:connection_id>/metadata")
@public("metadata is made to be read by anyone and holds no secret")
def metadata(connection_id: UUID) -> Response:
    """Our metadata for one connection (saml.md 2)."""
    connection = connection_for_door(str(connection_id), services())
    octets = sp_metadata(connection, acs_url(connection), entity_id(connection))
    return Response(octets, content_type=MEDIA_TYPE, headers={"Cache-Control": METADATA_CACHE})


@blueprint.get("/<uuid:connection_id>/login")
@public("a login begins here")
def login(connection_id: UUID) -> AnyResponse:
    """Begin a login at the connection's identity provider (SAM-5)."""
    connection = open_connection(str(connection_id))
    if not is_address(connection.sso_url, state().may_name):
        raise Refusal(Code.CONNECTION_INCOMPLETE, detail="the identity provider's address may not be used.")
    path = local_path(request.args.get("next"), is_own_page)
    id_ = request_id(services().random(REQUEST_ID_BYTES))
    # Asking for a proof takes nothing away from anybody, so the address may ask for it (SES-4).
    forced = connection.force_authn or request.args.get("proof") == "fresh"
    begun = begin_saml(connection, id_, path, read_cookie(BINDING), services(), forced=forced)
    asked = login_request(
        connection,
        acs_url(connection),
        entity_id(connection),
        id_,
        begun.relay_state,
        services().now(),
        forced=forced,
    )
    response: AnyResponse = pages.request_form(asked) if asked.fields else redirect(asked.url, 303)
    set_cookie(response, BINDING, begun.browser_secret, max_age=REQUEST_LIFETIME_SECONDS, cross_site=True)
    return response


@blueprint.post("/<uuid:connection_id>/acs", provide_automatic_options=False)
@public("the identity provider's signature is the credential")
def acs(connection_id: UUID) -> AnyResponse:
    """Take a response of the identity provider."""
    return _take_response(str(connection_id), confirmed=False)


@blueprint.post("/<uuid:connection_id>/continue", provide_automatic_options=False)
@public("the same as the ACS, with a token of the session that is to be replaced")
def continue_(connection_id: UUID) -> AnyResponse:
    """Take a response again, after its person was asked whether the present session may go (SAM-5)."""
    require_own_form()
    return _take_response(str(connection_id), confirmed=True)


def _take_response(connection_id: str, confirmed: bool) -> AnyResponse:
    """The one way in for every response: read, verify, ask where must be, log in, lead on (SAM-7)."""
    connection = open_connection(connection_id)
    try:
        posted = posted_response()
        assertion, profile = _verified(posted, connection)
    except SamlError as error:
        state().trace.message_refused(connection, error, pages.reference(), client_address(), services())
        return pages.message_refused(error)
    session = present_session()
    if not confirmed and session is not None and _replaces_another(session, assertion, profile, connection):
        return _question(session, profile, assertion, connection, posted)
    return _log_in(connection, assertion, profile, posted, session)


def _verified(posted: PostedResponse, connection: Connection) -> tuple[Assertion, Profile]:
    with state().pace.place():
        assertion = read_response(
            posted.saml_response, connection, acs_url(connection), entity_id(connection), services().now()
        )
    return assertion, read_profile(assertion, connection)


def _log_in(
    connection: Connection, assertion: Assertion, profile: Profile, posted: PostedResponse, session: Session | None
) -> AnyResponse:
    """Spend the ids and open the session; the session that the browser had before ends (SES-3)."""
    browser = Browser(client_address(), request.headers.get("User-Agent"))
    try:
        entry = by_saml(connection, _login_of(connection, assertion, profile), browser, services())
    except Refusal as refusal:
        state().trace.login(connection, assertion, client_address(), refusal)
        raise
    state().trace.login(connection, assertion, client_address(), None)
    if session is not None:
        log_out(caller_of(session, client_address()), services())
    path = entry.return_path if entry.return_path is not None else local_path(posted.relay_state, is_own_page)
    response = redirect(path, 303)
    set_session(response, entry.opened)
    return response


def _login_of(connection: Connection, assertion: Assertion, profile: Profile) -> SamlLogin:
    return SamlLogin(
        connection_id=connection.id,
        response_id=assertion.response_id,
        assertion_id=assertion.assertion_id,
        in_response_to=assertion.in_response_to,
        browser_secret=read_cookie(BINDING),
        name_id=assertion.name_id,
        session_index=assertion.session_index,
        valid_until=assertion.valid_until,
        session_not_on_or_after=assertion.session_not_on_or_after,
        authn_instant=assertion.authn_instant,
        profile=profile,
    )


def _replaces_another(session: Session, assertion: Assertion, profile: Profile, connection: Connection) -> bool:
    """Whether an unsolicited response comes into a browser where somebody else is logged in (login CSRF)."""
    if assertion.in_response_to is not None:
        return False
    return linked_user_id(connection, profile.subject, services()) != session.user.id


def _question(
    session: Session, profile: Profile, assertion: Assertion, connection: Connection, posted: PostedResponse
) -> Response:
    fields = {"SAMLResponse": posted.saml_response, "RelayState": posted.relay_state or "", FIELD: form_token()}
    action = url_for("saml.continue_", connection_id=connection.id)
    present = session.user.email or session.user.name
    return pages.question(present, profile.email or assertion.name_id, action, fields)


SAML_DOOR = Door(("/saml/",), register, pages.refused, pages.faulted)
