"""Webhooks in the Console: made with the secret shown once, their log read, sent again, paused, rotated, removed."""

import pytest

from provisioning.actions.activity import seal_activity
from provisioning.actions.webhook_deliveries import hand_over
from provisioning.actions.webhooks import NewWebhook, create_webhook, list_deliveries, list_webhooks, show_webhook
from provisioning.domain.roles_legacy import Role
from provisioning.domain.webhooks import DeliveryState
from tests.factories import PASSWORD, key_caller, make_active, make_user

URL = "https://hooks.example/<b>told</b>".replace("<", "(").replace(">", ")")


@pytest.mark.rule("NET-2", "KEY-2")
def test_a_webhook_is_made_and_its_secret_is_shown_once(as_root, caller, services):
    as_root.get("/webhooks/new")
    page = as_root.submit("/webhooks/new", url=f" {URL} ", events="sessions.ended", fields="user.email")
    (secret,) = page.tree.xpath("//input[@id='webhook-secret']/@value")
    assert secret.startswith("whsec_")
    (made,) = list_webhooks(caller, services)
    assert (made.url, made.events, made.fields) == (URL, ("sessions.ended",), ("user.email",))
    for path in ("/webhooks", f"/webhooks/{made.id}"):
        page = as_root.get(path)
        assert URL in page.text
        assert secret not in page.response.text


@pytest.mark.rule("NET-1")
@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/", "http://hooks.example/", "", "https://169.254.169.254/", "x" * 3000]
)
def test_an_address_that_is_not_sent_to_is_refused_beside_its_field(as_root, caller, services, url):
    as_root.get("/webhooks/new")
    page = as_root.submit("/webhooks/new", url=url, events="user.created")
    assert page.status == 422
    assert page.tree.xpath("//*[@id='url-error']")
    assert list_webhooks(caller, services) == []


@pytest.mark.rule("NET-2")
def test_what_was_told_is_read_and_sent_again_and_a_webhook_is_paused_rotated_and_removed(
    as_root, caller, services, sql, neighbour
):
    theirs = create_webhook(key_caller(neighbour), NewWebhook(URL), services).webhook
    webhook = create_webhook(caller, NewWebhook(URL), services).webhook
    make_user(caller, services, "told@acme.example")
    seal_activity(services)
    hand_over(services)
    sql("update webhook_deliveries set state = 'given_up', answer_status = 500, excerpt = '<script>x</script>'")
    page = as_root.get(f"/webhooks/{webhook.id}")
    assert "user.created" in page.text
    assert "<script>x" not in page.response.text
    delivery = list_deliveries(caller, webhook.id, services)[0]
    page = as_root.submit(f"/webhooks/{webhook.id}/deliveries/{delivery.id}")
    assert page.notice == "It is sent again in a moment."
    assert list_deliveries(caller, webhook.id, services)[0].state is DeliveryState.PENDING
    for slug, notice in (
        ("pause", "The webhook is paused."),
        ("resume", "The webhook is resumed; what has waited is on its way."),
    ):
        as_root.get(f"/webhooks/{webhook.id}/{slug}")
        assert as_root.submit(f"/webhooks/{webhook.id}/{slug}").notice == notice
    as_root.get(f"/webhooks/{webhook.id}/rotate")
    page = as_root.submit(f"/webhooks/{webhook.id}/rotate", overlap="3600")
    assert page.tree.xpath("//input[@id='webhook-secret']/@value")[0].startswith("whsec_")
    as_root.get(f"/webhooks/{webhook.id}/delete")
    assert as_root.submit(f"/webhooks/{webhook.id}/delete").notice == "The webhook was removed."
    assert list_webhooks(caller, services) == []
    for path in (f"/webhooks/{theirs.id}", f"/webhooks/{theirs.id}/delete", f"/webhooks/{webhook.id}"):
        assert as_root.get(path).status == 404


@pytest.mark.rule("NET-1", "NET-2", "TEN-3")
def test_the_settings_of_a_webhook_are_changed_all_of_them_or_none(as_root, caller, services, neighbour):
    webhook = create_webhook(caller, NewWebhook(URL), services).webhook
    theirs = create_webhook(key_caller(neighbour), NewWebhook(URL), services).webhook
    path = f"/webhooks/{webhook.id}/edit"
    assert path in as_root.get(f"/webhooks/{webhook.id}").tree.xpath("//a/@href")
    page = as_root.get(path)
    assert page.forms(path)[0].fields["url"] == URL
    other = "https://other.example/hook"
    page = as_root.submit(
        path, url=f" {other} ", events=["user.created", "user.deleted"], fields="user.role", enabled=None
    )
    assert (page.path, page.notice) == (f"/webhooks/{webhook.id}", "The settings of the webhook were changed.")
    changed = show_webhook(caller, webhook.id, services)
    assert (changed.url, changed.events, changed.fields, changed.is_paused) == (
        other, ("user.created", "user.deleted"), ("user.role",), True)  # fmt: skip
    for values, beside in (
        ({"url": "https://10.0.0.1/", "enabled": "true"}, ["url"]),
        ({"events": None, "enabled": "true"}, ["events"]),
        ({"events": "user.flown", "enabled": "true"}, ["events"]),
        ({"fields": "user.password", "enabled": "true"}, ["fields"]),
    ):
        as_root.get(path)
        page = as_root.submit(path, **values)
        assert (page.status, list(page.errors())) == (422, beside), values
        assert page.tree.xpath("//input[@id='enabled']/@checked") == ["checked"]
        assert show_webhook(caller, webhook.id, services) == changed
    as_root.get(path)
    as_root.submit(path, enabled="true")
    resumed = show_webhook(caller, webhook.id, services)
    assert (resumed.is_paused, resumed.url, resumed.events) == (False, other, changed.events)
    sent = {**as_root.get(path).forms(path)[0].fields, "events": "user.created"}
    assert as_root.get(f"/webhooks/{theirs.id}/edit").status == 404
    assert as_root.post(f"/webhooks/{theirs.id}/edit", sent).status == 404
    assert show_webhook(key_caller(neighbour), theirs.id, services) == theirs


@pytest.mark.rule("AUZ-2")
def test_who_may_see_webhooks_alone_is_not_shown_their_form(browser, caller, services, sql):
    webhook = create_webhook(caller, NewWebhook(URL), services).webhook
    make_active(services, sql, make_user(caller, services, "ada@acme.example", Role.ADMIN))
    browser.log_in("ada@acme.example", PASSWORD)
    page = browser.get(f"/webhooks/{webhook.id}")
    assert (page.status, f"/webhooks/{webhook.id}/edit" in page.tree.xpath("//a/@href")) == (200, False)
    assert browser.get(f"/webhooks/{webhook.id}/edit").status == 403
