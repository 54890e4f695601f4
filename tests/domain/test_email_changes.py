"""USR-4: which changes of an email are confirmed first, whose addresses are told, as a table of way in and state."""

import pytest

from provisioning.domain.caller import operator
from provisioning.domain.email_changes import is_confirmed_first, is_told, without_email
from tests.domain.people import ACCOUNT, a_user, assertion, console, key, the_root, token

NEW = "dana.new@acme.example"
PENDING = a_user(accepted_at=None, has_password=False)
# (who changes it, whose, the new email) -> is it confirmed from the new address first?
CASES = [
    (console(a_user()), a_user(), NEW, True),
    (console(the_root()), a_user(), NEW, True),
    (console(the_root()), the_root(), NEW, True),
    (console(the_root()), PENDING, NEW, False),
    (console(the_root()), a_user(), "dana@acme.example", False),
    (console(the_root()), a_user(), None, False),
    (console(the_root()), a_user(email=None, user_name="dana"), NEW, True),
    (key(), a_user(), NEW, False),
    (token(), a_user(), NEW, False),
    (assertion(), a_user(), NEW, False),
    (operator(ACCOUNT), a_user(), NEW, False),
]


@pytest.mark.rule("USR-4")
@pytest.mark.parametrize(("caller", "user", "email", "confirmed"), CASES)
def test_only_what_a_person_typed_for_somebody_who_logs_in_already_is_confirmed_first(caller, user, email, confirmed):
    assert is_confirmed_first(caller, user, email) is confirmed


@pytest.mark.rule("USR-4", "LGN-9")
def test_whoever_logs_in_already_is_told_of_a_change_and_nobody_of_none():
    assert is_told(a_user(), NEW)
    assert is_told(a_user(), None)
    assert not is_told(a_user(), "dana@acme.example")
    assert not is_told(PENDING, NEW)


def test_the_rest_of_a_change_set_stays():
    assert without_email({"email": NEW, "first_name": "D"}) == {"first_name": "D"}
