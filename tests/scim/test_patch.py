"""PATCH as a pure edit: each row of what identity providers send, on a resource without any database."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.domain.errors import Code, Refusal
from provisioning.scim.operations import PATCH_OP, read_patch
from provisioning.scim.patch import patched, user_edit
from provisioning.scim.resources import user_resource
from provisioning.scim.traits import ACCOUNT_USER, ENTERPRISE_USER, USERS
from tests.scim.people import a_user

WORK = {"value": "ada@corp.example", "type": "work", "primary": True}
HOME = {"value": "ada@home.example", "type": "home"}
RESOURCE = user_resource(a_user(attributes={
    "emails": [WORK, HOME], "title": "Countess", "roles": [{"value": "a"}, {"value": "b"}],
    ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "m1"}},
}))  # fmt: skip


def op(name: str, path: str | None = None, value: object = ..., **more: object) -> dict:
    made: dict[str, object] = {"op": name}
    if path is not None:
        made["path"] = path
    if value is not ...:
        made["value"] = value
    return made | more


def body(*operations: dict) -> dict:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def patch(*operations: dict, resource: dict | None = None, **options: bool) -> dict:
    before = copy.deepcopy(resource or RESOURCE)
    given_resource = copy.deepcopy(before)
    after = patched(given_resource, read_patch(body(*operations), USERS), **options)
    assert given_resource == before, "the edit is pure"
    return after


def refused(*operations: dict, **options: bool) -> Code:
    with pytest.raises(Refusal) as caught:
        patch(*operations, **options)
    return caught.value.code


class TestInGeneral:
    """Section 4.1 of the profile."""

    @pytest.mark.parametrize("name", ["add", "Add", "REPLACE", "replace"])
    def test_op_in_any_letter_case(self, name):
        assert patch(op(name, "title", "Dr"))["title"] == "Dr"

    def test_member_names_in_any_letter_case(self):
        steps = read_patch(
            {"SCHEMAS": [PATCH_OP], "operations": [{"OP": "add", "Path": "title", "VALUE": "Dr"}]}, USERS
        )
        assert patched(RESOURCE, steps)["title"] == "Dr"

    def test_no_path_with_plain_dotted_selecting_and_qualified_keys(self):
        after = patch(op("replace", None, {
            "TITLE": "Dr",
            "name.familyName": "Lovelace",
            'emails[type eq "home"].value': "new@home.example",
            f"{ENTERPRISE_USER}:department": "Math",
            ENTERPRISE_USER: {"costCenter": "7"},
        }))  # fmt: skip
        assert after["title"] == "Dr"
        assert after["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
        assert after["emails"] == [WORK, {**HOME, "value": "new@home.example"}]
        assert after[ENTERPRISE_USER] == {"department": "Math", "costCenter": "7", "manager": {"value": "m1"}}

    def test_operations_apply_in_order(self):
        assert (
            patch(op("replace", "title", "1"), op("remove", "title"), op("add", "nickName", "2")).get("title") is None
        )
        assert patch(op("remove", "title"), op("replace", "title", "1"))["title"] == "1"

    @pytest.mark.rule("SCM-6")
    def test_a_failure_in_the_last_operation_refuses_all(self):
        assert refused(op("replace", "title", "Dr"), op("replace", "id", "other")) is Code.MUTABILITY

    def test_a_complex_attribute_keeps_what_is_not_given(self):
        after = patch(op("replace", "name", {"familyName": "Lovelace"}))
        assert after["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
        assert patch(op("add", "name", {"middleName": "K"}))["name"]["givenName"] == "Ada"

    def test_a_null_sub_attribute_goes_and_the_rest_stays(self):
        assert patch(op("replace", "name", {"familyName": None}))["name"] == {"givenName": "Ada"}

    def test_add_joins_and_leaves_doubles_out(self):
        other = {"value": "c@d.example"}
        assert patch(op("add", "emails", [HOME, other, other]))["emails"] == [WORK, HOME, other]

    def test_a_single_object_is_taken_for_a_list(self):
        assert patch(op("add", "emails", {"value": "c@d.example"}))["emails"][-1] == {"value": "c@d.example"}

    def test_a_new_primary_clears_the_old_one(self):
        new = {"value": "c@d.example", "primary": True}
        assert [each.get("primary") for each in patch(op("add", "emails", [new]))["emails"]] == [False, None, True]
        moved = patch(op("replace", 'emails[type eq "home"].primary', True))["emails"]
        assert [each["primary"] for each in moved] == [False, True]

    @pytest.mark.rule("SCM-6")
    @pytest.mark.parametrize("path", ["emails.primary", "emails[value pr].primary"])
    def test_two_values_are_never_primary_at_once(self, path):
        assert refused(op("replace", path, True)) is Code.INVALID_VALUE
        assert refused(op("add", "emails", [{"value": "a", "primary": True}] * 2)) is Code.INVALID_VALUE
        assert all(each["primary"] is False for each in patch(op("replace", path, False))["emails"])

    def test_replace_of_a_list_is_the_whole_list(self):
        assert patch(op("replace", "emails", [HOME]))["emails"] == [HOME]

    @pytest.mark.parametrize("value", [None, []])
    def test_null_and_the_empty_list_mean_unassigned(self, value):
        assert "emails" not in patch(op("replace", "emails", value))
        assert patch(op("add", "emails", value))["emails"] == [WORK, HOME]

    def test_text_in_quotes_is_never_syntax(self):
        strange = {"value": "x@y.example", "display": 'a]b:c.d and "e" [f'}
        after = patch(op("add", "emails", [strange]), op("remove", r'emails[display eq "a]b:c.d and \"e\" [f"]'))
        assert after["emails"] == [WORK, HOME]

    @pytest.mark.rule("SCM-6")
    def test_remove_has_three_shapes(self):
        assert patch(op("remove", "roles", [{"value": "a"}]))["roles"] == [{"value": "b"}]
        assert patch(op("remove", 'roles[value eq "a"]'))["roles"] == [{"value": "b"}]
        assert "roles" not in patch(op("remove", "roles"))

    def test_remove_of_a_part(self):
        assert patch(op("remove", "name.givenName"))["name"] == {"familyName": "Byron"}
        assert patch(op("remove", 'emails[type eq "work"].type'))["emails"][0] == {
            "value": WORK["value"],
            "primary": True,
        }
        assert all("type" not in each for each in patch(op("remove", "emails.type"))["emails"])
        assert patch(op("remove", f"{ENTERPRISE_USER}:manager"))[ENTERPRISE_USER] == {"department": "Engines"}

    def test_remove_of_a_whole_extension(self):
        assert ENTERPRISE_USER not in patch(op("remove", ENTERPRISE_USER))

    def test_remove_of_what_is_not_there_is_no_fault(self):
        assert patch(op("remove", "nickName")) == RESOURCE

    @pytest.mark.rule("SCM-6")
    def test_remove_without_a_path_has_no_target(self):
        assert refused(op("remove")) is Code.NO_TARGET
        assert refused(op("remove", None, {"title": "x"})) is Code.NO_TARGET

    @pytest.mark.rule("SCM-6")
    def test_unknown_keys_beside_understood_ones_are_left_out(self):
        assert patch(op("replace", None, {"title": "Dr", "shoeSize": 43, "urn:x:y": {"z": 1}}))["title"] == "Dr"

    @pytest.mark.rule("SCM-6")
    @pytest.mark.parametrize("value", [{"shoeSize": 43}, {"urn:x:y:User": {"z": 1}}])
    def test_an_operation_with_no_understood_key_is_refused(self, value):
        assert refused(op("replace", None, value)) is Code.INVALID_PATH

    @pytest.mark.rule("SCM-6")
    @pytest.mark.parametrize("name", ["add", "replace"])
    def test_a_value_of_which_nothing_is_understood_is_refused(self, name):
        unknown = {"shoeSize": 43}
        for path, value in [
            ("name", unknown), ("emails", [unknown]), ("emails", unknown), ("emails", [WORK, unknown]),
            ('emails[type eq "work"]', unknown), ('phoneNumbers[type eq "work"]', unknown), (None, {"name": unknown}),
            (f"{ENTERPRISE_USER}:manager", unknown), (None, {"emails": [unknown]}),
        ]:  # fmt: skip
            assert refused(op(name, path, value)) is Code.INVALID_VALUE, (path, value)
        assert refused(op(name, f"{ENTERPRISE_USER}:manager", {"displayName": "Boss"})) is Code.MUTABILITY
        assert patch(op(name, "name", {"givenName": "A", "shoeSize": 43}))["name"]["givenName"] == "A"
        assert patch(op("add", "emails", [{"value": None}, {}])) == RESOURCE

    @pytest.mark.rule("IDN-5")
    @pytest.mark.parametrize(
        "path",
        ["id", "meta", "groups", "meta.created", "schemas", f"{ACCOUNT_USER}:role", f"{ACCOUNT_USER}:root",
         f"{ACCOUNT_USER}:status", f"{ACCOUNT_USER}:managedBy", f"{ACCOUNT_USER}:allProductEnvironments",
         f"{ENTERPRISE_USER}:manager.displayName"],
    )  # fmt: skip
    def test_what_only_the_server_sets_is_refused(self, path):
        assert refused(op("replace", path, "x")) is Code.MUTABILITY
        assert refused(op("remove", path)) is Code.MUTABILITY

    def test_an_unchanged_read_only_value_is_no_fault(self):
        same = {"id": "u1", "title": "Dr", ACCOUNT_USER: {"role": "media_library_user", "root": False}}
        assert patch(op("replace", None, same))["title"] == "Dr"
        assert refused(op("replace", None, {"id": "u2", "title": "Dr"})) is Code.MUTABILITY

    def test_a_required_attribute_stays(self):
        assert refused(op("remove", "userName")) is Code.MUTABILITY
        assert refused(op("replace", "userName", None)) is Code.MUTABILITY
        assert refused(op("replace", "userName", " ")) is Code.INVALID_VALUE

    @pytest.mark.rule("SCM-3")
    def test_a_password_is_thrown_away_with_and_without_a_path(self):
        operations = (
            op("replace", "password", "geheim"),
            op("add", None, {"PASSWORD": "geheim"}),
            op("remove", "password"),
        )
        assert patch(*operations) == RESOURCE
        assert "geheim" not in repr(read_patch(body(*operations), USERS))

    @pytest.mark.parametrize("value", [1, 1.5, True, ["a", "b"], {"a": 1}, "x\0y", "x" * 1025])
    def test_a_value_of_the_wrong_type_is_refused(self, value):
        assert refused(op("replace", "title", value)) is Code.INVALID_VALUE

    @pytest.mark.rule("SCM-6")
    @pytest.mark.parametrize(
        "message",
        [
            [], {}, {"schemas": ["urn:x"], "Operations": [op("add", "title", "x")]}, {"schemas": [PATCH_OP]},
            {"schemas": PATCH_OP, "Operations": [op("add", "title", "x")]}, body(), {"Operations": {}},
            {"Operations": [1]}, body(op("move", "title", "x")), body({"path": "title", "value": "x"}),
            body({"op": 1, "path": "title", "value": "x"}),
        ],
    )  # fmt: skip
    def test_another_message_is_refused(self, message):
        with pytest.raises(Refusal) as caught:
            read_patch(message, USERS)
        assert caught.value.code is Code.INVALID_SYNTAX

    def test_an_operation_without_a_value_is_refused(self):
        assert refused(op("replace", "title")) is Code.INVALID_VALUE
        assert refused(op("add")) is Code.INVALID_VALUE
        assert refused(op("add", None, "x")) is Code.INVALID_VALUE
        assert refused({"op": "add", "path": 7, "value": "x"}) is Code.INVALID_PATH


class TestEntra:
    """Section 4.2 of the profile."""

    @pytest.mark.rule("USR-5")
    @pytest.mark.parametrize(("text", "value"), [("True", True), ("False", False), ("true", True), ("FALSE", False)])
    def test_booleans_as_text(self, text, value):
        assert patch(op("Replace", "active", text))["active"] is value
        assert patch(op("Replace", None, {"active": text}))["active"] is value
        assert patch(op("Add", 'emails[type eq "home"].primary', text))["emails"][1]["primary"] is value
        assert patch(op("Add", "emails", [{"value": "c@d.example", "primary": text}]))["emails"][2]["primary"] is value

    @pytest.mark.parametrize("text", ["yes", "1", "", "Falsch", 0, 1, None])
    def test_any_other_text_is_no_boolean(self, text):
        found = patch(op("add", "active", text)) if text is None else refused(op("add", "active", text))
        assert found == (RESOURCE if text is None else Code.INVALID_VALUE)

    @pytest.mark.parametrize("name", ["Add", "Replace"])
    def test_a_value_at_elements_that_are_not_there_makes_one(self, name):
        after = patch(op(name, 'phoneNumbers[type eq "mobile"].value', "+1"))
        assert after["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]

    def test_a_strict_connection_makes_none_on_replace(self):
        operation = op("Replace", 'phoneNumbers[type eq "mobile"].value', "+1")
        assert refused(operation, create_on_replace=False) is Code.NO_TARGET

    @pytest.mark.rule("SCM-6")
    @pytest.mark.parametrize("selection", ['type ne "x"', 'type eq "x" or type eq "y"', "not (type pr)", 'type sw "x"'])
    def test_only_terms_of_equality_make_an_element(self, selection):
        assert refused(op("Add", f"phoneNumbers[{selection}].value", "+1")) is Code.NO_TARGET

    @pytest.mark.rule("SCM-6")
    @pytest.mark.parametrize("name", ["Add", "Replace"])
    def test_no_element_is_made_that_its_own_selection_would_not_find(self, name):
        assert refused(op(name, 'phoneNumbers[type eq "mobile"]', {"type": "fax", "value": "+1"})) is Code.NO_TARGET
        assert refused(op(name, 'phoneNumbers[type eq "mobile"].type', "fax")) is Code.NO_TARGET
        assert refused(op(name, 'phoneNumbers[type eq "a" and type eq "b"].value', "+1")) is Code.NO_TARGET

    @pytest.mark.rule("SCM-6")
    def test_a_remove_that_selects_nothing_has_no_target(self):
        assert refused(op("Remove", 'emails[type eq "other"]')) is Code.NO_TARGET
        assert refused(op("Remove", 'emails[type eq "other"].value')) is Code.NO_TARGET

    def test_several_operations_on_one_address_make_one_element(self):
        after = patch(
            op("Add", 'addresses[type eq "work"].locality', "Ulm"),
            op("Add", 'addresses[type eq "work"].country', "DE"),
            op("Replace", 'addresses[type eq "work"].locality', "Bonn"),
        )
        assert after["addresses"] == [{"type": "work", "locality": "Bonn", "country": "DE"}]

    def test_a_text_boolean_in_a_selection_is_read_as_one(self):
        after = patch(op("Add", 'roles[primary eq "True"].value', "admin"))
        assert after["roles"][-1] == {"primary": True, "value": "admin"}

    def test_json_in_a_text_is_kept_as_sent(self):
        text = '{"id":"1","value":"admin","displayName":"Admin"}'
        assert patch(op("Add", "roles", [{"value": text}]))["roles"][-1] == {"value": text}

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (f"{ENTERPRISE_USER}:manager", "m2"), (f"{ENTERPRISE_USER}:manager", ["m2"]),
            (f"{ENTERPRISE_USER}:manager", {"value": "m2"}), (f"{ENTERPRISE_USER}:manager", [{"value": "m2"}]),
            (f"{ENTERPRISE_USER}:manager.value", "m2"), (None, {f"{ENTERPRISE_USER}:manager": "m2"}),
            (None, {ENTERPRISE_USER: {"manager": {"value": "m2", "displayName": "Boss"}}}),
        ],
    )  # fmt: skip
    def test_a_manager_in_each_form(self, path, value):
        assert patch(op("Add", path, value))[ENTERPRISE_USER]["manager"] == {"value": "m2"}

    @pytest.mark.parametrize("value", ["", None])
    def test_a_manager_is_taken_away(self, value):
        assert "manager" not in patch(op("Replace", f"{ENTERPRISE_USER}:manager", value))[ENTERPRISE_USER]
        assert "manager" not in patch(op("Remove", f"{ENTERPRISE_USER}:manager"))[ENTERPRISE_USER]

    def test_many_attributes_in_one_replace_without_a_path(self):
        named = {"displayName": "A", "name.givenName": "B", "active": "False"}
        stray = {"manager": None, "meta": {"resourceType": "User"}, "schemas": ["urn:x"]}
        after = patch(op("replace", None, named | stray))
        assert (after["displayName"], after["name"]["givenName"], after["active"]) == ("A", "B", False)


class TestOktaAndOthers:
    """Sections 4.3 and 4.4 of the profile."""

    def test_okta_deactivates_without_a_path(self):
        assert patch(op("replace", None, {"active": False}))["active"] is False

    def test_okta_sends_a_password_beside_other_attributes(self):
        assert patch(op("replace", None, {"password": "geheim", "title": "Dr"}))["title"] == "Dr"

    def test_google_replaces_single_paths_and_whole_lists(self):
        after = patch(op("replace", "name.familyName", "L"), op("replace", "emails", [{"value": "x@y.example"}]))
        assert (after["name"]["familyName"], after["emails"]) == ("L", [{"value": "x@y.example"}])

    def test_sailpoint_adds_and_removes_entitlements_by_value(self):
        added = patch(op("add", "entitlements", [{"value": "e1"}, {"value": "e2"}]))
        gone = patch(op("remove", 'entitlements[value eq "e1"]'), resource=added)
        assert gone["entitlements"] == [{"value": "e2"}]


class TestActive:
    """`active` unassigned is not shown and changes nothing."""

    @pytest.mark.rule("USR-5")
    def test_removing_active_leaves_the_state_as_it_was(self):
        changes = user_edit(read_patch(body(op("remove", "active")), USERS))(a_user())
        assert "active" not in changes
        shown = user_resource(a_user(attributes=changes["attributes"]))
        assert "active" not in shown

    def test_setting_it_again_shows_it(self):
        user = a_user(attributes={"activeUnassigned": True})
        changes = user_edit(read_patch(body(op("add", "active", True)), USERS))(user)
        assert changes["active"] is True
        assert "activeUnassigned" not in changes["attributes"]


def test_a_patch_that_changes_nothing_asks_for_nothing():
    user = a_user(attributes={"title": "Countess"})
    same = read_patch(body(op("replace", "title", "Countess"), op("replace", None, {"active": "True"})), USERS)
    assert user_edit(same)(user) == {}


PATHS = st.sampled_from(
    ["title", "name", "name.givenName", "emails", 'emails[type eq "work"]', 'emails[type eq "work"].value',
     "emails.value", "emails.primary", "emails[value pr].primary", "active", "userName",
     f"{ENTERPRISE_USER}:manager", ENTERPRISE_USER, "id", "groups", "nothing"]
)  # fmt: skip
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["", "x", "True", "work"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["value", "type", "primary", "givenName", "manager", "x", "$ref"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
OPERATIONS = st.builds(op, st.sampled_from(["add", "replace", "remove"]), st.one_of(st.none(), PATHS), JSON)


@settings(max_examples=600, deadline=None)
@given(st.lists(OPERATIONS, min_size=1, max_size=4))
def test_any_operations_make_a_sound_resource_or_a_refusal(operations):
    try:
        after = patch(*operations)
    except Refusal:
        return
    assert after["id"] == "u1"
    assert after["userName"].strip()
    assert after[ACCOUNT_USER] == RESOURCE[ACCOUNT_USER]
    assert all(isinstance(element, dict) and element for element in after.get("emails", []))
    assert sum(1 for element in after.get("emails", []) if element.get("primary") is True) <= 1


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["add", "replace"]), PATHS, JSON)
def test_the_same_operation_twice_changes_no_more_than_once(name, path, value):
    try:
        once = patch(op(name, path, value))
        twice = patch(op(name, path, value), resource=once)
    except Refusal as refusal:
        # Also the second time: what the first one took away is no target any more.
        codes = (Code.NO_TARGET, Code.INVALID_VALUE, Code.INVALID_PATH, Code.MUTABILITY, Code.INVALID_SYNTAX)
        once, twice = refusal.code in codes, True
    assert twice == once
