"""KEY-2 to KEY-4, API-1, API-2: rotation with overlap, address ranges, lifetimes, and who answers for what."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from provisioning.actions import keys, scim_tokens
from provisioning.actions.users import delete_user, disable_user, edit_user, enable_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.domain.keys import LIFETIME, Review, Terms
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import UserChanges
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_user, person

OFFICE = "203.0.113.7"


@dataclass
class Kind:
    """Account keys or SCIM tokens behind one face, as the same rules hold for both (API-2)."""

    services: Any
    is_key: bool

    def make(self, caller, terms=keys.PRESET_TERMS):
        if self.is_key:
            return keys.create_account_key(caller, "Terraform", Role.ADMIN, self.services, terms)
        return scim_tokens.create_scim_token(caller, "Default", self.services, terms)

    def rotate(self, caller, issued, overlap):
        act = keys.rotate_account_key if self.is_key else scim_tokens.rotate_scim_token
        return act(caller, issued.id, overlap, self.services)

    def do(self, verb, caller, issued):
        module, noun = (keys, "account_key") if self.is_key else (scim_tokens, "scim_token")
        return getattr(module, f"{verb}_{noun}")(caller, issued.id, self.services)

    def listed(self, caller, issued):
        found = (
            keys.list_account_keys(caller, self.services)
            if self.is_key
            else scim_tokens.list_scim_tokens(caller, None, self.services)
        )
        return next(each for each in found if each.id == issued.id)

    def issued(self, made):
        return made.key if self.is_key else made.token

    def use(self, made, address=None):
        if self.is_key:
            return keys.find_key_caller(made.key.id, made.secret, address, self.services)
        return scim_tokens.find_scim_caller(made.text, address, self.services)

    def is_refused(self, made, address=None):
        return code_of(lambda: self.use(made, address))


@pytest.fixture(params=["key", "token"])
def kind(request, services) -> Kind:
    return Kind(services, request.param == "key")


@pytest.mark.rule("KEY-2", "API-1", "API-2")
def test_the_new_one_and_the_old_one_overlap_and_the_old_one_ends_at_its_time(kind, caller, clock, sql):
    old = kind.make(caller, Terms(timedelta(days=90), ("203.0.113.0/24",)))
    clock.advance(days=10)
    new = kind.rotate(caller, kind.issued(old), 3600)
    assert kind.use(old, OFFICE).account == kind.use(new, OFFICE).account == caller.account
    issued, retired = kind.issued(new), kind.listed(caller, kind.issued(old))
    assert issued.expires_at == clock.now + timedelta(days=90), "as long a life as the old one was given"
    assert issued.address_ranges == ("203.0.113.0/24",)
    assert (retired.replaced_by, retired.expires_at) == (issued.id, clock.now + timedelta(hours=1))
    clock.advance(minutes=59)
    kind.use(old, OFFICE)
    assert kind.listed(caller, kind.issued(old)).last_used_at == clock.now, "whether it is still used is shown"
    clock.advance(minutes=1)
    assert kind.is_refused(old, OFFICE) is Code.CREDENTIAL_INVALID
    assert kind.use(new, OFFICE)
    assert code_of(lambda: kind.rotate(caller, kind.issued(old), 0)) is Code.CREDENTIAL_NOT_ROTATABLE
    names = {"account_key.rotated", "scim_token.rotated"}
    assert {row[0] for row in sql("select kind from activity where kind like '%%rotated'")} <= names


@pytest.mark.rule("KEY-2")
def test_an_overlap_is_ended_early_by_revoking_or_by_asking_for_none(kind, caller):
    first = kind.make(caller)
    second = kind.rotate(caller, kind.issued(first), 86400)
    kind.do("revoke", caller, kind.issued(first))
    assert kind.is_refused(first) is Code.CREDENTIAL_INVALID
    third = kind.rotate(caller, kind.issued(second), 0)
    assert kind.is_refused(second) is Code.CREDENTIAL_INVALID
    assert kind.use(third)
    for seconds in (-1, 31 * 86400):
        assert code_of(lambda s=seconds: kind.rotate(caller, kind.issued(third), s)) is Code.INVALID_VALUE


@pytest.mark.rule("KEY-5", "TEN-1", "AUZ-3", "SES-4")
def test_nobody_rotates_anothers_or_above_their_own_or_without_a_fresh_proof(kind, account, neighbour, caller, clock):
    made = kind.make(caller)
    for verb in (lambda c: kind.rotate(c, kind.issued(made), 0), lambda c: kind.do("disable", c, kind.issued(made))):
        assert code_of(lambda v=verb: v(key_caller(neighbour))) is Code.NOT_FOUND
        assert code_of(lambda v=verb: v(key_caller(account, Role.ADMIN))) is Code.NOT_ALLOWED
    root = replace(person(account.root), proved_at=clock.now - timedelta(minutes=11))
    assert code_of(lambda: kind.rotate(root, kind.issued(made), 0)) is Code.PROOF_NEEDED
    assert kind.use(made)


@pytest.mark.rule("KEY-4")
def test_an_address_outside_the_ranges_is_refused_and_kept_in_the_report(kind, caller, sql, clock):
    made = kind.make(caller, Terms(LIFETIME, (OFFICE, "2001:db8::/32")))
    assert kind.use(made, OFFICE)
    clock.advance(hours=1)
    used_at = kind.listed(caller, kind.issued(made)).last_used_at
    for address in ("203.0.113.8", "2001:db9::1", None, "unix"):
        assert kind.is_refused(made, address) is Code.ADDRESS_NOT_ALLOWED
    entries = sql("select actor_id, address from activity where code = 'address_not_allowed' order by id")
    assert entries[0] == (kind.issued(made).id, "203.0.113.8")
    assert kind.listed(caller, kind.issued(made)).last_used_at == used_at, "a refused use is no use"
    assert code_of(lambda: kind.make(caller, Terms(LIFETIME, ("everywhere",)))) is Code.INVALID_VALUE


@pytest.mark.rule("KEY-4", "API-1", "API-2")
def test_a_life_is_chosen_and_a_year_where_it_is_not(kind, caller, clock):
    short = kind.make(caller, Terms(timedelta(hours=2)))
    year = kind.make(caller)
    clock.advance(hours=2)
    assert kind.is_refused(short) is Code.CREDENTIAL_INVALID
    clock.advance(days=364, hours=21)
    assert kind.use(year)
    clock.advance(hours=1)
    assert kind.is_refused(year) is Code.CREDENTIAL_INVALID


@pytest.mark.rule("API-1", "API-2")
def test_what_is_switched_off_is_refused_until_it_is_on_again_and_what_is_revoked_for_ever(kind, caller):
    made = kind.make(caller)
    kind.do("disable", caller, kind.issued(made))
    assert kind.is_refused(made) is Code.CREDENTIAL_INVALID
    assert code_of(lambda: kind.rotate(caller, kind.issued(made), 0)) is Code.CREDENTIAL_NOT_ROTATABLE
    kind.do("enable", caller, kind.issued(made))
    assert kind.use(made)
    kind.do("revoke", caller, kind.issued(made))
    kind.do("enable", caller, kind.issued(made))
    assert kind.is_refused(made) is Code.CREDENTIAL_INVALID


@pytest.mark.rule("KEY-3")
@pytest.mark.parametrize("loss", ["disable", "delete", "demote"])
def test_when_the_maker_is_gone_the_key_is_listed_to_be_kept_or_ended(kind, account, caller, services, loss, clock):
    chef = make_user(caller, services, "chef@acme.example", Role.MASTER_ADMIN)
    made = kind.make(replace(person(chef), proved_at=clock.now))
    listed = kind.listed(caller, kind.issued(made))
    assert (listed.made_by, listed.maker, listed.review) == (chef.id, chef.name, None)
    losses = {
        "disable": lambda: disable_user(caller, chef.id, services),
        "delete": lambda: delete_user(caller, chef.id, services),
        "demote": lambda: edit_user(caller, chef.id, lambda _: UserChanges(role=Role.REPORTS), services),
    }
    losses[loss]()
    reviews = {"disable": Review.MAKER_DISABLED, "delete": Review.MAKER_DELETED, "demote": Review.MAKER_LOST_PERMISSION}
    assert kind.listed(caller, kind.issued(made)).review is reviews[loss]
    assert kind.use(made), "an account's key works on until an administrator decides"
    root = replace(person(account.root), proved_at=clock.now)
    kept = kind.do("keep", root, kind.issued(made))
    assert (kept.made_by, kept.answerable) == (chef.id, account.root.id)
    assert (kept.maker, kept.review) == (account.root.name, None)
    if loss == "disable":
        enable_user(caller, chef.id, services)
        assert kind.listed(caller, kind.issued(made)).answerable == account.root.id


@pytest.mark.rule("KEY-3")
def test_for_what_a_key_makes_its_own_maker_answers(kind, account, caller, services, clock):
    chef = make_user(caller, services, "chef@acme.example", Role.MASTER_ADMIN)
    hers = keys.create_account_key(replace(person(chef), proved_at=clock.now), "Hers", Role.MASTER_ADMIN, services)
    made = kind.make(keys.find_key_caller(hers.key.id, hers.secret, None, services))
    assert (kind.issued(made).made_by, kind.issued(made).answerable) == (hers.key.id, chef.id)
    delete_user(caller, chef.id, services)
    assert kind.listed(caller, kind.issued(made)).review is Review.MAKER_DELETED
    by_shell = kind.make(operator(caller.account))
    assert (kind.issued(by_shell).made_by, kind.issued(by_shell).answerable) == ("operator", None)


@pytest.mark.rule("LGN-9", "KEY-2")
def test_who_answers_for_a_new_key_hears_of_it_by_mail_else_the_root_user(kind, account, caller, services, sql, clock):
    chef = make_user(caller, services, "chef@acme.example", Role.MASTER_ADMIN)
    made = kind.make(replace(person(chef), proved_at=clock.now))
    kind.rotate(operator(caller.account), kind.issued(made), 0)
    told = sql("select payload->>'user_id' from outbox where kind = 'new_key' order by id")
    assert told == [(chef.id,), (account.root.id,)]
