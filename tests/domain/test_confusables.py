"""IDN-7: who could be taken for an administrator."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provisioning.domain.confusables import confusable_with, skeleton, warnings_of
from tests.domain.people import a_user

ADMIN = {"id": "admin", "email": "admin@acme.example", "first_name": "Dana", "last_name": "Roe", "display_name": ""}


@pytest.mark.rule("IDN-7")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Admin", "\u0410dmin"), ("Admin", "ADMIN"), ("paypal", "\u0440\u0430y\u0440\u0430l"), ("Lisa", "1isa"),
        ("Ian", "lan"), ("Root", "R00t"), ("modern", "modem"), ("Williams", "VVilliams"), ("Jorg", "J\u00f6rg"),
        ("Dana Roe", "Dana  R\u043ee"), ("Dana Roe", "dana.roe"), ("O'Hara", "O\u2019Hara"), ("Kim", "\u212aim"),
        ("Ann", "\uff21nn"), ("Ann", "A\u0301nn"), ("nina", "\u03b7i\u03b7a"), ("Igor", "\u0406gor"),
    ],
)  # fmt: skip
def test_look_alikes_have_one_skeleton(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.rule("IDN-7")
@pytest.mark.parametrize(("one", "other"), [("Ann", "Anna"), ("Dana Roe", "Dana Coe"), ("Max", "Maria"), ("", "a")])
def test_other_names_have_others(one, other):
    assert skeleton(one) != skeleton(other)


@pytest.mark.rule("IDN-7", "LIM-7")
@example("0\r¨")
@given(st.text(max_size=60))
def test_every_text_has_a_skeleton_and_it_stays_when_taken_again(text):
    assert skeleton(skeleton(text)) == skeleton(text)


@pytest.mark.rule("IDN-7")
@pytest.mark.parametrize(
    ("who", "flagged"),
    [
        ({"display_name": "D\u0430na Roe"}, True),
        ({"first_name": "Dana", "last_name": "R0e"}, True),
        ({"email": "\u0430dmin@acme.example"}, True),
        ({"email": "admin@\u0430cme.example"}, True),
        ({"email": "admin@xn--cme-5cd.example"}, True),
        ({"display_name": "Admin@Acme.Example"}, True),
        ({"display_name": "Eve Coe"}, False),
        ({"email": "admin@other.example"}, False),
        ({"id": "admin"}, False),
    ],
)
def test_name_and_email_are_compared_with_those_of_administrators(who, flagged):
    values = {"id": "new", "email": "new@acme.example", "first_name": "", "last_name": "", "display_name": ""}
    new, admin = a_user(**(values | who)), a_user(**ADMIN)
    found = confusable_with(new, [admin, a_user(id="other", email=None, first_name="", last_name="", display_name="")])
    assert found == ([admin] if flagged else [])
    assert all("Dana Roe <admin@acme.example>" in sentence for sentence in warnings_of(new, found))
