"""Real peers: scim2-client speaks to the door, and scim2-tester checks it against RFC 7643 and RFC 7644."""

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import CheckResult, Status, check_server

ACCOUNT_EXTENSIONS = ("extension:account:1.0:User'", "extension:account:1.0:Group'")


@pytest.fixture
def peer(app, account) -> WSGISCIMClient:
    """scim2-client, talking to the application in this process."""
    headers = {"Authorization": f"Bearer {account.token.text}"}
    return WSGISCIMClient(app, base_url="http://127.0.0.1:8080/scim/v2", headers=headers)


def faults(results: list[CheckResult]) -> list[str]:
    return [
        f"{result.title} {result.resource_type}: {result.reason}"
        for result in results
        if result.status not in (Status.SUCCESS, Status.SKIPPED)
    ]


def test_a_public_conformance_probe_finds_nothing(peer):
    results = check_server(peer)
    # The probe writes each extension as a whole and wants to read back that alone; in ours only the server sets values.
    found = [fault for fault in faults(results) if not any(urn in fault for urn in ACCOUNT_EXTENSIONS)]
    assert not found, "\n".join(found)
    assert len([result for result in results if result.status is Status.SUCCESS]) > 100


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
