"""Names and emails that can be taken for an administrator's (IDN-7)."""

from dataclasses import replace

import pytest

from provisioning.domain.lookalikes import looks_like, skeleton
from tests.factories import make_user


@pytest.mark.rule("IDN-7")
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Admin", "Аdmin"),
        ("Admin", "АDМIN"),
        ("paypal", "раураl"),
        ("Root User", "R00t-User"),
        ("Bill", "BiII"),
        ("Mark", "Rnark"),
        ("alpha", "αlphα"),
        ("ＡＤＭＩＮ", "admin"),
    ],
)
def test_texts_of_one_shape_have_one_skeleton(left, right):
    assert skeleton(left) == skeleton(right)


@pytest.mark.rule("IDN-7")
@pytest.mark.parametrize(
    ("left", "right"), [("Dana", "Dara"), ("Bui", "Bill"), ("Anna", "Anne"), ("Müller", "Muller"), ("张伟", "李伟")]
)
def test_different_names_stay_different(left, right):
    assert skeleton(left) != skeleton(right)


@pytest.mark.rule("IDN-7")
def test_a_user_is_taken_for_an_administrator_by_name_or_email_and_never_for_itself(caller, services):
    user = make_user(caller, services)
    admin = replace(user, id="1", first_name="Amara", last_name="Okafor", email="amara@acme.example")
    for fields in (
        {"display_name": "Аmara 0kafor"},
        {"display_name": "", "first_name": "Amara", "last_name": "Okafоr"},
        {"email": "arnara@acme.example"},
    ):
        assert looks_like(replace(user, id="2", **fields), [admin]) is admin
    assert looks_like(admin, [admin]) is None
    assert looks_like(user, [admin]) is None
