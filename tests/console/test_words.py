"""The words on pages: one for each role, status and method; moments in a named time zone; numbers with their noun."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from provisioning.console import words
from provisioning.domain.roles_legacy import MEDIA_LIBRARY_PERMISSIONS, Role
from provisioning.domain.sessions import Method
from provisioning.domain.users import Status


def test_everything_that_is_shown_has_a_name():
    assert set(words.STATUS_NAMES) == set(Status)
    assert set(words.METHOD_NAMES) == set(Method)
    assert set(words.MEDIA_LIBRARY_NAMES) == set(MEDIA_LIBRARY_PERMISSIONS)
    assert [words.role_name(role) for role in (Role.ADMIN, None)] == ["Admin", "Root user"]


def test_a_moment_is_said_in_utc_and_exactly():
    at = datetime(2026, 2, 3, 1, 5, 7, 999, tzinfo=timezone(timedelta(hours=2)))
    assert words.moment(at) == "2 Feb 2026, 23:05 UTC"
    assert words.exact(at) == "2026-02-02T23:05:07Z"
    assert words.exact(at.astimezone(UTC)) == words.exact(at)
    assert words.moment(None) == "Never"


@pytest.mark.parametrize(("number", "text"), [(0, "0 groups"), (1, "1 group"), (2, "2 groups")])
def test_numbers_come_with_their_noun(number, text):
    assert words.counted(number, "group") == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Dana Roe", "DR"), ("dana@acme.example", "DA"), ("Ana Maria Silva", "AS"), ("Zoë", "Z"), ("", "?"), ("<b>", "?")],
)
def test_initials_stand_for_a_name(name, letters):
    assert words.initials(name) == letters
