"""LGN-2, PWD-5: how long a try waits, whom it counts for, and when a password is not looked at any more."""

from itertools import pairwise

import pytest

from provisioning.domain.throttle import (
    FORGOTTEN_AFTER,
    FREE,
    MOST_IN_A_ROW,
    PAUSES,
    Counter,
    Key,
    is_refused,
    network_of,
    of_device,
    of_proof,
    of_typed,
    of_user,
    wait_in_words,
)


@pytest.mark.rule("LGN-2", "PWD-5")
def test_pauses_grow_from_a_second_to_a_quarter_of_an_hour_for_every_counter_but_that_of_tries_in_a_row():
    assert (PAUSES[0], PAUSES[-1]) == (1, 15 * 60)
    assert all(earlier < later <= 2 * earlier for earlier, later in pairwise(PAUSES))
    assert set(Counter) - set(FREE) == {Counter.USER, Counter.WRONG_KEY}
    assert all(0 < free < MOST_IN_A_ROW for free in FREE.values())


@pytest.mark.rule("LGN-2", "ROOT-2")
def test_after_a_hundred_in_a_row_everybodys_password_but_the_root_users_is_refused():
    assert [is_refused(tries, False) for tries in (1, MOST_IN_A_ROW, MOST_IN_A_ROW + 1)] == [False, False, True]
    assert not is_refused(10**6, True)


@pytest.mark.rule("LGN-2", "IDN-1")
def test_every_spelling_of_an_email_is_one_counter_and_holds_no_address():
    spellings = (
        "dana@acme.example",
        "DANA@Acme.Example",
        "ｄana@acme.example",
        "dana@acme.examp\u017fe".replace("ſ", "l"),
    )
    assert len({of_typed(each) for each in spellings}) == 1
    assert of_typed("dana@acme.example") != of_typed("dana@acme.example", Counter.FORGOT)
    assert "dana" not in of_typed("dana@acme.example").subject
    assert of_typed("d\0ana").subject
    assert of_typed("k@x.example") == of_typed("\u212a@x.example"), "the Kelvin sign"


@pytest.mark.rule("TEN-5", "LGN-2")
def test_counters_of_accounts_and_kinds_never_meet():
    keys = {
        of_user("account-1", "dana@acme.example"), of_user("account-2", "dana@acme.example"),
        of_typed("dana@acme.example"), of_device("account-1", "user-1"), of_proof("account-1", "user-1"),
    }  # fmt: skip
    assert len(keys) == 5
    assert sorted(keys)[0] < sorted(keys)[-1]
    assert set(FORGOTTEN_AFTER) <= set(Counter)
    assert Key("", Counter.EMAIL, "x") != Key("", Counter.FORGOT, "x")


@pytest.mark.rule("LGN-2")
@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7/32"), ("::ffff:203.0.113.7", "203.0.113.7/32"),
     ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"), (None, ""), ("", ""),
     ("no address", "")],
)  # fmt: skip
def test_an_ipv6_network_counts_as_one(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (61, "2 minutes"), (900, "15 minutes")],
)
def test_pauses_are_told_in_words(seconds, words):
    assert wait_in_words(seconds) == words
