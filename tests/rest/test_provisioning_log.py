"""The provisioning log by the API: filters, pages, one request with its body, and running it again."""

import pytest

from tests.doors.api import done, refusal
from tests.doors.scim import CORE_USER, ScimClient

LOG = "/provisioning_log"


@pytest.fixture
def idp(app, account) -> ScimClient:
    return ScimClient(app, account.token.text)


@pytest.mark.rule("SCM-9")
def test_what_a_provider_asked_for_is_listed_shown_and_run_again(api, foreign_api, idp, account):
    user = idp.user("dana@acme.example", displayName="Dana Roe")["id"]
    body = {"schemas": [CORE_USER], "userName": "DANA@acme.example", "password": "hunter2", "madeUp": "x"}
    idp.post("/Users", body)
    connection = account.token.token.connection_id
    (refused,) = done(api.get(LOG, status="refused", connection=connection))["provisioning_log"]
    assert refused["sentence"] == "default tried to make DANA@acme.example"
    assert (refused["status"], refused["code"], refused["replayable"]) == (409, "email_taken", True)
    assert "body" not in refused
    whole = done(api.get(f"{LOG}/{refused['id']}"))
    assert (whole["body"], whole["body_state"]) == ({**body, "password": "[hidden]", "madeUp": "[hidden]"}, "kept")
    (first,) = done(api.get(LOG, resource=user, method="POST", text="dana roe"))["provisioning_log"]
    assert [(each["kind"], each["target_id"]) for each in first["changes"]] == [("user.created", user)]
    assert done(foreign_api.get(LOG)) == {"provisioning_log": []}
    assert refusal(foreign_api.post(f"{LOG}/{refused['id']}/replay")) == (404, "not_found")

    done(api.delete(f"/users/{user}"))
    made = done(api.post(f"{LOG}/{refused['id']}/replay"))
    assert (made["status"], made["replay_of"], made["replayable"]) == (201, refused["id"], False)
    assert done(api.get(f"{LOG}/{refused['id']}"))["replayed_as"] == made["id"]
    assert refusal(api.post(f"{LOG}/{refused['id']}/replay")) == (409, "not_replayable")
    assert done(api.get(f"/users/{made['resource']}"))["email"] == "DANA@acme.example"


@pytest.mark.rule("SCM-9", "LIM-3")
def test_the_list_goes_by_page_and_refuses_what_it_does_not_understand(api, idp):
    for _ in range(5):
        idp.get("/Users")
    seen, cursor = [], {}
    while True:
        page = done(api.get(LOG, limit=2, **cursor))
        seen += [each["id"] for each in page["provisioning_log"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == len(set(seen)) == 5
    for wrong in ({"from": "x"}, {"status": "x"}, {"method": "x"}, {"cursor": "x"}, {"limit": 0}, {"text": "a\nb"}):
        assert refusal(api.get(LOG, **wrong))[0] == 400
    assert done(api.get(LOG, **{"from": "2026-11-24"})) == {"provisioning_log": []}
    assert len(done(api.get(LOG, to="2026-11-23"))["provisioning_log"]) == 5
