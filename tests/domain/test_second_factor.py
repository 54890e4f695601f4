"""2FA-4, LGN-3 to LGN-5: what a login has to prove, cell by cell, and what counts as a code."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from provisioning.domain.accounts import TwoFactor
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.passwords import SHORTEST_ALONE
from provisioning.domain.second_factor import (
    Proof,
    Step,
    fitting_step,
    is_app_code,
    next_step,
    proved_by,
    recovery_code,
    recovery_hash,
    require_offered,
    step_at,
    typed_code,
    wanted,
)
from provisioning.one_time_codes import OneTimeCodes

PASSWORD, LONG, CODE = Proof.PASSWORD, Proof.LONG_PASSWORD, Proof.CODE
# (has a second factor, required) -> what is next after a short password, a long one, and either with a code.
NEXT = {
    (False, False): (Step.NEW_PASSWORD, None, Step.NEW_PASSWORD, None),
    (False, True): (Step.SET_UP, Step.SET_UP, None, None),
    (True, False): (Step.GIVE_CODE, Step.GIVE_CODE, None, None),
    (True, True): (Step.GIVE_CODE, Step.GIVE_CODE, None, None),
}


@pytest.mark.rule("2FA-4", "LGN-3", "LGN-5")
@pytest.mark.parametrize("setting", TwoFactor)
@pytest.mark.parametrize("has_factor", [False, True])
def test_what_is_next_cell_by_cell(has_factor, setting):
    proved = [{PASSWORD}, {PASSWORD, LONG}, {PASSWORD, CODE}, {PASSWORD, LONG, CODE}]
    expected = NEXT[has_factor, setting is TwoFactor.REQUIRED]
    assert tuple(next_step(each, has_factor, setting) for each in proved) == expected


@pytest.mark.rule("LGN-3")
@pytest.mark.parametrize("proved", [set(), {CODE}, {LONG}, {LONG, CODE}])
def test_without_the_password_nothing_else_counts(proved):
    for has_factor, setting in product([False, True], TwoFactor):
        assert PASSWORD in wanted(has_factor, setting)
        with pytest.raises(Refusal) as refused:
            next_step(proved, has_factor, setting)
        assert refused.value.code is Code.LOGIN_EXPIRED


@pytest.mark.rule("LGN-5")
def test_a_password_proves_whether_it_may_stand_alone():
    assert proved_by("x" * (SHORTEST_ALONE - 1)) == {PASSWORD}
    assert proved_by("x" * SHORTEST_ALONE) == {PASSWORD, LONG}


@pytest.mark.rule("2FA-4")
def test_one_is_offered_under_optional_and_required():
    require_offered(TwoFactor.OPTIONAL)
    require_offered(TwoFactor.REQUIRED)
    with pytest.raises(Refusal, match="Disabled"):
        require_offered(TwoFactor.DISABLED)


# RFC 6238 appendix B, SHA-1, the last six of eight digits; the seed is the ASCII text 12345678901234567890.
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.rule("LGN-4")
@pytest.mark.parametrize("seconds", VECTORS)
def test_codes_are_those_of_the_standard_and_fit_one_step_around(seconds):
    codes, at = OneTimeCodes(), datetime.fromtimestamp(seconds, UTC)
    step = step_at(at)
    assert codes.code_at(SEED, step) == VECTORS[seconds]
    shifts = (-2, -1, 0, 1, 2) if step > 2 else (0, 1, 2)
    fits = [
        fitting_step(VECTORS[seconds], at + timedelta(seconds=30 * shift), lambda number: codes.code_at(SEED, number))
        for shift in shifts
    ]
    assert fits == [step if abs(shift) <= 1 else None for shift in shifts]


@pytest.mark.rule("LGN-4")
def test_blanks_and_hyphens_are_taken_out_and_only_six_plain_digits_are_a_code():
    assert typed_code(" 123 456\t") == typed_code("123-456") == "123456"
    assert is_app_code("012345")
    for wrong in ("", "12345", "1234567", "12345a", "１２３４５６", "٣٣٣٣٣٣"):
        assert not is_app_code(wrong)


@pytest.mark.rule("2FA-1")
def test_a_recovery_code_is_kept_as_a_hash_that_is_good_for_one_user():
    code = recovery_code(bytes(range(15)))
    assert len(code.replace("-", "")) * 5 == 120
    mine = recovery_hash("account-1", "user-1", code)
    assert mine == recovery_hash("account-1", "user-1", f" {code.lower()} ")
    assert len({mine, recovery_hash("account-1", "user-2", code), recovery_hash("account-2", "user-1", code)}) == 3
    assert code not in mine
