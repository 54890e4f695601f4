"""A login leads to a page of ours or home, whatever RelayState says (SAM-10, WEB-3)."""

import pytest

from provisioning.guard.local_paths import local_path

PAGES = {"/", "/users", "/groups/a-b", "/saml/x"}


def is_page(path: str) -> bool:
    return path in PAGES


@pytest.mark.rule("SAM-10", "WEB-3")
@pytest.mark.parametrize(
    "path", ["/", "/users", "/users?page=2&q=a%20b", "/groups/a-b#top", "/users?next=https://x.example/"]
)
def test_a_page_of_ours_is_kept_as_it_came(path: str) -> None:
    assert local_path(path, is_page) == path


EVIL = [
    None,
    "",
    "users",
    "https://evil.example/",
    "http:users",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//users",
    "data:text/html,x",
    "//evil.example",
    "///evil.example",
    "////users",
    "/\\evil.example",
    "\\\\evil.example",
    "/users\\..\\",
    "/%5cevil.example",
    "/%2fevil.example",
    "/%2F%2Fevil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/users\r\nSet-Cookie: a=b",
    "/users%0d%0aSet-Cookie:%20a=b",
    "/users%00",
    "/users\x00",
    "/users\x7f",
    "/users%7f",
    "/users%c2%85",
    "/users\u2028",
    "/ users",
    " /users",
    "/users ",
    "/../users",
    "/users/../../users",
    "/%2e%2e/users",
    "/./users",
    "/usérs",
    "/users/unknown",
    "/nowhere",
    "/users%3fa",
    "/@evil.example",
    "/users?" + "a" * 512,
    "?next=/users",
    "#/users",
    ".",
    "/users\u202e",
    "／/evil.example",
]


@pytest.mark.rule("SAM-10", "WEB-3")
@pytest.mark.parametrize("path", EVIL, ids=repr)
def test_anything_else_leads_home(path: str | None) -> None:
    assert local_path(path, is_page) == "/"
