"""Versions as entity tags: RFC 7644 section 3.14 and section 6 of the profile, on both types and every verb."""

import pytest

from tests.doors.scim import fault


def renamed(name: str) -> dict:
    """A whole body, for either type, which says something new."""
    return {"userName": "ada", "displayName": name}


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_the_tag_is_the_version_on_every_answer(idp, clock, kind):
    made = idp.post(f"/{kind}", {"userName": "ada", "displayName": "One"})
    path = f"/{kind}/{made.get_json()['id']}"
    seen = [made.headers["ETag"]]
    for change in (
        lambda: idp.put(path, renamed("Two")),
        lambda: idp.patch(path, {"op": "replace", "path": "displayName", "value": "Three"}),
    ):
        clock.advance(seconds=1)
        answer = change()
        meta = answer.get_json()["meta"]
        assert answer.headers["ETag"] == meta["version"] not in seen
        assert meta["lastModified"] > meta["created"]
        read = idp.get(path)
        assert (read.headers["ETag"], read.get_json()["meta"]) == (meta["version"], meta)
        seen.append(meta["version"])
    assert all(tag.startswith('W/"') for tag in seen)
    listed = idp.find(f"/{kind}", 'displayName eq "Three"').get_json()["Resources"]
    assert [each["meta"]["version"] for each in listed] == [seen[-1]]
    projected = idp.get(path, query_string={"attributes": "displayName"})
    assert projected.headers["ETag"] == seen[-1]


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_a_stale_write_is_refused_and_changes_nothing(idp, state, subtests, kind):
    path = f"/{kind}/{idp.post(f'/{kind}', {'userName': 'ada', 'displayName': 'One'}).get_json()['id']}"
    old = idp.get(path).headers["ETag"]
    now = idp.patch(path, {"op": "replace", "path": "displayName", "value": "Two"}).headers["ETag"]
    before = state()
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
             "Operations": [{"op": "replace", "path": "displayName", "value": "Three"}]}  # fmt: skip
    writes = [("PUT", renamed("Three")), ("PATCH", patch), ("DELETE", None)]
    for stale in (old, '"x"', 'W/"0"', f'{old}, W/"999"', "", "3", "W/3", '"1"', "\u00e9", '"' * 2000):
        for method, body in writes:
            with subtests.test(f"{stale[:20]} {method}"):
                fault(idp.send(method, path, body, headers={"If-Match": stale}), 412)
                assert state() == before
    for known, name in ((now, "Three"), ("*", "Four"), ('W/"999", *', None)):
        answer = idp.send("PUT", path, renamed(name or "Five"), headers={"If-Match": known})
        assert answer.status_code == (200 if name else 412)
    tags = f"{old}, {idp.get(path).headers['ETag']}"
    assert idp.send("PATCH", path, patch, headers={"If-Match": tags}).status_code == 200
    strong = idp.get(path).headers["ETag"].removeprefix("W/")
    assert idp.send("DELETE", path, headers={"If-Match": strong}).status_code == 204
    for method, body in writes:
        fault(idp.send(method, path, body, headers={"If-Match": "*"}), 404)


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_who_has_this_version_is_told_so(idp, kind):
    made = idp.post(f"/{kind}", {"userName": "ada", "displayName": "One"}).get_json()
    path, tag = f"/{kind}/{made['id']}", made["meta"]["version"]
    for known in (tag, tag.removeprefix("W/"), "*", f'W/"77", {tag}'):
        answer = idp.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    for other in ('W/"77"', "", "x", tag.replace('"', "")):
        assert idp.get(path, headers={"If-None-Match": other}).get_json() == made
    fault(idp.get(f"/{kind}/x", headers={"If-None-Match": "*"}), 404)


def test_a_change_of_membership_moves_the_versions_of_the_group_and_of_who_came_and_went(idp):
    ada, bob, cy = (idp.user(name) for name in ("ada", "bob", "cy"))
    group = idp.group("Engineers", ada["id"], cy["id"])
    paths = [f"/Groups/{group['id']}", *(f"/Users/{user['id']}" for user in (ada, bob, cy))]

    def tags() -> list[str]:
        return [idp.get(path).headers["ETag"] for path in paths]

    before = tags()
    replace = {"op": "replace", "path": "members", "value": [{"value": bob["id"]}, {"value": cy["id"]}]}
    assert idp.patch(paths[0], replace).status_code == 200
    after = tags()
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True, True, False]
    idp.patch(paths[0], {"op": "replace", "path": "displayName", "value": "Makers"})
    assert [one != other for one, other in zip(after, tags(), strict=True)] == [True, False, True, True]
    renamed_groups = idp.get(paths[3]).get_json()["groups"]
    assert [each["display"] for each in renamed_groups] == ["Makers"]
