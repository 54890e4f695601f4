"""Builds AuthnRequests with python3-saml, for the Redirect and the POST binding, signed or not (saml.md 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from provisioning.domain.sso import Connection
from saml import names
from saml.message import CANONICAL, parse
from saml.settings import toolkit_settings

REQUEST_ID_BYTES = 20


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """Where the browser goes with our request.

    Attributes:
        url: the address to redirect to, or the target of the form.
        fields: hidden fields of the form; empty for a redirect.
    """

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)


def request_id(random: bytes) -> str:
    """Return the ID of a request from at least 128 random bits; it begins with an underscore (Core 1.3.4)."""
    if len(random) < REQUEST_ID_BYTES:
        raise ValueError(f"a request id takes {REQUEST_ID_BYTES} random bytes")
    return f"_{random.hex()}"


def login_request(
    connection: Connection,
    acs_url: str,
    sp_entity_id: str,
    id_: str,
    relay_state: str,
    now: datetime,
    *,
    forced: bool = False,
) -> LoginRequest:
    """Return the request that begins a login at the connection's identity provider.

    Args:
        connection: says binding, signing, ForceAuthn and NameID format.
        acs_url, sp_entity_id: from the configured public URL.
        id_: of `request_id`, kept by us until it is answered.
        relay_state: an opaque token of at most 80 bytes (Bind 3.4.3).
        now: aware; the IssueInstant.
        forced: whether the person is to prove anew who they are, also where the connection does not ask for it (SES-4).
    """
    settings = toolkit_settings(connection, acs_url, sp_entity_id)
    request = OneLogin_Saml2_Authn_Request(settings, force_authn=forced or connection.force_authn)
    text = _with_our_values(request.get_xml(), id_, now)
    if connection.sso_binding == names.POST_BINDING:
        return _form(connection, text, relay_state)
    return _redirect(connection, settings, text, relay_state)


def _with_our_values(text: str, id_: str, now: datetime) -> str:
    """The toolkit draws 122 random bits and reads the machine's clock; both are handed in here."""
    root = parse(text.encode(), CANONICAL)
    root.set("ID", id_)
    root.set("IssueInstant", now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return etree.tostring(root, encoding="unicode")


def _redirect(connection: Connection, settings: OneLogin_Saml2_Settings, text: str, relay_state: str) -> LoginRequest:
    """The query of the Redirect binding; a signature is over the query's own octets (Bind 3.4.4.1)."""
    parameters = {"SAMLRequest": OneLogin_Saml2_Utils.deflate_and_base64_encode(text), "RelayState": relay_state}
    if connection.sign_requests:
        parameters["SigAlg"] = names.RSA_SHA256
        OneLogin_Saml2_Auth({}, old_settings=settings).add_request_signature(parameters, names.RSA_SHA256)
    return LoginRequest(OneLogin_Saml2_Utils.redirect(connection.sso_url, parameters, {}))


def _form(connection: Connection, text: str, relay_state: str) -> LoginRequest:
    if connection.sign_requests:
        text = OneLogin_Saml2_Utils.add_sign(text, connection.sp_private_key, connection.sp_certificate)
    octets = text if isinstance(text, bytes) else text.encode()
    fields = {"SAMLRequest": OneLogin_Saml2_Utils.b64encode(octets), "RelayState": relay_state}
    return LoginRequest(connection.sso_url, fields)
