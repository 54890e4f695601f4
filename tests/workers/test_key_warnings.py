"""KEY-4: before a key or token ends, who answers for it hears 30, 7 and 1 days ahead, exactly once each."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.actions.accounts import cancel_account
from provisioning.actions.expiry import warn_of_expiry
from provisioning.actions.keys import create_account_key, revoke_account_key, rotate_account_key
from provisioning.actions.scim_tokens import revoke_scim_token
from provisioning.actions.users import disable_user
from provisioning.domain.caller import operator
from provisioning.domain.keys import Terms
from provisioning.domain.roles_legacy import Role
from tests.factories import make_user, person

KIND = "key_expiring"


@pytest.fixture
def chef(services, account, neighbour, caller, clock):
    """A master admin with a fresh proof; the account's first key and token are gone, so that only hers count."""
    revoke_scim_token(caller, account.token.token.id, services)
    revoke_account_key(caller, account.key.key.id, services)
    made = make_user(operator(caller.account), services, "chef@acme.example", Role.MASTER_ADMIN)
    return replace(person(made), proved_at=clock.now)


@pytest.mark.rule("KEY-4", "MAIL-1")
def test_three_mails_and_no_more_to_who_answers_for_the_key(services, chef, clock, deliver, mails):
    made = create_account_key(chef, "Terraform", Role.ADMIN, services)
    seen = {}
    for day in range(366):
        if warn_of_expiry(services) + warn_of_expiry(services):
            deliver()
        for mail in mails.to("chef@acme.example", KIND):
            seen.setdefault(mail.message_id, 365 - day)
        clock.advance(days=1)
    assert list(seen.values()) == [30, 7, 1]
    mail = mails.to("chef@acme.example", KIND)[0]
    assert mail.link == f"{services.public_url}/api-keys"
    assert "'Terraform' of Acme ends on 23 November 2027, 09:00 UTC" in mail.text
    assert made.secret not in mail.text + mail.html
    assert [each.to for each in mails.all() if each.kind == KIND].count("root@acme.example") == 6, "the neighbour's two"


@pytest.mark.rule("KEY-4", "JOB-3")
def test_many_workers_owe_one_warning(services, chef, clock, sql):
    create_account_key(chef, "Terraform", Role.ADMIN, services, Terms(timedelta(days=60)))
    clock.advance(days=30)
    together = threading.Barrier(6)

    def warn() -> None:
        together.wait()
        warn_of_expiry(services)

    threads = [threading.Thread(target=warn) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sql("select count(*) from outbox where kind = %s", KIND) == [(1,)]


@pytest.mark.rule("KEY-4")
def test_after_a_long_stop_the_last_stretch_is_warned_of_and_not_those_before(services, chef, clock, sql):
    create_account_key(chef, "Terraform", Role.ADMIN, services)
    clock.advance(days=360)
    warn_of_expiry(services)
    warn_of_expiry(services)
    assert sql("select count(*) from outbox where kind = %s and payload->>'user_id' = %s", KIND, chef.id) == [(1,)]
    assert sql("select warned_days from account_keys where made_by = %s", chef.id) == [(7,)]


@pytest.mark.rule("KEY-4", "ACC-3")
def test_nobody_is_warned_of_what_is_rotated_revoked_or_of_a_cancelled_account(services, chef, clock, deliver, mails):
    keys = [create_account_key(chef, f"K{number}", Role.ADMIN, services, Terms(timedelta(days=40))) for number in "123"]
    clock.advance(days=20)
    renewed = rotate_account_key(operator(chef.account), keys[0].key.id, 86400, services)
    revoke_account_key(operator(chef.account), keys[1].key.id, services)
    assert warn_of_expiry(services) == 1
    revoke_account_key(operator(chef.account), keys[2].key.id, services)
    deliver()
    assert mails.to("chef@acme.example", KIND) == [], "what was revoked before the mail went out needs no warning"
    cancel_account(operator(chef.account), None, None, services)
    clock.advance(days=35)
    assert warn_of_expiry(services) == 0
    assert renewed.key.expires_at > clock.now


@pytest.mark.rule("KEY-4", "KEY-3")
def test_where_nobody_answers_any_more_the_root_user_is_warned(services, account, chef, caller, clock, sql):
    create_account_key(chef, "Terraform", Role.ADMIN, services, Terms(timedelta(days=40)))
    disable_user(operator(chef.account), chef.id, services)
    clock.advance(days=10)
    warn_of_expiry(services)
    assert sql("select payload->>'user_id' from outbox where kind = %s", KIND) == [(account.root.id,)]
