"""Sign-in & security: settings, SAML login enforced after it was said who stays outside, connections in steps."""

from datetime import timedelta
from io import BytesIO

import pytest

from provisioning.actions.security_settings import show_security
from provisioning.actions.sso_settings import list_connections, update_connection
from provisioning.console.certificates import certificates_of, next_ends
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected
from tests.doors.idp import FakeIdp
from tests.factories import PASSWORD, make_active, make_user


@pytest.mark.rule("2FA-4", "OUT-5")
def test_second_factor_and_length_of_sessions_are_changed(as_root, caller, services):
    as_root.get("/sign-in/settings")
    page = as_root.submit(
        "/sign-in/settings", two_factor="required", session_idle_seconds="30", session_max_seconds="60"
    )
    assert (page.path, page.notice) == ("/sign-in", "The security settings were changed.")
    account = show_security(caller, services)
    assert (account.two_factor, account.session_idle_seconds) == (TwoFactor.REQUIRED, 1800)
    for name, value in (
        ("two_factor", "x"),
        ("session_idle_seconds", "1"),
        ("session_max_seconds", "99999"),
        ("session_max_seconds", "٣x"),
    ):
        as_root.get("/sign-in/settings")
        page = as_root.submit("/sign-in/settings", **{name: value})
        assert (page.status, list(page.errors())) == (422, [name])


@pytest.mark.rule("2FA-3")
def test_a_second_factor_beside_saml_provisioning_is_refused_beside_its_field(as_root, account, caller, services, sql):
    sql("update accounts set two_factor = 'disabled'")
    connection = connected(services, account)
    update_connection(caller, connection.id, {"provisioning": True}, services)
    as_root.get("/sign-in/settings")
    page = as_root.submit("/sign-in/settings", two_factor="optional")
    assert (page.status, list(page.errors())) == (409, ["two_factor"])


@pytest.mark.rule("SSO-6")
def test_saml_login_is_enforced_after_it_was_said_who_stays_able_to_log_in(as_root, account, caller, services, sql):
    connected(services, account)
    sql("update saml_connections set succeeded_at = null")
    page = as_root.get("/sign-in/enforce")
    assert "1 user could still log in with a password: Root User (root@acme.example)." in page.text
    assert as_root.submit("/sign-in/enforce").code == "enforce_needs_login"
    sql("update saml_connections set succeeded_at = now()")
    as_root.get("/sign-in/enforce")
    assert as_root.submit("/sign-in/enforce").notice == "SAML login is enforced now."
    as_root.get("/sign-in/enforce")
    assert as_root.submit("/sign-in/enforce").notice == "SAML login is not enforced any more."


@pytest.mark.rule("SSO-1", "TEN-3")
def test_a_connection_is_set_in_steps_and_removed(as_root, account, neighbour, caller, services):
    connection = connected(services, account)
    foreign = connected(services, neighbour)
    path = f"/sign-in/{connection.id}"
    page = as_root.get(path)
    assert page.tree.xpath("//input[@id='acs']/@value")[0].endswith(f"/saml/{connection.id}/acs")
    as_root.get(f"{path}/settings")
    page = as_root.submit(f"{path}/settings", email="mail", email_domains="acme.example", enabled="true")
    assert page.notice == "The settings of the connection were changed."
    (saved,) = list_connections(caller, services)
    assert (saved.mapping["email"], saved.email_domains) == ("mail", ("acme.example",))
    assert "mail" in page.tree.xpath("//table//code/text()")
    as_root.get(f"{path}/settings")
    page = as_root.submit(f"{path}/settings", email_domains="no domain!")
    assert list(page.errors()) == ["email_domains"]
    assert page.tree.xpath("//input[@name='enabled']/@checked") == ["checked"]
    as_root.get("/sign-in/new")
    for values in ({}, {"document": "<x/>"}, {"metadata_url": "ftp://x"}, {"metadata_url": "x", "document": "<x/>"}):
        assert as_root.submit("/sign-in/new", **values).status == 422
    for other in (f"/sign-in/{foreign.id}", f"/sign-in/{foreign.id}/settings", f"/sign-in/{foreign.id}/metadata"):
        assert as_root.get(other).status == 404
    as_root.get(f"{path}/delete")
    assert as_root.submit(f"{path}/delete").notice == "The connection was removed."
    assert list_connections(caller, services) == []


def file_of(text: str | bytes, name: str = "idp.xml") -> tuple[BytesIO, str]:
    """A file that is chosen in a form."""
    return BytesIO(text.encode() if isinstance(text, str) else text), name


@pytest.mark.rule("SAM-9", "SSO-1")
def test_metadata_of_a_present_connection_is_replaced_by_text_or_file_and_the_rest_stays(
    as_root, account, neighbour, caller, services
):
    connection = connected(services, account, email_domains=("acme.example",), mapping={"email": "mail"})
    foreign = connected(services, neighbour)
    path = f"/sign-in/{connection.id}"
    assert "It has no certificate that can be read." in as_root.get(path).text
    first, second = FakeIdp("https://one.example"), FakeIdp("https://two.example")
    for values, entity_id in (
        ({"document": first.metadata()}, "https://one.example"),
        ({"file": file_of("\ufeff" + second.metadata())}, "https://two.example"),
    ):
        as_root.get(f"{path}/metadata")
        page = as_root.submit(f"{path}/metadata", **values)
        assert (page.path, page.notice) == (path, "The metadata was replaced. Certificates now: 1.")
        (saved,) = list_connections(caller, services)
        assert (saved.idp_entity_id, saved.email_domains, saved.mapping) == (
            entity_id, ("acme.example",), {"email": "mail"})  # fmt: skip
        assert page.row_of(certificates_of(saved, services)[0].sha256[:16]) is not None
    for values, beside in (
        ({}, []),
        ({"document": "<x/>"}, []),
        ({"document": first.metadata(), "file": file_of(first.metadata())}, []),
        ({"file": file_of(b"\xff\xfe<")}, ["file"]),
        ({"file": file_of("<!DOCTYPE x><x/>", "../../etc/passwd")}, []),
    ):
        as_root.get(f"{path}/metadata")
        page = as_root.submit(f"{path}/metadata", **values)
        assert (page.status, list(page.errors())) == (422, beside), values
        assert page.tree.xpath("string(//textarea)").strip() == values.get("document", "").strip()
    sent = {**page.forms(f"{path}/metadata")[0].fields, "document": first.metadata()}
    theirs = as_root.post(f"/sign-in/{foreign.id}/metadata", sent, content_type="multipart/form-data")
    assert (theirs.status, theirs.code) == (404, "not_found")
    assert list_connections(caller, services) == [saved]


@pytest.mark.rule("NET-1", "SAM-9")
def test_metadata_is_fetched_from_an_address_which_gives_way_to_a_file(as_root, account, caller, services, sql):
    connection = connected(services, account)
    path = f"/sign-in/{connection.id}/metadata"
    sql("update saml_connections set settings = settings || jsonb_build_object('metadata_url', 'https://127.0.0.1/m')")
    page = as_root.get(path)
    assert page.tree.xpath("//input[@id='metadata_url']/@value") == ["https://127.0.0.1/m"]
    page = as_root.submit(path)
    assert (page.status, page.code) == (422, "invalid_metadata")
    assert list_connections(caller, services)[0].certificates == ("certificate",)
    as_root.get(path)
    page = as_root.submit(path, file=file_of(FakeIdp("https://three.example").metadata()))
    assert page.notice == "The metadata was replaced. Certificates now: 1."


def test_a_certificate_is_shown_with_the_days_that_are_left(as_root, account, services, caller, clock):
    idp = FakeIdp()
    connection = connected(services, account)
    ends = services.providers.certificate(idp.certificate_text).expires_at
    as_root.get(f"/sign-in/{connection.id}/metadata")
    as_root.submit(f"/sign-in/{connection.id}/metadata", document=idp.metadata())
    (saved,) = list_connections(caller, services)
    for left, said, is_near in ((31, "31 days left", False), (29, "29 days left", True), (1, "1 day left", True),
                                (0, "0 days left", True), (-1, "Over", True)):  # fmt: skip
        clock.now = ends - timedelta(days=left) + (timedelta(hours=1) if left < 0 else timedelta())
        (shown,) = certificates_of(saved, services)
        assert (shown.left, shown.is_near) == (said, is_near)
        assert next_ends([saved], services) == {saved.id: shown}


def test_the_pages_of_sign_in_say_when_the_next_certificate_ends(as_root, account, clock):
    idp = FakeIdp()
    as_root.get("/sign-in/new")
    page = as_root.submit("/sign-in/new", document=idp.metadata())
    assert "days left" in page.text
    assert "days left" in as_root.get("/sign-in").row_of(idp.entity_id).text_content()


@pytest.mark.rule("AUZ-2", "ROLE-1")
def test_admins_see_connections_and_not_the_settings(browser, caller, services, sql):
    make_active(services, sql, make_user(caller, services, "ada@acme.example", Role.ADMIN))
    browser.log_in("ada@acme.example", PASSWORD)
    assert browser.get("/sign-in").status == 200
    assert "/sign-in/settings" not in browser.page.tree.xpath("//a/@href")
    assert browser.get("/sign-in/settings").status == 403
