"""USR-1, IDN-1: which texts are email addresses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.domain.addresses import LONGEST_EMAIL, LONGEST_LOCAL_PART, checked_email, is_email
from provisioning.domain.comparison import email_key
from provisioning.domain.errors import Code, Refusal

TAKEN = [
    "dana@acme.example",
    "Dana.Roe@Acme.Example",
    "dana+tag@acme.example",
    "d'ana@acme.example",
    "dana@sub.acme.example",
    "dana@1and1.example",
    "müller@acme.example",
    "名前@acme.example",
    "dana@bücher.example",
    "dana@xn--bcher-kva.example",
    "a@b.co",
    "a" * LONGEST_LOCAL_PART + "@acme.example",
]
REFUSED = [
    "",
    " ",
    "dana",
    "@",
    "@acme.example",
    "dana@",
    "dana@acme",
    "dana@.example",
    "dana@acme..example",
    "dana@acme.example.",
    "dana@-acme.example",
    "dana@acme-.example",
    "dana@ac_me.example",
    "dana@acme.example,eve@acme.example",
    "a@b@acme.example",
    ".dana@acme.example",
    "dana.@acme.example",
    "da..na@acme.example",
    "da na@acme.example",
    '"dana"@acme.example',
    "dana<eve@acme.example>",
    "Dana <dana@acme.example>",
    "dana@acme.example\n",
    "dana@acme.example\r\nBcc: eve@acme.example",
    " dana@acme.example",
    "dana@acme.example ",
    "da\0na@acme.example",
    "da\u200bna@acme.example",
    "\u202edana@acme.example",
    "dana@[127.0.0.1]",
    "dana@127.0.0.1:25",
    "a" * (LONGEST_LOCAL_PART + 1) + "@acme.example",
    "dana@" + ".".join(["a" * 60] * 5) + ".example",
    "dana@" + "a" * 64 + ".example",
    "dana@" + "ü" * 64 + ".example",
]


@pytest.mark.rule("USR-1")
@pytest.mark.parametrize("text", TAKEN)
def test_addresses_are_taken_and_kept_as_given(text):
    assert is_email(text)
    assert checked_email("email", text) == text


@pytest.mark.rule("USR-1", "NET-3")
@pytest.mark.parametrize("text", REFUSED)
def test_what_could_not_be_mailed_or_compared_is_refused_by_field(text):
    assert not is_email(text)
    with pytest.raises(Refusal) as refused:
        checked_email("email", text)
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "email")


@pytest.mark.rule("IDN-1", "LIM-7")
@settings(deadline=None, max_examples=500)
@given(st.one_of(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=60),
    st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=40)),
    st.builds("{}@{}.example".format, st.text(max_size=20), st.text(alphabet="aü.-ßİ。", max_size=20)),
))  # fmt: skip
def test_every_text_gets_an_answer_and_what_is_taken_has_a_key(text):
    if is_email(text):
        assert len(text) <= LONGEST_EMAIL
        assert email_key(email_key(text)) == email_key(text)
        assert not set(text) & set('\r\n\0 ,<>"')
