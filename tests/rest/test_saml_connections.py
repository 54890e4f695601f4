"""SAML connections through the API: made from metadata, shown whole, changed, removed."""

import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from provisioning.actions.keys import create_account_key
from provisioning.domain.roles_legacy import Role
from provisioning.rest.saml_shapes import MAPPED, SamlConnection, SamlConnectionMembers
from tests.doors.api import ApiClient, done, refusal
from tests.doors.idp import FakeIdp
from tests.factories import key_caller

MD = "urn:oasis:names:tc:SAML:2.0:metadata"


@pytest.fixture(scope="module")
def idp():
    return FakeIdp()


def metadata(idp, entity_id="https://idp.example/metadata", sso="https://idp.example/sso"):
    return (
        f'<EntityDescriptor xmlns="{MD}" entityID="{entity_id}"><IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo '
        'xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{idp.certificate_text}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService "
        f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )


@pytest.fixture
def made(api, idp):
    return done(api.post("/saml_connections", {"idp_metadata": metadata(idp), "email_domains": "Acme.example"}))


@pytest.mark.rule("SAM-2", "OPS-2")
def test_a_connection_is_made_with_its_presets_and_shown_without_our_key(api, made, sql, settings):
    base = f"{settings.public_url}/saml/{made['id']}"
    assert (made["entity_id"], made["acs_url"], made["slo_url"]) == (f"{base}/metadata", f"{base}/acs", f"{base}/slo")
    assert (made["login_url"], made["metadata_url"]) == (f"{base}/login", f"{base}/metadata")
    provider = made["identity_provider"]
    assert (provider["entity_id"], provider["sso_url"]) == ("https://idp.example/metadata", "https://idp.example/sso")
    assert [re.fullmatch("[0-9a-f]{64}", each["sha256"]) is not None for each in provider["certificates"]] == [True]
    on = {name for name in SamlConnection().fields if made[name] is True}
    assert on == {"enabled"}
    assert (made["clock_tolerance"], made["default_role"], made["unknown_groups"], made["email_domains"]) == (
        60, "media_library_user", "ignore", ["acme.example"])  # fmt: skip
    assert made["mapping"] == dict.fromkeys(MAPPED)
    assert done(api.get(f"/saml_connections/{made['id']}")) == made
    assert done(api.get("/saml_connections")) == {"saml_connections": [made]}
    assert "PRIVATE KEY" not in api.get("/saml_connections").text
    assert made.keys() == SamlConnection().fields.keys()


def test_what_a_request_sets_is_what_an_answer_shows_and_nothing_else():
    settable = set(SamlConnectionMembers().fields) - {"idp_metadata", "idp_metadata_url"}
    assert settable | SamlConnectionMembers.read_only == set(SamlConnection().fields)


def test_a_change_changes_what_is_sent(api, made, idp):
    path = f"/saml_connections/{made['id']}"
    sent = {"session_cap": 3600, "subject_attribute": "uid", "metadata_certificate": idp.certificate_pem,
            "clock_tolerance": 0, "unknown_groups": "refuse", "default_role": "reports", "want_encrypted": "true",
            "mapping": {"email": "mail", "role": "r"}}  # fmt: skip
    changed = done(api.put(path, sent))
    kept = {name: value for name, value in sent.items() if name not in ("metadata_certificate", "mapping")}
    expected = kept | {"want_encrypted": True, "metadata_certificate": idp.certificate_text}
    assert changed == made | expected | {"mapping": made["mapping"] | {"email": "mail", "role": "r"}}
    partly = done(api.put(path, {"mapping": {"role": None}, "session_cap": None, "subject_attribute": None,
                                 "metadata_certificate": None, "default_role": None}))  # fmt: skip
    assert partly["mapping"] == made["mapping"] | {"email": "mail"}
    assert (partly["session_cap"], partly["subject_attribute"], partly["metadata_certificate"]) == (None, None, None)
    assert partly["default_role"] == "reports"
    renewed = done(api.put(path, {"idp_metadata": metadata(idp, sso="https://idp.example/new")}))
    assert renewed["identity_provider"]["sso_url"] == "https://idp.example/new"
    assert renewed == partly | {"identity_provider": renewed["identity_provider"]}


@pytest.mark.rule("IDN-3", "SAM-2", "NET-1", "LIM-3", "IDN-5")
def test_what_cannot_be_is_refused_and_changes_nothing(api, made, idp, subtests):
    path = f"/saml_connections/{made['id']}"
    for members, code in (
        ({"clock_tolerance": 181}, "invalid_value"), ({"clock_tolerance": -1}, "invalid_value"),
        ({"session_cap": 0}, "invalid_value"), ({"session_cap": 31_536_001}, "invalid_value"),
        ({"default_role": "king"}, "invalid_value"), ({"default_role": "master_admin"}, "invalid_value"),
        ({"unknown_groups": "make"}, "invalid_value"), ({"email_domains": ["not a domain"]}, "invalid_value"),
        ({"mapping": {"shoe": "x"}}, "invalid_value"), ({"mapping": ["email"]}, "invalid_value"),
        ({"mapping": {"email": "x" * 257}}, "invalid_value"), ({"mapping": {"email": 5}}, "invalid_value"),
        ({"name_id_format": "x" * 257}, "invalid_value"), ({"metadata_certificate": "no"}, "invalid_value"),
        ({"metadata_certificate": "ä" * 9}, "invalid_value"),
        ({"idp_metadata": "<x/>"}, "invalid_metadata"), ({"idp_metadata": "no"}, "invalid_metadata"),
        ({"idp_metadata": metadata(idp, sso="http://idp.example/sso")}, "invalid_metadata"),
        ({"idp_metadata": metadata(idp), "metadata_certificate": idp.certificate_pem}, "invalid_metadata"),
        ({"idp_metadata": metadata(idp), "idp_metadata_url": "https://idp.example"}, "invalid_value"),
        ({"idp_metadata_url": "https://169.254.169.254/latest"}, "invalid_metadata"),
        ({"idp_metadata_url": "file:///etc/passwd"}, "invalid_metadata"),
        ({"idp_metadata_url": "http://idp.example"}, "invalid_metadata"),
        ({"id": made["id"]}, "mutability"), ({"succeeded_at": made["succeeded_at"]}, "mutability"),
        ({"identity_provider": made["identity_provider"]}, "mutability"), ({"acs_url": "x"}, "mutability"),
        ({"sp_private_key": "x"}, "invalid_value"), ({"account_id": "x"}, "invalid_value"),
        ({"enforce": True}, "enforce_needs_login"),
    ):  # fmt: skip
        with subtests.test(str(members)[:60]):
            assert refusal(api.put(path, members)) == (400, code)
    assert refusal(api.post("/saml_connections", {"enabled": False})) == (400, "invalid_value")
    taken = {"idp_metadata": metadata(idp), "email_domains": ["ACME.example"]}
    assert refusal(api.post("/saml_connections", taken)) == (409, "email_domain_taken")
    assert done(api.get("/saml_connections")) == {"saml_connections": [made]}


@pytest.fixture
def published(idp):
    """The address at which an identity provider publishes its metadata; as we are on loopback ourselves, it may be."""

    class Published(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(metadata(idp, sso="https://idp.example/published").encode())

        def log_message(self, *_):
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Published)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/metadata"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.rule("NET-1", "SAM-9")
def test_metadata_is_fetched_from_its_address(api, published, idp):
    made = done(api.post("/saml_connections", {"idp_metadata_url": published}))
    provider = made["identity_provider"]
    assert (provider["sso_url"], provider["metadata_url"]) == ("https://idp.example/published", published)
    pinned = {"idp_metadata_url": published, "metadata_certificate": idp.certificate_pem}
    assert refusal(api.put(f"/saml_connections/{made['id']}", pinned)) == (400, "invalid_metadata")
    assert done(api.get(f"/saml_connections/{made['id']}")) == made


@pytest.mark.rule("AUZ-3", "NET-1", "TEN-1")
def test_who_may_not_manage_connections_causes_no_request_and_an_admin_gives_no_more_than_it_has(
    app, account, services, api, made, idp, foreign_api
):
    reports = ApiClient(app, account.account.id, create_account_key(key_caller(account), "r", Role.REPORTS, services))
    body = {"idp_metadata_url": "https://idp.example/metadata"}
    assert refusal(reports.post("/saml_connections", body)) == (403, "not_allowed")
    path = f"/saml_connections/{made['id']}"
    assert refusal(reports.put(path, body)) == (403, "not_allowed")
    admin = ApiClient(app, account.account.id, create_account_key(key_caller(account), "a", Role.ADMIN, services))
    assert done(admin.put(path, {"clock_tolerance": 5}))["clock_tolerance"] == 5
    for setting in ("allow_root", "allow_master_admin"):
        assert admin.put(path, {setting: True}).status_code == 403
        sent = {"idp_metadata": metadata(idp, "https://two.example"), setting: True}
        assert admin.post("/saml_connections", sent).status_code == 403
    for method, sent in (("GET", None), ("PUT", {"enabled": False}), ("DELETE", None)):
        assert refusal(foreign_api.send(method, path, sent)) == (404, "not_found")
    assert done(api.delete(path)) == {"message": "ok"}
    assert refusal(api.get(path)) == (404, "not_found")
