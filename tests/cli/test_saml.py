"""`gatelodge saml`: an identity provider connected by its metadata, from a file and from an address."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.doors.idp import FakeIdp


@pytest.fixture
def idp() -> FakeIdp:
    return FakeIdp()


@pytest.fixture
def metadata(idp, tmp_path) -> Path:
    path = tmp_path / "metadata.xml"
    path.write_text(idp.metadata())
    return path


@pytest.fixture
def connected(gatelodge, account_id, metadata) -> dict:
    return gatelodge.json("saml", "connect", "--account", account_id, "--metadata", metadata)


@pytest.fixture
def address(idp) -> Iterator[str]:
    """An address on loopback that answers with the metadata."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(idp.metadata().encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/metadata"
    server.shutdown()
    server.server_close()


@pytest.mark.rule("SSO-1", "SAM-2")
def test_connect_prints_what_the_identity_provider_needs_and_every_preset(gatelodge, connected, idp, client) -> None:
    base = f"http://127.0.0.1:8080/saml/{connected['id']}"
    assert connected["entity_id"] == connected["metadata_url"] == f"{base}/metadata"
    assert (connected["acs_url"], connected["login_url"]) == (f"{base}/acs", f"{base}/login")
    assert connected["slo_url"] == f"{base}/slo"
    assert connected["identity_provider"]["entity_id"] == idp.entity_id
    assert connected["identity_provider"]["certificates"][0]["sha256"] == idp.fingerprint
    assert connected["settings"] == {
        "enabled": True, "enforce": False, "provisioning": False, "allow_idp_initiated": False, "allow_root": False,
        "allow_master_admin": False, "email_domains": [], "sign_requests": False, "force_authn": False,
        "want_signed_response": False, "want_signed_assertion": False, "session_cap": None, "split_commas": False,
        "subject_attribute": None, "metadata_certificate": None, "want_encrypted": False, "allow_cbc": False,
        "clock_tolerance": 60, "name_id_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "default_role": "media_library_user", "unknown_groups": "ignore", "map.username": None, "map.email": None,
        "map.first_name": None, "map.last_name": None, "map.role": None, "map.groups": None,
        "map.product_environments": None,
    }  # fmt: skip
    assert client.get(f"/saml/{connected['id']}/metadata").status_code == 200


@pytest.mark.rule("NET-1")
def test_metadata_from_an_address_on_loopback_is_taken_while_we_are_there_by_http(
    gatelodge, account_id, address
) -> None:
    made = gatelodge.json("saml", "connect", "--account", account_id, "--metadata", address)
    assert made["identity_provider"]["metadata_url"] == address
    away = gatelodge.run(
        "saml", "connect", "--account", account_id, "--metadata", address, GATELODGE_PUBLIC_URL="https://id.example"
    )
    assert (away.status, away.code) == (1, "invalid_metadata")


@pytest.mark.rule("SSO-1")
def test_update_changes_what_is_named_and_keeps_the_rest(gatelodge, account_id, connected) -> None:
    change = ("saml", "update", "--account", account_id, connected["id"])
    first = gatelodge.json(
        *change, "--set", "allow_idp_initiated=true", "--set", "email_domains=acme.example", "--set", "map.email=mail",
        "--set", "session_cap=3600", "--set", "unknown_groups=refuse", "--set", "default_role=reports",
    )  # fmt: skip
    assert first["settings"]["map.email"] == "mail"
    second = gatelodge.json(*change, "--set", "map.role=job", "--set", "session_cap=", "--set", "clock_tolerance=5")
    expected = {**first["settings"], "map.role": "job", "session_cap": None, "clock_tolerance": 5}
    assert second["settings"] == expected
    third = gatelodge.json(*change, "--set", "map.email=")
    assert third["settings"] == {**expected, "map.email": None}
    assert gatelodge.json("saml", "show", "--account", account_id, connected["id"]) == third
    assert gatelodge.json("saml", "show", "--account", account_id) == [third]


@pytest.mark.rule("SAM-2")
def test_new_metadata_replaces_the_identity_providers_values_and_no_setting(
    gatelodge, account_id, connected, tmp_path
) -> None:
    other = FakeIdp()
    path = tmp_path / "new.xml"
    path.write_text(other.metadata())
    after = gatelodge.json("saml", "update", "--account", account_id, connected["id"], "--metadata", path)
    assert after["identity_provider"]["certificates"][0]["sha256"] == other.fingerprint
    assert after["settings"] == connected["settings"]
    assert after["id"] == connected["id"]


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("enforce=true", "enforce_needs_login"),
        ("provisioning=true", "two_factor_blocks_provisioning"),
        ("enabled=perhaps", "invalid_value"),
        ("clock_tolerance=181", "invalid_value"),
        ("clock_tolerance=-1", "invalid_value"),
        ("clock_tolerance=1e3", "invalid_value"),
        ("session_cap=0", "invalid_value"),
        ("default_role=master_admin", "invalid_value"),
        ("default_role=king", "invalid_value"),
        ("email_domains=a..b", "invalid_value"),
        ("unknown_groups=create", "invalid_value"),
        ("metadata_certificate=AAAA", "invalid_value"),
        ("name_id_format=", "invalid_value"),
        ("map.email=" + "x" * 300, "invalid_value"),
        ("map.shoe_size=x", "invalid_value"),
        ("sp_private_key=x", "invalid_value"),
        ("succeeded_at=2026-01-01", "invalid_value"),
    ],
)
@pytest.mark.rule("SSO-1", "SSO-3", "SSO-6", "SSO-5")
def test_settings_that_are_refused_change_nothing(gatelodge, account_id, connected, state, setting, code) -> None:
    before = state()
    assert gatelodge.refused("saml", "update", "--account", account_id, connected["id"], "--set", setting) == code
    assert state() == before


@pytest.mark.rule("SAM-2")
@pytest.mark.parametrize(
    "content", [b"", b"<x/>", b"\xff\xfe", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"]
)
def test_files_that_are_no_metadata(gatelodge, account_id, state, tmp_path, content) -> None:
    path = tmp_path / "bad.xml"
    path.write_bytes(content)
    before = state()
    assert gatelodge.refused("saml", "connect", "--account", account_id, "--metadata", path) == "invalid_metadata"
    assert state() == before


@pytest.mark.rule("NET-1")
@pytest.mark.parametrize(
    "source",
    [
        "http://169.254.169.254/latest/", "https://10.0.0.1/metadata", "https://localhost:1/x", "http://[::1]:1/",
        "https://[::ffff:169.254.169.254]/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_fetched(gatelodge, account_id, state, source) -> None:
    before = state()
    assert gatelodge.refused("saml", "connect", "--account", account_id, "--metadata", source) == "invalid_metadata"
    assert state() == before


def test_a_file_that_is_not_there_or_too_large(gatelodge, account_id, tmp_path) -> None:
    large = tmp_path / "large.xml"
    large.write_bytes(b"x" * (1024 * 1024 + 1))
    for source in (tmp_path / "none.xml", tmp_path, large):
        assert gatelodge.refused("saml", "connect", "--account", account_id, "--metadata", source) == "invalid_value"


@pytest.mark.rule("ACC-1", "IDN-3")
def test_connections_of_another_account_are_not_found_and_may_have_the_same_domains(
    gatelodge, account_id, neighbour, metadata, connected, state
) -> None:
    theirs = gatelodge.json(
        "saml",
        "connect",
        "--account",
        neighbour.account.id,
        "--metadata",
        metadata,
        "--set",
        "email_domains=acme.example",
    )
    update = ("saml", "update", "--account", account_id)
    gatelodge.json(*update, connected["id"], "--set", "email_domains=acme.example")
    before = state()
    for command in (("show",), ("update", "--set", "enabled=false"), ("disconnect",)):
        assert gatelodge.refused("saml", *command, "--account", account_id, theirs["id"]) == "not_found"
    assert state() == before


@pytest.mark.rule("IDN-3")
def test_two_connections_of_one_account_cannot_name_one_domain(gatelodge, account_id, metadata, state) -> None:
    connect = (
        "saml",
        "connect",
        "--account",
        account_id,
        "--metadata",
        metadata,
        "--set",
        "email_domains=acme.example",
    )
    gatelodge.json(*connect)
    before = state()
    assert gatelodge.refused(*connect) == "email_domain_taken"
    assert state() == before


@pytest.mark.rule("SSO-1", "ACT-1")
def test_disconnect_removes_it_and_the_report_tells(gatelodge, account_id, connected, sql) -> None:
    gatelodge.json("saml", "disconnect", "--account", account_id, connected["id"])
    assert gatelodge.json("saml", "show", "--account", account_id) == []
    kinds = sql("select kind from activity where target_id = %s order by id", connected["id"])
    assert kinds == [("saml_connection.created",), ("saml_connection.deleted",)]


@pytest.mark.rule("SAM-9")
def test_metadata_must_be_signed_by_a_pinned_certificate(gatelodge, account_id, idp, metadata, tmp_path, state) -> None:
    pem = tmp_path / "pinned.pem"
    pem.write_text(idp.certificate_pem)
    before = state()
    command = ("saml", "connect", "--account", account_id, "--metadata", metadata)
    assert gatelodge.refused(*command, "--set", f"metadata_certificate={pem}") == "invalid_metadata"
    assert state() == before
