"""Any PATCH as it is stored and read again gives what the slow reading of the RFC gives, of users and of groups."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.scim import ACCOUNT, fault
from tests.scim.reference_patch import Operation, Refused, applied
from tests.scim.test_patch_by_reference import operations

ON_ONE_DATABASE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
# What the product makes of an attribute of its own: addresses are checked, roles are words of the role map.
OWN_RULES = {"emails", "roles", "userName", "externalId"}
PEOPLE = ["Ann", "Bob", "Cyd", "Deb"]


def names_no_own_rule(operation: Operation) -> bool:
    paths = [path for path, _ in operation.paths] if operation.path is None else [operation.path]
    return not any(path.attribute in OWN_RULES for path in paths)


@pytest.mark.rule("SCM-6")
def test_any_patch_of_a_user_is_stored_as_the_reference_says(idp):
    address = f"/Users/{idp.user('ada')['id']}"

    @ON_ONE_DATABASE
    @given(st.lists(operations().filter(names_no_own_rule), min_size=1, max_size=3))
    def patch(asked: list[Operation]) -> None:
        before = idp.get(address).get_json()
        try:
            wanted = applied(without_ours(before), asked)
        except Refused as refused:
            fault(idp.patch(address, *[each.wire for each in asked]), 400, str(refused))
            assert idp.get(address).get_json() == before
            return
        answer = idp.patch(address, *[each.wire for each in asked])
        assert answer.status_code == 200, answer.text
        now = idp.get(address).get_json()
        assert answer.get_json() == now
        assert without_ours(now) == wanted
        assert (now["meta"] == before["meta"]) is (wanted == without_ours(before))

    patch()


def without_ours(body: dict[str, Any]) -> dict[str, Any]:
    """A user without what only the server says."""
    return {name: value for name, value in body.items() if name not in ("schemas", "id", "meta", "groups", ACCOUNT)}


IDS = st.lists(st.sampled_from([*PEOPLE, "Inner", "self", "nobody"]), max_size=4)
SHAPES = ["add", "add one", "add without path", "replace", "replace without path", "remove", "remove listed",
          "remove chosen", "remove by type", "remove by name", "rename"]  # fmt: skip


@pytest.mark.rule("SCM-6", "GRP-5")
def test_any_patch_of_a_group_is_stored_as_a_plain_list_of_members_says(idp):
    known = {name: idp.user(name, displayName=name)["id"] for name in PEOPLE}
    known["Inner"] = idp.group("Inner", known["Ann"])["id"]
    group = idp.group("Group")["id"]
    ids = known | {"self": group, "nobody": "01a20a00-0000-7000-8000-000000000000"}
    address = f"/Groups/{group}"

    @ON_ONE_DATABASE
    @given(st.lists(st.tuples(st.sampled_from(SHAPES), IDS), min_size=1, max_size=4))
    def patch(asked: list[tuple[str, list[str]]]) -> None:
        before = idp.get(address).get_json()
        present = {member["value"] for member in before.get("members", [])}
        wanted = plainly({name for name, each in known.items() if each in present}, asked)
        answer = idp.patch(address, *[on_the_wire(shape, [ids[name] for name in names]) for shape, names in asked])
        if wanted is None:
            fault(answer, 400, "noTarget")
            assert idp.get(address).get_json() == before
            return
        assert answer.status_code == 200, answer.text
        now = idp.get(address).get_json()
        assert answer.get_json() == now
        shown = [member["value"] for member in now.get("members", [])]
        assert sorted(shown) == sorted(known[name] for name in wanted)
        assert [member["display"] for member in now.get("members", [])] == sorted(wanted - {"Inner"}) + sorted(
            wanted & {"Inner"}
        )
        is_renamed = now["displayName"] != before["displayName"]
        assert (now["meta"] == before["meta"]) is (set(shown) == present and not is_renamed)

    patch()
    members = {member["value"] for member in idp.get(address).get_json().get("members", [])}
    for name in PEOPLE:
        listed = idp.get(f"/Users/{known[name]}").get_json().get("groups", [])
        assert (group in {each["value"] for each in listed}) is (known[name] in members)


def plainly(members: set[str], asked: list[tuple[str, list[str]]]) -> set[str] | None:
    """The names that are in afterwards by the plainest reading; None where a choice finds nobody."""
    for shape, names in asked:
        coming = set(names) - {"self", "nobody"}
        if shape in ("add", "add one", "add without path"):
            members = members | (set(names[:1]) & coming if shape == "add one" else coming)
        elif shape.startswith("replace"):
            members = coming
        elif shape == "remove":
            members = set()
        elif shape in ("remove listed", "remove chosen"):
            members = members - set(names)
        elif shape != "rename":
            chosen = members - {"Inner"} if shape == "remove by type" else members & {"Bob", "Deb"}
            if not chosen:
                return None
            members = members - chosen
    return members


def on_the_wire(shape: str, ids: list[str]) -> dict[str, Any]:
    values = [{"value": each} for each in ids]
    chosen = " or ".join(f'value eq "{each}"' for each in ids) or 'value eq "nobody"'
    return {
        "add": {"op": "Add", "path": "members", "value": values},
        "add one": {"op": "add", "path": "members", "value": values[0] if values else []},
        "add without path": {"op": "add", "value": {"members": values}},
        "replace": {"op": "replace", "path": "members", "value": values},
        "replace without path": {"op": "Replace", "value": {"members": values}},
        "remove": {"op": "remove", "path": "members"},
        "remove listed": {"op": "Remove", "path": "members", "value": values},
        "remove chosen": {"op": "remove", "path": f"members[{chosen}]"},
        "remove by type": {"op": "remove", "path": 'members[type eq "User" and value pr]'},
        "remove by name": {"op": "remove", "path": 'members[display ew "B" and not (display eq "x")]'},
        "rename": {"op": "replace", "path": "displayName", "value": f"Group of {len(ids)}"},
    }[shape]
