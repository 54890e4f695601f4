"""OPS-2: secrets at rest are bound to their row, and move under a new key whatever interrupts the move."""

import base64
from dataclasses import replace

import pytest

from provisioning.actions.second_factor import begin_set_up
from provisioning.actions.secrets import AT_ONCE, reencrypt
from provisioning.actions.webhooks import NewWebhook, create_webhook, rotate_webhook_secret
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.encryption import CannotDecrypt, Cipher
from provisioning.store.secrets import secret_columns
from tests.actions.refusals import code_of
from tests.actions.saml_world import connected
from tests.conftest import SECRET_KEY
from tests.factories import key_caller, make_user, person, report_of

NEW = base64.b64encode(bytes(range(60, 92))).decode()


@pytest.fixture
def filled(services, account, neighbour, caller):
    """Secrets of several kinds in two accounts."""
    for each in (account, neighbour):
        connected(services, each)
        begin_set_up(person(each.root), services)
        webhook = create_webhook(key_caller(each), NewWebhook("https://93.184.216.34/hook"), services).webhook
        rotate_webhook_secret(key_caller(each), webhook.id, services)
        make_user(key_caller(each), services)
    return account


@pytest.fixture
def renewing(services, settings):
    """Services whose newest key is another, and which still know the old one."""
    keys = replace(settings, secret_key=f"2:{NEW},{SECRET_KEY}").encryption_keys()
    return replace(services, cipher=Cipher(keys, services.random))


def secrets_in(sql) -> dict[str, bytes]:
    """place -> secret, of every row that holds one."""
    found = {}
    for each in secret_columns():
        rows = sql(f"select {each.row.name}, {each.column.name} from {each.table.name}")
        found |= {each.place(row): bytes(secret) for row, secret in rows if secret is not None}
    return found


@pytest.mark.rule("OPS-2")
def test_every_secret_is_found_and_is_the_same_text_under_the_new_key_alone(services, settings, filled, renewing, sql):
    before = {place: services.cipher.decrypt(secret, place) for place, secret in secrets_in(sql).items()}
    assert {place.rpartition("/")[0] for place in before} == {
        "saml_connections/sp_private_key",
        "access_keys/secret",
        "outbox/secret",
        "webhooks/secret",
        "webhooks/old_secret",
        "second_factors/seed",
    }
    done = list(reencrypt(operator("", "new key"), renewing))
    assert sum(portion.renewed for portion in done) == len(before)
    only_new = Cipher(replace(settings, secret_key=f"2:{NEW}").encryption_keys(), services.random)
    assert {place: only_new.decrypt(secret, place) for place, secret in secrets_in(sql).items()} == before
    assert list(reencrypt(operator(""), renewing)) == []
    entry = next(
        each for each in report_of(operator(filled.account.id), services) if each.kind == "secrets.reencrypted"
    )
    assert (entry.data["key"], entry.data["reason"], entry.actor_id) == ("2", "new key", "operator")


@pytest.mark.rule("OPS-2")
def test_killed_half_way_it_goes_on_where_it_was(services, filled, renewing, sql, monkeypatch):
    monkeypatch.setattr("provisioning.actions.secrets.AT_ONCE", 1)
    total, portions = len(secrets_in(sql)), reencrypt(operator(""), renewing)
    for _ in range(2):
        next(portions)
    portions.close()
    renewed = [secret for secret in secrets_in(sql).values() if secret.startswith(b"2:")]
    assert len(renewed) == 2
    for place, secret in secrets_in(sql).items():
        assert renewing.cipher.decrypt(secret, place)
    assert sum(portion.renewed for portion in reencrypt(operator(""), renewing)) == total - 2
    assert AT_ONCE > 1


@pytest.mark.rule("OPS-2")
def test_a_secret_killed_inside_its_transaction_is_as_it_was(services, filled, renewing, sql):
    before = secrets_in(sql)

    class Dying(Cipher):
        def renewed(self, data: bytes, place: str) -> bytes | None:
            if place.startswith("saml_connections"):
                raise KeyboardInterrupt
            return super().renewed(data, place)

    dying = replace(renewing, cipher=Dying({"2": base64.b64decode(NEW), "1": bytes(range(7, 39))}, services.random))
    with pytest.raises(KeyboardInterrupt):
        list(reencrypt(operator(""), dying))
    for place, secret in before.items():
        if place.startswith("saml_connections"):
            assert secrets_in(sql)[place] == secret


@pytest.mark.rule("OPS-2")
def test_secrets_that_were_swapped_between_rows_decrypt_in_neither_and_are_named(services, filled, renewing, sql):
    (one, first), (two, second) = sql("select id, sp_private_key from saml_connections order by id")
    for row, secret in ((one, second), (two, first)):
        sql("update saml_connections set sp_private_key = %s where id = %s", secret, row)
        with pytest.raises(CannotDecrypt):
            services.cipher.decrypt(secret, f"saml_connections/sp_private_key/{row}")
    damaged = [place for portion in reencrypt(operator(""), renewing) for place in portion.damaged]
    assert sorted(damaged) == sorted(f"saml_connections/sp_private_key/{row}" for row in (one, two))
    assert sql("select id, sp_private_key from saml_connections order by id") == [(one, second), (two, first)]


@pytest.mark.rule("OPS-2", "AUZ-1")
def test_only_the_operator_may(services, caller):
    assert code_of(lambda: list(reencrypt(caller, services))) is Code.CREDENTIAL_NOT_ALLOWED
