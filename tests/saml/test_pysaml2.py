"""Full logins with pysaml2 as the identity provider: our metadata, our requests and its responses, by its own code."""

import base64
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from lxml import etree

from provisioning.actions.accounts import MadeAccount
from provisioning.actions.services import Services
from provisioning.actions.sessions import check_session
from provisioning.actions.sso_settings import connect, update_connection
from provisioning.domain.sso import Connection
from saml.metadata import identity_provider
from tests.doors.idp import FakeIdp
from tests.factories import key_caller

with warnings.catch_warnings():
    # pysaml2 names a cipher, which it offers and we never use, by its old place in cryptography.
    warnings.simplefilter("ignore")
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.metadata import entity_descriptor
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
    from saml2.server import Server
    from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

pytestmark = [pytest.mark.xmlsec1, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
ENTITY = "https://pysaml2.example/metadata"
IDENTITY = {"mail": ["grace@example.com"], "givenName": ["Grace"], "sn": ["Hopper"]}


class Peer:
    """pysaml2 as an identity provider, knowing us by our metadata alone."""

    def __init__(self, folder: Path, keys: FakeIdp, sp_metadata: str | None = None) -> None:
        (folder / "key.pem").write_text(keys.key_pem)
        (folder / "cert.pem").write_text(keys.certificate_pem)
        sign = {"sign_response": False, "sign_assertion": True}
        service: dict[str, Any] = {
            "endpoints": {
                "single_sign_on_service": [
                    ("https://pysaml2.example/redirect", BINDING_HTTP_REDIRECT),
                    ("https://pysaml2.example/post", BINDING_HTTP_POST),
                ]
            },
            "policy": {"default": {"lifetime": {"minutes": 15}, "attribute_restrictions": None, **sign}},
            "want_authn_requests_signed": False,
        }
        config: dict[str, Any] = {
            "entityid": ENTITY,
            "service": {"idp": service},
            "key_file": str(folder / "key.pem"),
            "cert_file": str(folder / "cert.pem"),
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
            "xmlsec_binary": "/usr/bin/xmlsec1",
        }
        if sp_metadata is not None:
            config["metadata"] = {"inline": [sp_metadata]}
        self.server = Server(config=IdPConfig().load(config))

    def metadata(self) -> bytes:
        return str(entity_descriptor(self.server.config)).encode()

    def answer(self, url: str, binding: str = BINDING_HTTP_REDIRECT, **how: Any) -> tuple[str, str]:
        """Read our request as pysaml2 does and answer it; returns the ACS address and the form value."""
        query = parse_qs(urlsplit(url).query)
        asked = self.server.parse_authn_request(query["SAMLRequest"][0], binding, **how.pop("parse", {}))
        return self.respond(self.server.response_args(asked.message), **how)

    def respond(self, where: dict[str, Any], **how: Any) -> tuple[str, str]:
        settings = {"sign_assertion": True, "sign_response": False, **how}
        response = self.server.create_authn_response(
            IDENTITY,
            in_response_to=where["in_response_to"],
            destination=where["destination"],
            sp_entity_id=where["sp_entity_id"],
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="grace-1"),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": ENTITY},
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            **settings,
        )
        return where["destination"], base64.b64encode(str(response).encode()).decode()


@pytest.fixture
def peer(
    tmp_path: Path, app: Flask, account: MadeAccount, services: Services, world: Any, clock: Any
) -> Callable[..., tuple[Peer, Connection]]:
    """pysaml2 and a connection to it, each made from the metadata of the other; its clock is the machine's."""
    clock.now = datetime.now(UTC)

    def make(**settings: object) -> tuple[Peer, Connection]:
        provider = identity_provider(Peer(tmp_path, world.idp).metadata(), services.now())
        changes = {"provisioning": True, **settings}
        connection = connect(key_caller(account), provider, changes, services)
        ours = app.test_client().get(f"/saml/{connection.id}/metadata").text
        return Peer(tmp_path, world.idp, ours), connection

    return make


FORMS: list[dict[str, Any]] = [
    {"sign_assertion": True},
    {"sign_assertion": False, "sign_response": True},
    {"sign_assertion": True, "sign_response": True},
]


@pytest.mark.rule("SAM-7", "XML-3")
@pytest.mark.parametrize("form", FORMS, ids=["assertion", "response", "both"])
def test_a_full_login(app: Flask, services: Services, peer: Any, form: dict[str, Any]) -> None:
    idp, connection = peer()
    client = app.test_client()
    begun = client.get(f"/saml/{connection.id}/login")
    address, value = idp.answer(begun.location, **form)
    assert address == f"{services.public_url}/saml/{connection.id}/acs"
    response = client.post(urlsplit(address).path, data={"SAMLResponse": value})
    assert response.status_code == 303, response.text
    cookie = client.get_cookie("gatelodge_session")
    session = check_session(cookie.value, services)
    assert session is not None
    assert (session.user.email, session.user.first_name, session.user.last_name) == (
        "grace@example.com",
        "Grace",
        "Hopper",
    )
    assert client.post(urlsplit(address).path, data={"SAMLResponse": value}).status_code == 403


@pytest.mark.rule("XML-7")
def test_a_full_login_with_an_encrypted_assertion(app: Flask, peer: Any) -> None:
    """pysaml2 encrypts by 3DES and PKCS 1 unless told otherwise; it takes our key from our metadata."""
    idp, connection = peer(allow_cbc=True, want_encrypted=True)
    client = app.test_client()
    begun = client.get(f"/saml/{connection.id}/login")
    address, value = idp.answer(
        begun.location, sign_response=True, encrypt_assertion=True, encrypt_assertion_self_contained=True
    )
    response = client.post(urlsplit(address).path, data={"SAMLResponse": value})
    assert response.status_code == 303, (response.text, response.headers.get("Gatelodge-Error"))


def test_pysaml2_verifies_our_signed_redirect(app: Flask, account: MadeAccount, services: Services, peer: Any) -> None:
    idp, connection = peer(sign_requests=True)
    location = app.test_client().get(f"/saml/{connection.id}/login").location
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    asked = idp.server.parse_authn_request(
        query["SAMLRequest"],
        BINDING_HTTP_REDIRECT,
        relay_state=query["RelayState"],
        sigalg=query["SigAlg"],
        signature=query["Signature"],
    )
    assert asked.message.issuer.text == f"{services.public_url}/saml/{connection.id}/metadata"


def test_pysaml2_verifies_our_signed_form(app: Flask, account: MadeAccount, services: Services, peer: Any) -> None:
    idp, connection = peer(sign_requests=True)
    by_post = {"sso_binding": BINDING_HTTP_POST, "sso_url": "https://pysaml2.example/post"}
    update_connection(key_caller(account), connection.id, by_post, services)
    page = etree.HTML(app.test_client().get(f"/saml/{connection.id}/login").text)
    fields = {node.get("name"): node.get("value") for node in page.iter("input")}
    asked = idp.server.parse_authn_request(fields["SAMLRequest"], BINDING_HTTP_POST)
    assert asked.message.destination == by_post["sso_url"]


@pytest.mark.rule("XML-6")
def test_pysaml2_left_to_itself_signs_by_sha1_and_is_refused(app: Flask, peer: Any) -> None:
    idp, connection = peer()
    client = app.test_client()
    begun = client.get(f"/saml/{connection.id}/login")
    query = parse_qs(urlsplit(begun.location).query)
    asked = idp.server.parse_authn_request(query["SAMLRequest"][0], BINDING_HTTP_REDIRECT)
    where = idp.server.response_args(asked.message)
    response = idp.server.create_authn_response(
        IDENTITY,
        in_response_to=where["in_response_to"],
        destination=where["destination"],
        sp_entity_id=where["sp_entity_id"],
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="grace-1"),
        sign_assertion=True,
        sign_alg="http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        digest_alg="http://www.w3.org/2000/09/xmldsig#sha1",
    )
    value = base64.b64encode(str(response).encode()).decode()
    answer = client.post(f"/saml/{connection.id}/acs", data={"SAMLResponse": value})
    assert (answer.status_code, answer.headers["Gatelodge-Error"]) == (403, "saml_algorithm_refused")


@pytest.mark.rule("SAM-5")
def test_a_login_begun_at_pysaml2(app: Flask, services: Services, peer: Any) -> None:
    idp, connection = peer(allow_idp_initiated=True)
    base = f"{services.public_url}/saml/{connection.id}"
    where = {"in_response_to": None, "destination": f"{base}/acs", "sp_entity_id": f"{base}/metadata"}
    _, value = idp.respond(where)
    response = app.test_client().post(f"/saml/{connection.id}/acs", data={"SAMLResponse": value})
    assert response.status_code == 303, response.headers.get("Gatelodge-Error")


def test_the_certificate_in_our_metadata_is_the_one_that_we_decrypt_by(peer: Any, services: Services) -> None:
    idp, connection = peer()
    entity = f"{services.public_url}/saml/{connection.id}/metadata"
    certificates = idp.server.metadata.certs(entity, "spsso", "encryption")
    ours = "".join(connection.sp_certificate.split("-----")[2].split())
    assert ["".join(text.split()) for _, text in certificates] == [ours]
