"""IDN-1: one function makes the key by which names are compared; checked over all of Unicode."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.domain.comparison import (
    comparison_key,
    domain_key,
    email_key,
    has_refused_characters,
    part_key,
)

THOROUGH = settings(deadline=None, max_examples=500)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
# What mixes badly: letters that fold to several, marks that reorder, compatibility forms, blanks of all kinds.
AWKWARD = st.text(alphabet="ßẞſİıIiKkÅåΣςσǰΐŉﬁﬃｄ①ª²\u0345\u0301\u0307\u0323\u00a0\u3000\u2002 aA.@-", max_size=30)


@pytest.mark.rule("IDN-1")
def test_the_key_of_a_key_is_the_key_for_every_character():
    wrong = []
    for number in range(sys.maxunicode + 1):
        key = comparison_key(chr(number))
        if comparison_key(key) != key:
            wrong.append(f"U+{number:04X}")
    assert wrong == []


@pytest.mark.rule("IDN-1")
@THOROUGH
@given(st.one_of(ANY_TEXT, AWKWARD))
def test_the_key_of_a_key_is_the_key_for_every_text(text):
    key = comparison_key(text)
    assert comparison_key(key) == key
    assert key == key.strip()


@pytest.mark.rule("IDN-1")
@THOROUGH
@given(st.one_of(ANY_TEXT, AWKWARD))
def test_normal_forms_and_blanks_around_never_make_two_names(text):
    key = comparison_key(text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert comparison_key(unicodedata.normalize(form, text)) == key
    assert comparison_key(f" {text}\t") == key


@pytest.mark.rule("IDN-1")
@THOROUGH
@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60))
def test_plain_names_take_the_short_way_to_the_same_key(text):
    long_way = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
    assert comparison_key(text) == long_way


SAME = [
    ("Dana", "dana"),
    ("\u212aelvin", "kelvin"),  # the Kelvin sign
    ("ｄana", "dana"),
    ("straße", "STRASSE"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("Ａdmin ", "admin"),
    ("ﬁnance", "FINANCE"),
    ("Zoe\u0301", "zoé"),
    ("\u00a0Design", "design"),
]
DIFFERENT = [
    ("ınfo", "info"),  # the dotless i
    ("İnfo", "info"),  # the dotted capital I keeps its dot
    ("раypal", "paypal"),  # Cyrillic look-alikes are other letters
    ("de sign", "design"),
    ("a b", "a  b"),
]


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize(("left", "right"), SAME)
def test_spellings_of_one_name_have_one_key(left, right):
    assert comparison_key(left) == comparison_key(right)


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_other_names_have_other_keys(left, right):
    assert comparison_key(left) != comparison_key(right)


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Dana@Acme.Example", "dana@acme.example"),
        ("dana@BÜCHER.example", "dana@xn--bcher-kva.example"),
        ("dana@xn--BCHER-kva.example", "dana@xn--bcher-kva.example"),
        ("\u212aim@acme.example", "kim@acme.example"),
        ("dana@\uff21cme.example", "dana@acme.example"),
        ("müller@acme.example", "müller@acme.example"),
        ("a@b@acme.example", "a@b@acme.example"),
        (" dana@acme.example ", "dana@acme.example"),
    ],
)
def test_an_email_is_compared_by_its_local_part_and_the_ascii_form_of_its_domain(email, key):
    assert email_key(email) == key
    assert email_key(key) == key


@pytest.mark.rule("IDN-1")
@THOROUGH
@given(AWKWARD, AWKWARD)
def test_the_key_of_an_emails_key_is_the_key_or_there_is_none(local, domain):
    try:
        key = email_key(f"{local}@{domain}")
    except ValueError:
        return
    assert email_key(key) == key
    assert key.rpartition("@")[2].isascii()


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize(
    "text", ["", "dana", "@acme.example", "dana@", "@", "dana@a..ü", "dana@" + "ü" * 64 + ".example"]
)
def test_what_is_no_email_has_no_key(text):
    with pytest.raises(ValueError):
        email_key(text)


@pytest.mark.rule("IDN-1")
def test_a_domain_has_one_key_in_all_its_spellings():
    spellings = ("Bücher.Example", "BÜCHER.example", "bu\u0308cher.example", "xn--bcher-kva.example")
    assert {domain_key(each) for each in spellings} == {"xn--bcher-kva.example"}


# A control, a bidirectional, a zero-width, a private-use, an unassigned character, a lone surrogate, a soft hyphen.
REFUSED = ["\0", "\n", "\x7f", "\u202e", "\u200b", "\u200d", "\ue000", "\U000e0fff", "\ud800", "\u00ad", "\ufeff"]


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize("character", REFUSED)
@pytest.mark.parametrize("around", ["{}", "dana{}", "dan{}a", "zoé{}"])
def test_what_nobody_can_see_is_refused_in_names(character, around):
    assert has_refused_characters(around.format(character))


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize("name", ["", "dana", "Zoé", "名前", "a b", "straße", "👩", "\u00a0", "\u0301"])
def test_what_people_can_see_is_taken(name):
    assert not has_refused_characters(name)


@pytest.mark.rule("IDN-1")
@THOROUGH
@given(ANY_TEXT)
def test_the_short_way_for_plain_text_refuses_what_the_long_way_does(text):
    categories = {unicodedata.category(character) for character in text}
    assert has_refused_characters(text) == bool(categories & {"Cc", "Cf", "Cs", "Co", "Cn"})


@pytest.mark.rule("IDN-1")
@given(st.text(max_size=12))
def test_a_part_is_looked_for_as_names_are_compared_but_for_the_blanks_around_it(text):
    assert part_key(text).strip() == comparison_key(text)
    assert part_key(part_key(text)) == part_key(text)
    assert part_key(f" {text} ") == f" {part_key(text)} "
