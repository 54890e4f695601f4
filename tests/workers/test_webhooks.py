"""NET-2, OUT-2, JOB-3: receivers are told in the form of Standard Webhooks, until they confirm, and nothing is lost."""

import base64
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks import WebhookVerificationError

from embedded import EmbeddedValkey
from provisioning import outgoing
from provisioning.actions.accounts import NewAccount, create_account
from provisioning.actions.activity import seal_activity
from provisioning.actions.groups import NewGroup, add_member, create_group, delete_group
from provisioning.actions.keys import create_account_key, find_key_caller, revoke_account_key
from provisioning.actions.receipts import list_revocations
from provisioning.actions.sessions import force_logout
from provisioning.actions.users import delete_user, disable_user, edit_user, enable_user
from provisioning.actions.webhook_deliveries import forget_old_deliveries, hand_over, longest_unconfirmed
from provisioning.actions.webhooks import (
    NewWebhook,
    change_webhook,
    create_webhook,
    delete_webhook,
    list_deliveries,
    replay_delivery,
    rotate_webhook_secret,
    show_webhook,
)
from provisioning.domain.caller import operator
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import UserChanges
from provisioning.domain.webhooks import DEAD_AFTER, FIELDS, LEASE, PAUSES, DeliveryState, PauseReason
from provisioning.outgoing import Allowed, Outgoing
from tests.factories import key_caller, make_user, person
from tests.workers.receiver import Receiver
from tests.workers.running import Machine, wait_until
from workers.jobs.owed import worker_caller
from workers.jobs.sessions import settle_sessions
from workers.jobs.webhooks import send_deliveries
from workers.queues import connect
from workers.relay import Relay

PEOPLE = 40


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def tell(services, relay, work) -> Callable[[], None]:
    """Seal what is new, hand it over, send what is due; twice, as the first round may owe what the second pays."""

    def run() -> None:
        for _ in range(2):
            seal_activity(services)
            hand_over(services)
            relay.ring()
            relay.ring_for_webhooks()
            work()

    return run


@pytest.fixture
def made(caller, services, receiver):
    """A webhook of `account` that is told everything, by ids alone."""
    return create_webhook(caller, NewWebhook(receiver.url), services)


@pytest.mark.rule("NET-2")
def test_each_event_is_told_once_with_the_fields_that_were_asked_for_and_to_ones_own_account_alone(
    caller, services, made, receiver, tell, neighbour, clock
):
    theirs = Receiver()
    wanting = Receiver()
    try:
        create_webhook(key_caller(neighbour), NewWebhook(theirs.url, fields=FIELDS), services)
        asked = ("user.email", "user.status", "user.changed", "group.name")
        more = create_webhook(caller, NewWebhook(wanting.url, ("user.updated", "group.deleted"), asked), services)
        user = make_user(caller, services)
        edit_user(caller, user.id, lambda _: UserChanges(first_name="Ana"), services)
        disable_user(caller, user.id, services)
        enable_user(caller, user.id, services)
        group = create_group(caller, NewGroup("Design"), services).group
        add_member(caller, group.id, user.id, services)
        delete_group(caller, group.id, services)
        delete_user(caller, user.id, services)
        tell()
        tell()
        kinds = Counter(receiver.kinds)
        assert kinds == Counter({
            "user.created": 1, "user.updated": 1, "user.disabled": 1, "user.enabled": 1, "user.deleted": 1,
            "group.created": 1, "group.members_changed": 1, "group.deleted": 1, "sessions.ended": 2,
        })  # fmt: skip
        for each in receiver.received:
            event = each.verified_by(made.secret)
            assert set(event) == {"id", "type", "timestamp", "data"}
            assert event["id"] == each.id
            assert "@" not in each.body
            assert "Design" not in each.body
            (about,) = set(event["data"]) & {"user", "group"}
            assert set(event["data"][about]) == {"id"}
        data = {each.event["type"]: each.verified_by(more.secret)["data"] for each in wanting.received}
        assert data == {
            "user.updated": {"user": {
                "id": user.id, "email": "dana@acme.example", "status": "inactive", "changed": ["first_name"],
            }},
            "group.deleted": {"group": {"id": group.id, "name": "Design"}},
        }  # fmt: skip
        assert theirs.received == []
        make_user(key_caller(neighbour), services)
        tell()
        assert theirs.kinds == ["user.created"]
        assert len(receiver.received) == kinds.total()
    finally:
        theirs.close()
        wanting.close()


@pytest.mark.rule("NET-2")
def test_while_a_secret_is_rotated_both_sign_and_afterwards_the_new_one_alone(
    caller, services, made, receiver, tell, clock
):
    new = rotate_webhook_secret(caller, made.webhook.id, services, overlap_seconds=3600)
    make_user(caller, services, "first@acme.example")
    tell()
    (during,) = receiver.received
    assert during.verified_by(made.secret) == during.verified_by(new.secret)
    clock.advance(seconds=3600)
    make_user(caller, services, "second@acme.example")
    tell()
    after = receiver.received[-1]
    assert after.verified_by(new.secret)
    with pytest.raises(WebhookVerificationError):
        after.verified_by(made.secret)
    at_once = rotate_webhook_secret(caller, made.webhook.id, services, overlap_seconds=0)
    make_user(caller, services, "third@acme.example")
    tell()
    last = receiver.received[-1]
    assert last.verified_by(at_once.secret)
    for old in (made.secret, new.secret):
        with pytest.raises(WebhookVerificationError):
            last.verified_by(old)


@pytest.mark.rule("NET-2", "JOB-3")
def test_a_failed_delivery_is_tried_with_growing_pauses_as_it_was_then_given_up_and_can_be_replayed(
    caller, services, made, receiver, tell, clock, sql
):
    receiver.answer = lambda _: 500
    make_user(caller, services)
    tell()
    # A receiver that takes other things now and then is not dead, however long this one thing fails.
    for number, pause in enumerate(PAUSES):
        clock.now += pause - timedelta(seconds=1)
        tell()
        assert len(receiver.received) == number + 1
        sql("update webhooks set failing_since = null")
        clock.advance(seconds=1)
        tell()
    assert len(receiver.received) == len(PAUSES) + 1
    assert len({(each.id, each.body) for each in receiver.received}) == 1
    assert all(each.verified_by(made.secret) for each in receiver.received)
    assert max(PAUSES) == timedelta(hours=24)
    assert list(PAUSES) == sorted(PAUSES)
    (delivery,) = list_deliveries(caller, made.webhook.id, services)
    assert (delivery.state, delivery.attempts, delivery.answer_status) == (DeliveryState.GIVEN_UP, 13, 500)
    assert len(delivery.excerpt) <= 500
    clock.advance(hours=30)
    tell()
    assert len(receiver.received) == len(PAUSES) + 1
    receiver.answer = lambda _: 200
    replay_delivery(caller, made.webhook.id, delivery.id, services)
    tell()
    assert receiver.received[-1].id == receiver.received[0].id
    (confirmed,) = list_deliveries(caller, made.webhook.id, services)
    assert (confirmed.state, confirmed.confirmed_at) == (DeliveryState.CONFIRMED, clock.now)


@pytest.mark.rule("NET-1", "NET-2")
def test_redirects_are_not_followed_and_what_comes_behind_is_not_fetched(caller, services, made, receiver, tell):
    elsewhere = Receiver()
    receiver.location = elsewhere.url
    receiver.answer = lambda _: 307
    make_user(caller, services)
    tell()
    (delivery,) = list_deliveries(caller, made.webhook.id, services)
    assert (delivery.answer_status, delivery.state) == (307, DeliveryState.PENDING)
    assert "redirect" in delivery.fault
    assert elsewhere.received == []
    elsewhere.close()


@pytest.mark.rule("NET-1", "NET-2")
def test_a_silent_receiver_is_left_alone_for_a_while_and_others_are_served(
    caller, services, made, receiver, tell, clock, monkeypatch
):
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.3)
    receiver.answer = lambda _: time.sleep(0.6) or 200
    prompt = Receiver()
    create_webhook(caller, NewWebhook(prompt.url), services)
    make_user(caller, services, "first@acme.example")
    tell()
    assert (len(receiver.received), len(prompt.received)) == (1, 1)
    silent = show_webhook(caller, made.webhook.id, services)
    assert silent.retry_at == clock.now + timedelta(seconds=5)
    (delivery,) = list_deliveries(caller, made.webhook.id, services)
    assert (delivery.answer_status, delivery.state) == (None, DeliveryState.PENDING)
    assert "took too long" in delivery.fault
    make_user(caller, services, "second@acme.example")
    tell()
    assert (len(receiver.received), len(prompt.received)) == (1, 2)
    receiver.answer = lambda _: 200
    clock.advance(seconds=61)
    tell()
    assert Counter(each.id for each in receiver.received) == Counter({
        each.id: 2 if number == 0 else 1 for number, each in enumerate(prompt.received)
    })  # fmt: skip
    assert show_webhook(caller, made.webhook.id, services).retry_at is None
    prompt.close()


@pytest.mark.rule("NET-2")
def test_a_dead_receiver_is_paused_with_one_mail_and_told_everything_once_it_is_resumed(
    caller, services, made, receiver, tell, deliver, mails, clock
):
    deliver()
    receiver.answer = lambda _: 503
    user = make_user(caller, services)
    tell()
    for pause in PAUSES:
        clock.now += pause
        tell()
    asked = len(receiver.received)
    paused = show_webhook(caller, made.webhook.id, services)
    assert (paused.pause_reason, paused.is_paused) == (PauseReason.DEAD, True)
    assert paused.paused_at - paused.failing_since >= DEAD_AFTER
    told = [mail for mail in mails.all() if mail.kind == "webhook_paused"]
    assert [mail.to for mail in told] == ["root@acme.example"]
    assert told[0].link == "http://127.0.0.1:8080/webhooks"
    disable_user(caller, user.id, services)
    clock.advance(hours=24)
    tell()
    assert len(receiver.received) == asked
    receiver.answer = lambda _: 204
    change_webhook(caller, made.webhook.id, {"paused": False}, services)
    tell()
    assert sorted(receiver.kinds[asked:]) == ["sessions.ended", "user.created", "user.disabled"]
    assert len([mail for mail in mails.all() if mail.kind == "webhook_paused"]) == 1
    assert not show_webhook(caller, made.webhook.id, services).is_paused


@pytest.mark.rule("NET-2")
def test_a_receiver_that_says_gone_is_paused_at_once(caller, services, made, receiver, tell, deliver, mails):
    receiver.answer = lambda _: 410
    make_user(caller, services)
    tell()
    deliver()
    assert show_webhook(caller, made.webhook.id, services).pause_reason is PauseReason.GONE
    assert [mail.to for mail in mails.all() if mail.kind == "webhook_paused"] == ["root@acme.example"]
    make_user(caller, services, "second@acme.example")
    tell()
    assert len(receiver.received) == 1


@pytest.mark.rule("OUT-2", "SES-7")
def test_the_receipt_of_a_force_logout_says_which_webhook_confirmed_and_when(
    caller, services, settings, made, receiver, tell, clock
):
    deaf = Receiver()
    deaf.answer = lambda _: 500
    unheard = create_webhook(caller, NewWebhook(deaf.url), services).webhook
    create_webhook(caller, NewWebhook("https://receiver.example/", ("user.created",)), services)
    user = make_user(caller, services)
    tell()
    force_logout(caller, user.id, services)
    clock.advance(seconds=3)
    tell()
    (receipt,) = list_revocations(caller, user.id, services)
    found = {each.webhook_id: each.confirmed_at for each in receipt.confirmations}
    assert found == {made.webhook.id: clock.now, unheard.id: None}
    assert receiver.received[-1].event["data"] == {"user": {"id": user.id}, "reason": "force_logout"}
    assert longest_unconfirmed(services) == timedelta(seconds=3)
    deaf.answer = lambda _: 200
    clock.advance(seconds=30)
    tell()
    (receipt,) = list_revocations(caller, user.id, services)
    assert {each.webhook_id for each in receipt.confirmations if each.confirmed_at} == {made.webhook.id, unheard.id}
    assert longest_unconfirmed(services) == timedelta()
    deaf.close()


@pytest.mark.rule("OUT-1", "OUT-2")
def test_how_long_ends_of_access_take_is_measured_at_each_stage(caller, services, made, queue, clock, sql):
    stages: list[tuple[str, float]] = []
    user = make_user(caller, services)
    endings = {"effective", "settled", "confirmed", "unconfirmed"}

    def measure(stage: str, seconds: float) -> None:
        if stage in endings:
            stages.append((stage, seconds))

    measuring = replace(services, measure=measure)
    force_logout(caller, user.id, measuring)
    assert stages == [("effective", 0.0)]
    clock.advance(seconds=2)
    rows = [tuple(row) for row in sql("select account_id, id from outbox where kind = 'sessions_ended'")]
    settle_sessions(rows, measuring)
    (delivery,) = list_deliveries(caller, made.webhook.id, services)
    clock.advance(seconds=3)
    send_deliveries([(caller.account, delivery.id)], measuring)
    assert stages == [("effective", 0.0), ("settled", 2.0), ("confirmed", 5.0)]
    clock.advance(seconds=40)
    relay = Relay(measuring, queue)
    relay.measure_unconfirmed()
    assert stages[-1] == ("unconfirmed", 0.0)
    sql("update webhook_deliveries set state = 'pending'")
    relay.measure_unconfirmed()
    assert stages[-1] == ("unconfirmed", 45.0)


@pytest.mark.rule("JOB-3", "JOB-2")
def test_an_emptied_redis_loses_nothing_and_holds_no_address(
    caller, services, made, receiver, relay, work, valkey, clock
):
    make_user(caller, services)
    seal_activity(services)
    hand_over(services)
    assert relay.ring_for_webhooks() == 1
    kept = b"".join(dump_of(valkey))
    assert kept
    for secret in (b"acme.example", b"/hook", made.secret.encode(), b"user.created"):
        assert secret not in kept
    valkey.flushall()
    work()
    assert receiver.received == []
    assert relay.ring_for_webhooks() == 0
    clock.now += LEASE
    assert relay.ring_for_webhooks() == 1
    work()
    assert receiver.kinds == ["user.created"]


def dump_of(valkey) -> Iterator[bytes]:
    """Every key and value, as far as Redis shows them."""
    for key in valkey.keys("*"):
        yield key
        yield from {
            b"hash": lambda key=key: [part for pair in valkey.hgetall(key).items() for part in pair],
            b"list": lambda key=key: valkey.lrange(key, 0, -1),
            b"set": lambda key=key: list(valkey.smembers(key)),
            b"zset": lambda key=key: valkey.zrange(key, 0, -1),
            b"string": lambda key=key: [valkey.get(key)],
        }[valkey.type(key)]()


@pytest.mark.rule("JOB-3")
def test_a_delivery_is_leased_to_one_job_and_comes_back_when_that_job_is_killed(
    caller, services, made, receiver, clock, sql
):
    make_user(caller, services)
    seal_activity(services)
    assert hand_over(services) == 1
    assert hand_over(services) == 0
    (delivery,) = list_deliveries(caller, made.webhook.id, services)
    rows = [(caller.account, delivery.id)]
    # As a killed worker leaves it.
    sql("update webhook_deliveries set leased_until = %s, attempts = 1", clock.now + LEASE)
    send_deliveries(rows, services)
    assert receiver.received == []
    clock.now += LEASE
    send_deliveries([*rows, *rows, *rows], services)
    send_deliveries(rows, services)
    assert receiver.kinds == ["user.created"]
    assert list_deliveries(caller, made.webhook.id, services)[0].attempts == 2


@pytest.mark.rule("NET-1")
def test_a_name_that_leads_inside_is_refused_at_every_sending_and_nothing_goes_out(
    caller, services, account, receiver, tell, clock, sql
):
    made = create_webhook(caller, NewWebhook("https://inner.example/hook"), services)
    inside = replace(services, outgoing=Outgoing(Allowed(), lambda host, port: ["169.254.169.254"]))
    make_user(caller, services)
    seal_activity(services)
    hand_over(services)
    (delivery,) = list_deliveries(caller, made.webhook.id, services)
    send_deliveries([(caller.account, delivery.id)], inside)
    (noted,) = list_deliveries(caller, made.webhook.id, services)
    assert "inner address" in noted.fault
    assert (noted.answer_status, noted.state) == (None, DeliveryState.PENDING)


@pytest.mark.rule("NET-2", "ACC-3")
def test_what_is_not_wanted_any_more_is_not_sent(caller, services, made, receiver, tell, clock, sql):
    make_user(caller, services)
    seal_activity(services)
    hand_over(services)
    sql("update accounts set cancelled_at = now() where id = %s", caller.account)
    tell()
    assert receiver.received == []
    sql("update accounts set cancelled_at = null where id = %s", caller.account)
    change_webhook(caller, made.webhook.id, {"paused": True}, services)
    tell()
    assert receiver.received == []
    delete_webhook(caller, made.webhook.id, services)
    clock.advance(days=1)
    tell()
    assert receiver.received == []
    secrets = sql("select secret, old_secret from webhooks where id = %s", made.webhook.id)
    assert secrets == [(None, None)]


@pytest.mark.rule("NET-2")
def test_a_webhook_hears_nothing_from_before_its_time_and_its_log_goes_back_thirty_days(
    caller, services, receiver, tell, clock, sql
):
    user = make_user(caller, services, "before@acme.example")
    clock.advance(seconds=1)
    made = create_webhook(caller, NewWebhook(receiver.url), services)
    tell()
    assert receiver.received == []
    force_logout(caller, user.id, services)
    make_user(caller, services, "after@acme.example")
    tell()
    assert sorted(receiver.kinds) == ["sessions.ended", "user.created"]
    clock.advance(days=31)
    assert forget_old_deliveries(services) == 1
    # What says who confirmed the end of an access stays as long as the receipt is asked for.
    assert [each.kind for each in list_deliveries(caller, made.webhook.id, services)] == ["sessions.ended"]
    clock.advance(days=60)
    assert forget_old_deliveries(services) == 1
    assert list_deliveries(caller, made.webhook.id, services) == []


@pytest.mark.rule("OPS-2")
def test_secrets_are_encrypted_and_bound_to_their_row(caller, services, made, receiver, tell, sql):
    other = create_webhook(caller, NewWebhook(receiver.url, ("group.created",)), services)
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    for (stored,) in sql("select secret from webhooks"):
        assert made.secret.encode() not in stored
        assert key not in stored
    sql("update webhooks set secret = (select secret from webhooks where id = %s)", other.webhook.id)
    make_user(caller, services)
    tell()
    assert receiver.received == []


@pytest.fixture
def machine(settings, tmp_path) -> Iterator[Machine]:
    valkey = EmbeddedValkey(tmp_path / "valkey")
    valkey.start()
    made = Machine(valkey, replace(settings, redis_url=valkey.url), tmp_path / "parts.log")
    made.supervisor.start()
    yield made
    made.supervisor.stop()


@pytest.mark.rule("JOB-3", "NET-2")
def test_every_event_arrives_whatever_is_killed_or_emptied_in_the_middle(
    machine, in_real_time, receiver, sql, tmp_path
):
    receiver.answer = lambda _: time.sleep(0.05) or 204
    account = create_account(
        operator(""), NewAccount(name="Acme", root_email="root@acme.example", seats=PEOPLE + 1), in_real_time
    )
    caller = key_caller(account)
    made = create_webhook(caller, NewWebhook(receiver.url, ("user.created",)), in_real_time)
    users = set()
    for number in range(PEOPLE):
        users.add(make_user(caller, in_real_time, f"person{number}@acme.example").id)
        machine.supervisor.tend()
        if number in (15, 30):
            wait_until(lambda number=number: len(receiver.received) >= number - 12, 30, machine.supervisor.tend)
            machine.children["worker"].signal(signal.SIGKILL)
        if number == 30 and machine.valkey.pid:
            connection = connect(machine.valkey.url)
            connection.flushall()
            connection.close()
            os.kill(machine.valkey.pid, signal.SIGKILL)

    def make_due() -> None:
        """Let leases of killed jobs pass; how long they are is held by a test with a clock."""
        machine.supervisor.tend()
        sql(
            "update webhook_deliveries set next_at = now(), leased_until = null"
            " where state = 'pending' and next_at > now() + interval '15 s'"
            " and next_at < now() + interval '57 s'"
        )

    told = "select count(*) from webhook_deliveries where state = 'confirmed'"
    wait_until(lambda: sql(told) == [(PEOPLE,)], 90, make_due)
    seen: dict[str, set[str]] = {}
    for each in receiver.received:
        seen.setdefault(each.verified_by(made.secret)["data"]["user"]["id"], set()).add(each.id)
    assert set(seen) == users
    assert all(len(ids) == 1 for ids in seen.values())
    log = (tmp_path / "parts.log").read_text()
    assert "acme.example" not in log
    assert "whsec_" not in log


@pytest.mark.rule("AUZ-7", "AUD-1")
@pytest.mark.parametrize("loss", ["disabled", "deleted", "demoted", "revoked", None])
def test_a_replay_is_sent_only_if_who_asked_for_it_still_may(caller, services, made, receiver, tell, sql, loss):
    shell = operator(caller.account)
    chef = make_user(shell, services, "chef@acme.example", Role.MASTER_ADMIN)
    key = create_account_key(shell, "Replays", Role.MASTER_ADMIN, services)
    tell()
    delivery = list_deliveries(caller, made.webhook.id, services)[0]
    received = len(receiver.received)
    by_key = find_key_caller(key.key.id, key.secret, None, services)
    starter = by_key if loss == "revoked" else person(chef)
    replay_delivery(starter, made.webhook.id, delivery.id, services)
    {
        "disabled": lambda: disable_user(shell, chef.id, services),
        "deleted": lambda: delete_user(shell, chef.id, services),
        "demoted": lambda: edit_user(shell, chef.id, lambda _: UserChanges(role=Role.REPORTS), services),
        "revoked": lambda: revoke_account_key(shell, key.key.id, services),
        None: lambda: None,
    }[loss]()
    sql("update webhook_deliveries set state = 'given_up' where id <> %s", delivery.id)
    tell()
    sent = [each for each in receiver.received[received:] if each.id == delivery.event_id]
    (again,) = [each for each in list_deliveries(caller, made.webhook.id, services) if each.id == delivery.id]
    dropped = sql("select actor_id, data->>'event' from activity where kind = 'webhook.replay_dropped'")
    if loss is None:
        assert (len(sent), again.state, dropped) == (1, DeliveryState.CONFIRMED, [])
        return
    assert (sent, again.state, again.fault) == ([], DeliveryState.GIVEN_UP, "starter_gone")
    assert dropped == [(starter.id, delivery.event_id)]


@pytest.mark.rule("AUZ-7", "AUZ-1")
@pytest.mark.parametrize("permission", sorted(Permission))
def test_a_job_has_no_rights_of_its_own(caller, permission):
    assert not is_allowed(worker_caller(caller.account), permission)
