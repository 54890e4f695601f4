"""ACC: an account's name, its permission system, and that a cancelled one does nothing."""

import pytest

from provisioning.domain.accounts import (
    Account,
    TwoFactor,
    checked_account_name,
    checked_permission_system,
    require_open,
)
from provisioning.domain.caller import WayIn, nobody, operator
from provisioning.domain.errors import Code, Refusal, not_found
from provisioning.domain.seats import Plan
from tests.domain.people import ACCOUNT, NOW


def an_account(**fields: object) -> Account:
    values = {
        "id": ACCOUNT, "name": "Acme", "plan": Plan.FREE, "permission_system": "legacy",
        "two_factor": TwoFactor.DISABLED, "session_idle_seconds": 1, "session_max_seconds": 1, "saml_enforced": False,
        "saml_enabled": False, "cancelled_at": None, "created_at": NOW,
    }  # fmt: skip
    return Account(**{**values, **fields})


@pytest.mark.rule("ACC-1", "TEN-3")
@pytest.mark.parametrize("what", ["User", "Group", "Account", "Product environment"])
def test_foreign_and_made_up_ids_have_one_answer(what):
    foreign, made_up = not_found(what, "01-of-another-account"), not_found(what, "made-up")
    assert foreign.code is made_up.code is Code.NOT_FOUND
    assert foreign.sentence == made_up.sentence == f"{what} not found"
    assert foreign.field is None


@pytest.mark.rule("ACC-1", "ACC-4")
def test_every_caller_is_of_one_account_and_of_no_product_environment():
    assert operator(ACCOUNT).account == ACCOUNT
    assert nobody(WayIn.CONSOLE, None).account == ""
    assert not hasattr(operator(ACCOUNT), "environment")


@pytest.mark.rule("ACC-5")
def test_new_accounts_run_on_the_legacy_permission_system():
    assert checked_permission_system("legacy") == "legacy"


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize(
    ("name", "code"),
    [("roles_and_permissions", Code.PERMISSION_SYSTEM_UNAVAILABLE), ("Legacy", Code.INVALID_VALUE),
     ("", Code.INVALID_VALUE), ("rp", Code.INVALID_VALUE)],
)  # fmt: skip
def test_another_permission_system_is_refused_with_a_sentence(name, code):
    with pytest.raises(Refusal) as refused:
        checked_permission_system(name)
    assert (refused.value.code, refused.value.field) == (code, "permissions")


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize(("given", "kept"), [("Acme", "Acme"), (" Acme Inc. ", "Acme Inc."), ("Ä" * 256, "Ä" * 256)])
def test_an_accounts_name_is_kept_without_blanks_around(given, kept):
    assert checked_account_name(given) == kept


@pytest.mark.rule("ACC-1", "LIM-3")
@pytest.mark.parametrize("given", ["", "  ", "A" * 257, "Ac\0me", "Ac\nme", "\u202eemcA"])
def test_an_empty_over_long_or_unprintable_account_name_is_refused(given):
    with pytest.raises(Refusal) as refused:
        checked_account_name(given)
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "name")


@pytest.mark.rule("SAM-6")
def test_a_cancelled_account_does_nothing():
    require_open(an_account())
    with pytest.raises(Refusal) as refused:
        require_open(an_account(cancelled_at=NOW))
    assert refused.value.code is Code.ACCOUNT_CANCELLED
