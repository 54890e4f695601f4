"""SES-4: which proofs are fresh, to the second, and that other credentials than a session need none."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning.domain.caller import Caller, Credential, WayIn, operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.proof import FRESH_FOR, is_fresh, require_fresh

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def person(proved_at: datetime | None) -> Caller:
    return Caller("a", WayIn.CONSOLE, Credential.SESSION, "u", proved_at=proved_at)


@pytest.mark.rule("SES-4")
def test_a_proof_is_good_for_ten_minutes_to_the_second():
    assert is_fresh(person(NOW - FRESH_FOR), NOW)
    with pytest.raises(Refusal) as refused:
        require_fresh(person(NOW - FRESH_FOR - timedelta(seconds=1)), NOW)
    assert refused.value.code is Code.PROOF_NEEDED


@pytest.mark.rule("SES-4")
def test_a_session_without_any_proof_has_no_fresh_one():
    assert not is_fresh(person(None), NOW)


@pytest.mark.rule("SES-4")
@pytest.mark.parametrize("credential", [Credential.ACCOUNT_KEY, Credential.SCIM_TOKEN])
def test_a_key_is_its_own_proof(credential):
    assert is_fresh(Caller("a", WayIn.PROVISIONING_API, credential, "k"), NOW)
    require_fresh(operator("a"), NOW)
