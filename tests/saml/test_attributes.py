"""Attributes: three families without mapping, mappings that replace them, and data that is only data (SAM-8)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from provisioning.domain.sso import Profile
from saml.assertion import Assertion, Attribute
from saml.attributes import read_profile
from saml.errors import SamlCode, SamlError
from saml.names import FORMAT_EMAIL, FORMAT_TRANSIENT, FORMAT_UNSPECIFIED
from tests.saml.world import World

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"

Sent = Mapping[str, tuple[str | None, ...]]


def assertion_with(world: World, sent: Sent, **values: Any) -> Assertion:
    attributes = tuple(Attribute(name, found) for name, found in sent.items())
    return replace(world.read(world.respond()), attributes=attributes, **values)


def profile(world: World, sent: Sent, settings: Mapping[str, Any] | None = None, **values: Any) -> Profile:
    return read_profile(assertion_with(world, sent, **values), replace(world.connection, **(settings or {})))


def refusal(world: World, sent: Sent, settings: Mapping[str, Any] | None = None, **values: Any) -> SamlError:
    with pytest.raises(SamlError) as caught:
        profile(world, sent, settings, **values)
    return caught.value


FAMILIES: list[dict[str, tuple[str | None, ...]]] = [
    {"email": ("a@x.example",), "firstName": ("A",), "lastName": ("B",)},
    {"mail": ("a@x.example",), "first_name": ("A",), "last_name": ("B",)},
    {"mail": ("a@x.example",), "givenName": ("A",), "surname": ("B",)},
    {"email": ("a@x.example",), "givenName": ("A",), "sn": ("B",)},
    {
        "urn:oid:0.9.2342.19200300.100.1.3": ("a@x.example",),
        "urn:oid:2.5.4.42": ("A",),
        "urn:oid:2.5.4.4": ("B",),
    },
    {f"{CLAIMS}/emailaddress": ("a@x.example",), f"{CLAIMS}/givenname": ("A",), f"{CLAIMS}/surname": ("B",)},
]


@pytest.mark.parametrize("sent", FAMILIES, ids=lambda sent: next(iter(sent)))
def test_the_common_families_are_understood_without_a_mapping(world: World, sent: Sent) -> None:
    found = profile(world, sent)
    assert (found.email, found.first_name, found.last_name) == ("a@x.example", "A", "B")


def test_role_groups_and_environments_have_their_names_too(world: World) -> None:
    found = profile(world, {"role": ("reports",), "groups": ("g1", "g2"), "sub_accounts": ("one",)})
    assert (found.role, found.groups, found.product_environments) == ("reports", ("g1", "g2"), ("one",))


def test_a_mapping_replaces_the_families_for_its_field_only(world: World) -> None:
    sent: Sent = {"email": ("wrong@x.example",), "contact": ("right@x.example",), "firstName": ("A",)}
    found = profile(world, sent, {"mapping": {"email": "contact"}})
    assert (found.email, found.first_name) == ("right@x.example", "A")
    assert profile(world, {"email": ("x@x.example",)}, {"mapping": {"email": "contact"}}).email == "ada@example.com"


def test_absent_empty_and_several_are_three_things(world: World) -> None:
    absent = profile(world, {})
    assert (absent.first_name, absent.groups, absent.product_environments) == (None, None, None)
    empty = profile(world, {"firstName": ("",), "lastName": (), "groups": (), "product_environments": ("",)})
    assert (empty.first_name, empty.last_name, empty.groups, empty.product_environments) == ("", "", (), ())
    assert profile(world, {"groups": ("a", "b", "a")}).groups == ("a", "b")
    assert refusal(world, {"firstName": ("A", "B")}).code is SamlCode.ATTRIBUTE
    assert profile(world, {"firstName": ("A", "A ")}).first_name == "A"


def test_a_comma_joined_value_is_split_only_where_told(world: World) -> None:
    sent: Sent = {"groups": ("a, b,,c",)}
    assert profile(world, sent).groups == ("a, b,,c",)
    assert profile(world, sent, {"split_commas": True}).groups == ("a", "b", "c")
    assert profile(world, {"groups": ("a,b", "c")}, {"split_commas": True}).groups == ("a,b", "c")


@pytest.mark.rule("SAM-8", "LIM-3")
def test_too_long_and_too_many_values_refuse_and_are_never_cut(world: World) -> None:
    assert profile(world, {"firstName": ("x" * 1024,)}).first_name == "x" * 1024
    assert refusal(world, {"firstName": ("x" * 1025,)}).check == "value_length"
    assert refusal(world, {"firstName": ("x" * 1_000_000,)}).check == "value_length"
    assert refusal(world, {"groups": tuple(str(number) for number in range(1001))}).check == "value_count"


@pytest.mark.rule("SAM-8")
@pytest.mark.parametrize("value", ["a\x01b", "a\nb", "a\u202eb", "a\u200bb", "a\x7fb", "a\ufdd0b", "\ue000"])
def test_characters_that_nobody_sees_are_refused(world: World, value: str) -> None:
    assert refusal(world, {"firstName": (value,)}).check == "value_is_printable"


@pytest.mark.rule("SAM-8")
def test_markup_is_plain_text_and_what_nobody_asked_for_does_no_harm(world: World) -> None:
    sent: Sent = {"firstName": (" R&D <x> ",), "other": ("\x01" * 5000, None), "firstname": ("no",)}
    assert profile(world, sent).first_name == "R&D <x>"


@pytest.mark.rule("XML-5")
def test_a_value_with_elements_inside_is_no_text(world: World) -> None:
    assert refusal(world, {"email": (None,)}).check == "value_is_text"


@pytest.mark.rule("IDN-2")
@pytest.mark.parametrize(
    ("name_id", "name_id_format", "subject"),
    [
        ("Ada@Example.COM ", FORMAT_EMAIL, "ada@example.com"),
        ("İADA@x.example", FORMAT_EMAIL, "İada@x.example"),
        ("Ada@Example.COM", FORMAT_UNSPECIFIED, "Ada@Example.COM"),
        ("Ada", None, "Ada"),
        (" a b ", PERSISTENT, " a b "),
        ("1", PERSISTENT, "1"),
    ],
)
def test_the_subject_is_the_name_id_as_exact_text_and_an_address_in_small_ascii(
    world: World, name_id: str, name_id_format: str | None, subject: str
) -> None:
    assert profile(world, {}, name_id=name_id, name_id_format=name_id_format).subject == subject


@pytest.mark.rule("IDN-2")
def test_the_named_attribute_comes_before_the_username_and_that_before_the_name_id(world: World) -> None:
    sent: Sent = {"username": ("u-1",), "uid": ("e-1",)}
    assert profile(world, sent, {"subject_attribute": "uid"}).subject == "e-1"
    assert profile(world, sent).subject == "u-1"
    assert profile(world, {"login": ("l-1",)}, {"mapping": {"username": "login"}}).subject == "l-1"
    assert profile(world, sent, name_id_format=FORMAT_TRANSIENT).subject == "u-1"


@pytest.mark.rule("IDN-2")
def test_a_missing_blank_or_passing_subject_is_refused(world: World) -> None:
    assert refusal(world, {}, {"subject_attribute": "uid"}).code is SamlCode.SUBJECT
    assert refusal(world, {"uid": (" ",)}, {"subject_attribute": "uid"}).code is SamlCode.SUBJECT
    assert refusal(world, {"username": ("",)}).code is SamlCode.SUBJECT
    assert refusal(world, {}, name_id_format=FORMAT_TRANSIENT).code is SamlCode.TRANSIENT
    assert refusal(world, {}, name_id="x" * 513).code is SamlCode.ATTRIBUTE
    assert refusal(world, {}, name_id="a\x00b").code is SamlCode.ATTRIBUTE


def test_a_missing_subject_attribute_is_explained_with_the_names_that_came(world: World) -> None:
    explained = refusal(world, {"mail": ("a@x.example",), "sn": ("B",)}, {"subject_attribute": "uid"})
    assert explained.admin_detail == "subject_attribute; expected 'uid'; got 'mail, sn'"


@pytest.mark.parametrize(
    ("name_id", "name_id_format", "email"),
    [
        ("Ada@x.example", FORMAT_EMAIL, "Ada@x.example"),
        ("ada@x.example", FORMAT_UNSPECIFIED, "ada@x.example"),
        ("ada@x.example", None, "ada@x.example"),
        ("ada", None, None),
        ("ada@x.example", PERSISTENT, None),
    ],
)
def test_a_name_id_that_is_an_address_stands_in_for_a_missing_email(
    world: World, name_id: str, name_id_format: str | None, email: str | None
) -> None:
    assert profile(world, {}, name_id=name_id, name_id_format=name_id_format).email == email
    assert profile(world, {"mail": ("sent@x.example",)}, name_id=name_id, name_id_format=name_id_format).email == (
        "sent@x.example"
    )
