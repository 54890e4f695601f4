"""Real peers: scim2-client speaks to the door; scim2-tester and scim-sanity check it against RFC 7643 and RFC 7644."""

import threading
from collections.abc import Iterator

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import CheckResult, Status, check_server
from scim_sanity.probe.runner import run_probe_api
from werkzeug.serving import make_server


@pytest.fixture
def peer(app, account) -> WSGISCIMClient:
    """scim2-client, talking to the application in this process."""
    headers = {"Authorization": f"Bearer {account.token.text}"}
    return WSGISCIMClient(app, base_url="http://127.0.0.1:8080/scim/v2", headers=headers)


@pytest.fixture
def address(app) -> Iterator[str]:
    """The application behind a real socket, for a probe that brings its own HTTP client."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/scim/v2"
    server.shutdown()
    thread.join()
    server.server_close()


# Checks of scim2-tester that we fail on purpose: check, what it was about -> why. A row that does not fail is too much.
READ_BACK = (
    "It writes the extension as a whole and wants to read back that and nothing else; here the server says in it what "
    "the resource is in this account, whether or not a client has written any of it."
)
DEVIATIONS = {
    (check, kind, f"'urn:gatelodge:scim:schemas:extension:account:1.0:{kind}'"): READ_BACK
    for check in ("check_add_attribute", "check_remove_attribute", "check_replace_attribute")
    for kind in ("User", "Group")
}


def deviation(result: CheckResult) -> tuple[str, str, str]:
    """The row of DEVIATIONS that a result would be; the path that it was about stands in quotes in its reason."""
    quoted = [part for part in DEVIATIONS if part[2] in (result.reason or "")]
    subject = quoted[0][2] if quoted else str(result.reason)
    return str(result.title), str(result.resource_type), subject


def test_a_public_tester_finds_nothing_but_what_we_mean_to_do_otherwise(peer):
    results = check_server(peer)
    # Nothing is skipped: every feature that the tester knows is announced, and so it is tested.
    assert {deviation(result) for result in results if result.status is not Status.SUCCESS} == set(DEVIATIONS)
    assert len([result for result in results if result.status is Status.SUCCESS]) > 130


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "compatible"])
def test_nothing_of_another_public_probe_fails(address, account, strict):
    answer = run_probe_api(address, account.token.text, strict=strict)
    results = answer["results"]
    assert [each for each in results if each["status"] not in ("pass", "skip")] == []
    # What it skips is about agents (a draft), which are no resource type here.
    assert [each["name"] for each in results if each["status"] == "skip" and "gent" not in each["name"]] == []
    assert len([each for each in results if each["status"] == "pass"]) > 25
    assert answer["exit_code"] == 0


def test_a_client_library_gets_through_the_life_of_a_user(peer):
    peer.discover()
    user_model, group_model = peer.get_resource_model("User"), peer.get_resource_model("Group")
    user = peer.create(user_model(user_name="ada@corp.example"))
    group = peer.create(group_model(display_name="Engines", members=[{"value": user.id}]))
    assert [member.value for member in peer.query(group_model, group.id).members] == [user.id]
    user = peer.query(user_model, user.id)
    user.display_name = "Ada"
    assert peer.replace(user).display_name == "Ada"
    peer.delete(user_model, user.id)
    assert peer.query(group_model, group.id).members is None
