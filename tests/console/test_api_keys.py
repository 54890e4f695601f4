"""API keys: the list says who made what and when it ends; a secret is shown once; rotation overlaps."""

import re

import pytest

from provisioning.actions.keys import create_account_key, find_key_caller, list_account_keys
from provisioning.actions.users import delete_user
from provisioning.domain.errors import Refusal
from provisioning.domain.roles_legacy import Role
from tests.factories import PASSWORD, make_active, make_user, person


def cells(page, name) -> dict[str, str]:
    columns = ("role", "made by", "last used", "expires", "state")
    texts = [" ".join(cell.text_content().split()) for cell in page.row_of(name).xpath("td")]
    return dict(zip(columns, texts, strict=False))


def acts(page, name) -> list[str]:
    return [each.text_content().strip() for each in page.row_of(name).xpath(".//details//a")]


def secret_on(page) -> tuple[str, str]:
    return tuple(page.tree.xpath("//input[@id=$id]/@value", id=each)[0] for each in ("key-id", "key-secret"))


@pytest.mark.rule("API-1", "KEY-2")
def test_a_key_is_made_its_secret_is_shown_once_and_it_works(as_root, services, clock, account):
    as_root.get("/api-keys/new")
    page = as_root.submit("/api-keys/new", name=" Nightly import ", role="admin", days="90")
    assert page.title == "The secret of Nightly import"
    key_id, secret = secret_on(page)
    assert find_key_caller(key_id, secret, None, services).role is Role.ADMIN
    page = as_root.get("/api-keys")
    assert secret not in page.response.text
    assert cells(page, "Nightly import") == {
        "role": "Admin",
        "made by": "Root User",
        "last used": "23 Nov 2026, 09:00 UTC",
        "expires": "21 Feb 2027, 09:00 UTC",
        "state": "Works",
    }
    assert acts(page, "Nightly import") == ["Rotate", "Switch off", "Revoke"]
    clock.advance(days=90)
    as_root.log_in("root@acme.example", account.root_password)
    assert cells(as_root.get("/api-keys"), "Nightly import")["state"] == "Expired"
    assert acts(as_root.page, "Nightly import") == []


@pytest.mark.rule("API-1", "KEY-2")
def test_a_key_is_rotated_with_an_overlap(as_root, account, caller, services, clock):
    old = create_account_key(caller, "Sync", Role.REPORTS, services)
    path = f"/api-keys/{old.key.id}/rotate"
    assert "works for the time that you choose" in as_root.get(path).text
    page = as_root.submit(path, overlap="3600")
    new_id, secret = secret_on(page)
    assert find_key_caller(new_id, secret, None, services).id == new_id
    assert find_key_caller(old.key.id, old.secret, None, services).id == old.key.id
    page = as_root.get("/api-keys")
    assert "Replaced, still works" in page.text
    clock.advance(hours=1)
    with pytest.raises(Refusal):
        find_key_caller(old.key.id, old.secret, None, services)
    as_root.get(f"/api-keys/{new_id}/rotate")
    as_root.submit("/profile/proof", password=account.root_password)
    assert as_root.submit(f"/api-keys/{new_id}/rotate", overlap="31536000").status == 422


@pytest.mark.rule("API-1", "KEY-4")
def test_a_key_is_switched_off_on_again_and_revoked(as_root, caller, services):
    made = create_account_key(caller, "Sync", Role.REPORTS, services)
    for slug, notice, state in (
        ("disable", "It was switched off.", "Switched off"),
        ("enable", "It was switched on and works again.", "Works"),
        ("revoke", "It was revoked and works no more.", "Revoked"),
    ):
        path = f"/api-keys/{made.key.id}/{slug}"
        as_root.get(path)
        page = as_root.submit(path)
        assert (page.path, page.notice) == ("/api-keys", notice)
        assert cells(page, made.key.id)["state"] == state
    assert as_root.get(f"/api-keys/{made.key.id}/explode").status == 404


@pytest.mark.rule("KEY-3")
def test_a_key_whose_maker_is_gone_is_marked_and_kept_by_somebody_else(as_root, caller, services, sql):
    mia = make_active(services, sql, make_user(caller, services, "mia@acme.example", Role.MASTER_ADMIN))
    made = create_account_key(person(mia), "Mias", Role.REPORTS, services)
    delete_user(caller, mia.id, services)
    page = as_root.get("/api-keys")
    assert "Who made it was deleted." in cells(page, "Mias")["state"]
    as_root.get(f"/api-keys/{made.key.id}/keep")
    page = as_root.submit(f"/api-keys/{made.key.id}/keep")
    assert page.notice == "It is in your name now."
    assert cells(page, "Mias")["made by"] == "Root User"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 300),
        ("name", "a\0b"),
        ("role", "emperor"),
        ("days", "7"),
        ("address_ranges", "everywhere"),
    ],
)
def test_what_is_wrong_with_a_new_key_stands_beside_its_field(as_root, caller, services, field, value):
    before = len(list_account_keys(caller, services))
    as_root.get("/api-keys/new")
    page = as_root.submit("/api-keys/new", **{"name": "Sync", field: value})
    assert page.status == 422
    assert list(page.errors()) == [field]
    assert len(list_account_keys(caller, services)) == before


@pytest.mark.rule("TEN-3", "KEY-5", "AUZ-2")
def test_keys_of_another_account_are_not_found_and_others_see_none(
    as_root, second_browser, caller, services, sql, neighbour
):
    foreign = neighbour.key.key.id
    as_root.get("/api-keys")
    assert foreign not in as_root.page.response.text
    token = as_root.page.forms("/logout")[0].fields["csrf_token"]
    for slug in ("rotate", "disable", "enable", "keep", "revoke"):
        assert as_root.get(f"/api-keys/{foreign}/{slug}").status == 404
        assert as_root.post(f"/api-keys/{foreign}/{slug}", {"csrf_token": token, "overlap": "0"}).status == 404
    make_active(services, sql, make_user(caller, services, "ada@acme.example", Role.ADMIN))
    second_browser.log_in("ada@acme.example", PASSWORD)
    assert "API keys" not in second_browser.page.tree.xpath("//nav//a/text()")
    assert second_browser.get("/api-keys").status == 403
    token = second_browser.get("/groups").forms("/logout")[0].fields["csrf_token"]
    assert second_browser.post("/api-keys/new", {"csrf_token": token, "name": "x", "role": "admin"}).status == 403
    assert not re.search(r"gls_", second_browser.page.response.text)
