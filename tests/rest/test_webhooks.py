"""Webhooks and receipts by the API: made, shown without their secret, changed, rotated; what ended is answered."""

import pytest

from tests.doors.api import done, refusal

URL = "https://hooks.example/told"


@pytest.mark.rule("NET-2", "KEY-2")
def test_a_webhook_is_made_shown_changed_rotated_and_removed(api):
    made = done(api.post("/webhooks", {"url": URL, "events": ["user.created"], "fields": ["user.email"]}))
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    one = f"/webhooks/{made['id']}"
    assert done(api.get(one)) == made
    assert done(api.get("/webhooks")) == {"webhooks": [made]}
    changed = done(api.put(one, {"paused": True, "events": ["sessions.ended"]}))
    assert (changed["paused"], changed["pause_reason"], changed["events"]) == (True, "asked", ["sessions.ended"])
    assert done(api.put(one, {"paused": False}))["paused_at"] is None
    rotated = done(api.post(f"{one}/rotate_secret", {"overlap_seconds": 60}))
    assert rotated["secret"] != secret
    assert rotated["old_secret_until"] is not None
    assert done(api.get(f"{one}/deliveries")) == {"deliveries": []}
    assert done(api.delete(one)) == {"message": "ok"}
    assert refusal(api.get(one)) == (404, "not_found")


@pytest.mark.rule("NET-1", "IDN-5")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_value"),
        ({"url": "https://127.0.0.2.nip.example:0/"}, "invalid_value"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "invalid_value"),
        ({"url": "http://hooks.example/"}, "invalid_value"),
        ({"url": URL, "events": ["user.vanished"]}, "invalid_value"),
        ({"url": URL, "fields": ["user.password"]}, "invalid_value"),
        ({"url": URL, "secret": "whsec_mine"}, "mutability"),
    ],
)
def test_what_is_not_sent_to_or_not_told_is_refused(api, body, code):
    assert refusal(api.post("/webhooks", body)) == (400, code)
    assert done(api.get("/webhooks")) == {"webhooks": []}


@pytest.mark.rule("OUT-1", "SES-7")
def test_receipts_are_answered_where_asked_for_and_listed_also_of_the_deleted(api, account):
    user = api.user("dana@acme.example")
    one = f"/users/{user['id']}"
    assert "revocation" not in done(api.put(one, {"enabled": True}))
    by_force = done(api.post(f"{one}/force_logout"))["revocation"]
    assert (by_force["links"], by_force["ended_by"]["id"]) == (1, account.key.key.id)
    disabled = done(api.put(f"{one}?revocation=true", {"enabled": False}))["revocation"]
    assert done(api.delete(f"{one}?revocation=false")) == {"message": "ok"}
    found = done(api.get(f"{one}/revocations"))["revocations"]
    assert [each["reason"] for each in found] == ["deleted", "disabled", "force_logout"]
    assert found[1:] == [disabled, by_force]
