"""Our own extension on the wire: what it shows, and what a connection writes of it where it is set to manage that."""

from dataclasses import replace

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment, delete_environment, edit_environment
from provisioning.actions.scim_connections import update_scim_connection
from provisioning.actions.second_factor import begin_set_up, confirm_set_up, remove_own
from provisioning.actions.users import show_user
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from provisioning.scim.notes import notes_kept
from provisioning.scim.writes import create_user
from tests.doors.scim import ACCOUNT, CORE_USER, fault
from tests.factories import make_active, make_user, person

MANAGED = {"manage_environments": True, "manage_media_library": True}


@pytest.fixture
def settings_of(services, account):
    """Changes settings of the connection."""

    def change(**settings: object) -> None:
        connection_id = account.token.token.connection_id
        update_scim_connection(operator(account.account.id), connection_id, settings, services)

    return change


@pytest.fixture
def places(services, caller):
    """Ids of two product environments, Paris and Rome."""
    return [
        create_environment(caller, NewEnvironment(name=name), services).environment.id for name in ("Paris", "Rome")
    ]


@pytest.fixture
def foreign_place(services, neighbour):
    made = create_environment(operator(neighbour.account.id), NewEnvironment(name="Elsewhere"), services)
    return made.environment.id


def published(idp, name: str) -> dict:
    attributes = idp.get(f"/Schemas/{ACCOUNT}").get_json()["attributes"]
    return next(each for each in attributes if each["name"] == name)


def extended(idp, user_name: str, **extension):
    return idp.user(user_name, **{ACCOUNT: extension})


@pytest.mark.rule("SCM-1", "IDN-5")
def test_a_connection_that_manages_nothing_is_told_so_and_changes_nothing(idp, foreign_idp, places, settings_of):
    for name in ("allProductEnvironments", "productEnvironments", "mediaLibraryPermissions"):
        assert published(idp, name)["mutability"] == "readOnly"
    sent = {"allProductEnvironments": False, "productEnvironments": [{"value": places[0]}],
            "mediaLibraryPermissions": {"createCollection": True}, "role": "admin", "root": True}  # fmt: skip
    ada = extended(idp, "ada", **sent)
    assert ada[ACCOUNT] == {
        "role": "media_library_user",
        "root": False,
        "status": "pending",
        "allProductEnvironments": True,
        "twoFactorEnrolled": False,
        "managedBy": ada[ACCOUNT]["managedBy"],
    }
    path = f"/Users/{ada['id']}"
    assert idp.put(path, {"userName": "ada", ACCOUNT: sent}).get_json()[ACCOUNT] == ada[ACCOUNT]
    for name, value in sent.items():
        fault(idp.patch(path, {"op": "replace", "path": f"{ACCOUNT}:{name}", "value": value}), 400, "mutability")
    settings_of(**MANAGED)
    for name in ("allProductEnvironments", "productEnvironments", "mediaLibraryPermissions"):
        assert published(idp, name)["mutability"] == "readWrite"
        assert published(foreign_idp, name)["mutability"] == "readOnly"
    subs = {each["name"]: each["mutability"] for each in published(idp, "productEnvironments")["subAttributes"]}
    assert subs == {"value": "readWrite", "display": "readOnly"}
    assert {each["mutability"] for each in published(idp, "mediaLibraryPermissions")["subAttributes"]} == {"readWrite"}
    types = idp.get("/ResourceTypes/User").get_json()["schemaExtensions"]
    assert {"schema": ACCOUNT, "required": False} in types


@pytest.mark.rule("SCM-6", "SCM-9")
def test_what_is_left_out_because_the_connection_does_not_manage_it_is_noted(app, services, scim):
    sent = {"productEnvironments": [], "MEDIALIBRARYPERMISSIONS": {"createProof": True}, "role": "admin"}
    with app.test_request_context():
        create_user(scim, {"userName": "ada", ACCOUNT.lower(): sent}, services)
        assert notes_kept() == (
            "The connection is not set to manage mediaLibraryPermissions, which was left out.",
            "The connection is not set to manage productEnvironments, which was left out.",
        )
    with app.test_request_context():
        managing = replace(
            scim, connection=replace(scim.connection, manage_environments=True, manage_media_library=True)
        )
        create_user(managing, {"userName": "bob", ACCOUNT: sent}, services)
        assert notes_kept() == ()


@pytest.mark.rule("ENV-2", "SCM-1")
def test_product_environments_are_chosen_in_every_way_and_shown_with_their_names(idp, places, settings_of):
    settings_of(**MANAGED)
    paris, rome = places
    ada = extended(idp, "ada", allProductEnvironments="True", productEnvironments=[paris, {"value": paris}])
    path = f"/Users/{ada['id']}"

    def shown():
        extension = idp.get(path).get_json()[ACCOUNT]
        chosen = [each["display"] for each in extension.get("productEnvironments", [])]
        return extension["allProductEnvironments"], chosen

    def patch(op, name, value=None):
        operation = {"op": op, "path": f"{ACCOUNT}:{name}"} | ({} if value is None else {"value": value})
        answer = idp.patch(path, operation)
        assert answer.status_code == 200, answer.text
        assert answer.get_json() == idp.get(path).get_json()

    assert ada[ACCOUNT]["productEnvironments"] == [{"value": paris, "display": "Paris"}]
    assert shown() == (False, ["Paris"])
    patch("add", "productEnvironments", [{"value": rome, "display": "made up"}])
    assert shown() == (False, ["Paris", "Rome"])
    patch("remove", f'productEnvironments[value eq "{paris}"]')
    assert shown() == (False, ["Rome"])
    patch("remove", "productEnvironments")
    assert shown() == (False, [])
    patch("replace", "allProductEnvironments", "True")
    assert shown() == (True, [])
    patch("replace", "productEnvironments", [{"value": paris}])
    assert shown() == (False, ["Paris"])
    patch("replace", "allProductEnvironments", True)
    assert shown() == (True, [])
    patch("replace", "allProductEnvironments", False)
    assert shown() == (False, [])
    patch("remove", "allProductEnvironments")
    assert shown() == (True, [])


@pytest.mark.rule("ENV-2")
def test_a_put_that_does_not_speak_of_environments_opens_and_ends_none(idp, places, settings_of):
    settings_of(**MANAGED)
    ada = extended(
        idp, "ada", productEnvironments=[{"value": places[0]}], mediaLibraryPermissions={"createProof": False}
    )
    path = f"/Users/{ada['id']}"
    extension = ada[ACCOUNT]
    assert idp.put(path, {"userName": "ada"}).get_json()[ACCOUNT] == extension
    assert (
        idp.put(path, {"userName": "ada", ACCOUNT: {"allProductEnvironments": False}}).get_json()[ACCOUNT] == extension
    )
    assert idp.put(path, ada).get_json()["meta"]["version"] == ada["meta"]["version"]
    body = idp.put(path, {"userName": "ada", ACCOUNT: {"productEnvironments": [{"value": places[1]}]}}).get_json()
    assert [each["display"] for each in body[ACCOUNT]["productEnvironments"]] == ["Rome"]
    body = idp.put(path, {"userName": "ada", ACCOUNT: {"allProductEnvironments": True}}).get_json()
    assert (body[ACCOUNT]["allProductEnvironments"], body[ACCOUNT].get("productEnvironments")) == (True, None)


@pytest.mark.rule("ENV-2", "ENV-3", "TEN-1", "TEN-3")
def test_environments_that_cannot_be_given_are_refused_and_nothing_changes(
    idp, places, foreign_place, settings_of, services, caller, state
):
    settings_of(**MANAGED, allow_master_admin=True, role_cap=frozenset(Role))
    ada = idp.user("ada")
    boss = idp.user("boss", roles=[{"value": "master_admin"}])
    many = [create_environment(caller, NewEnvironment(name=f"E{number}"), services) for number in range(31)]
    before = state()

    def give(user, elements):
        return idp.patch(f"/Users/{user['id']}", {"op": "add", "path": f"{ACCOUNT}:productEnvironments",
                                                  "value": elements})  # fmt: skip

    foreign, made_up = give(ada, [{"value": foreign_place}]), give(ada, [{"value": "0" * 32}])
    assert fault(foreign, 404) == fault(made_up, 404)
    nameless = {"userName": "bob", ACCOUNT: {"productEnvironments": [{"display": "Paris"}]}}
    fault(idp.post("/Users", nameless), 400, "invalidValue")
    fault(give(ada, [{"value": 7}]), 400, "invalidValue")
    fault(give(ada, [{"value": each.environment.id} for each in many]), 400, "invalidValue")
    refused = give(boss, [{"value": places[0]}])
    assert refused.headers["Gatelodge-Error"] == "master_admin_environments"
    posted = idp.post("/Users", {"userName": "bob", ACCOUNT: {"productEnvironments": [{"value": foreign_place}]}})
    fault(posted, 404)
    assert state() == before
    assert len(give(ada, [{"value": each.environment.id} for each in many[:30]]).get_json()[ACCOUNT]
               ["productEnvironments"]) == 30  # fmt: skip


@pytest.mark.rule("ENV-5")
def test_environments_are_found_by_filter_and_follow_renaming_and_deletion(idp, places, settings_of, services, caller):
    settings_of(**MANAGED)
    ada = extended(idp, "ada", productEnvironments=[{"value": places[0]}])
    idp.user("bob")

    def found(text):
        return [each["id"] for each in idp.find("/Users", text).get_json()["Resources"]]

    assert found(f'{ACCOUNT}:productEnvironments.value eq "{places[0]}"') == [ada["id"]]
    assert found(f'{ACCOUNT}:productEnvironments[display eq "Paris"]') == [ada["id"]]
    assert found(f'{ACCOUNT}:productEnvironments.display eq "paris"') == []
    assert found(f"{ACCOUNT}:productEnvironments pr") == [ada["id"]]
    edit_environment(caller, places[0], {"name": "Lutetia"}, services)
    body = idp.get(f"/Users/{ada['id']}").get_json()
    assert body[ACCOUNT]["productEnvironments"] == [{"value": places[0], "display": "Lutetia"}]
    assert body["meta"]["version"] != ada["meta"]["version"]
    delete_environment(caller, places[0], services)
    after = idp.get(f"/Users/{ada['id']}").get_json()
    assert "productEnvironments" not in after[ACCOUNT]
    assert after[ACCOUNT]["allProductEnvironments"] is False
    assert after["meta"]["version"] != body["meta"]["version"]
    assert found(f"{ACCOUNT}:productEnvironments pr") == []


@pytest.mark.rule("ROLE-2", "SCM-1")
def test_media_library_permissions_go_with_the_role_of_media_library_users_alone(idp, settings_of, state):
    settings_of(**MANAGED)
    ada = extended(idp, "ada", mediaLibraryPermissions={"createCollection": "True", "shareCollection": False})
    assert ada[ACCOUNT]["mediaLibraryPermissions"] == {"createCollection": True}
    path = f"/Users/{ada['id']}"
    one = f"{ACCOUNT}:mediaLibraryPermissions"
    body = idp.patch(path, {"op": "add", "path": one, "value": {"moderateAsset": True}}).get_json()
    assert body[ACCOUNT]["mediaLibraryPermissions"] == {"createCollection": True, "moderateAsset": True}
    body = idp.patch(path, {"op": "replace", "path": f"{one}.createCollection", "value": "False"}).get_json()
    assert body[ACCOUNT]["mediaLibraryPermissions"] == {"moderateAsset": True}
    assert idp.put(path, body).get_json() == body
    before = state()
    reports = {"op": "add", "path": "roles", "value": [{"value": "reports"}]}
    more = {"op": "add", "path": one, "value": {"createCollection": True}}
    refused = idp.patch(path, reports, more)
    assert refused.headers["Gatelodge-Error"] == "media_library_permissions"
    fault(idp.post("/Users", {"userName": "bob", "roles": [{"value": "reports"}],
                              ACCOUNT: {"mediaLibraryPermissions": {"createProof": True}}}), 400,
          "invalidValue")  # fmt: skip
    assert state() == before
    body = idp.patch(path, reports).get_json()
    assert (body[ACCOUNT]["role"], body[ACCOUNT].get("mediaLibraryPermissions")) == ("reports", None)
    removed = idp.patch(f"/Users/{idp.user('cy')['id']}", {"op": "remove", "path": one})
    assert removed.status_code == 200


@pytest.mark.rule("INV-1")
def test_the_choice_of_an_invitation_is_accepted_later_without_effect_and_never_shown(idp, sql):
    ada = extended(idp, "ada@x.example", sendInvitation=False)
    owed = sql("select count(*) from outbox")
    path = f"/Users/{ada['id']}"
    again = idp.patch(path, {"op": "replace", "path": f"{ACCOUNT}:sendInvitation", "value": "True"}).get_json()
    assert again == ada == idp.put(path, ada | {ACCOUNT: {"sendInvitation": True}}).get_json()
    assert "sendInvitation" not in ada[ACCOUNT]
    assert sql("select count(*) from outbox") == owed
    fault(idp.find("/Users", f"{ACCOUNT}:sendInvitation eq true"), 400, "invalidFilter")
    assert published(idp, "sendInvitation")["mutability"] == "writeOnly"
    assert published(idp, "sendInvitation")["returned"] == "never"


@pytest.mark.rule("2FA-1", "LGN-6")
def test_whether_a_second_factor_is_set_up_is_shown_and_found_and_moves_the_version(idp, services, caller, sql):
    user = make_active(services, sql, make_user(caller, services, "dana@acme.example"))
    path = f"/Users/{user.id}"
    before = idp.get(path).get_json()
    assert before[ACCOUNT]["twoFactorEnrolled"] is False
    me = person(show_user(caller, user.id, services).user)
    seed = begin_set_up(me, services).seed
    assert idp.get(path).get_json() == before
    step = int(services.now().timestamp()) // 30
    confirm_set_up(me, services.one_time_codes.code_at(seed, step), services)
    enrolled = idp.get(path)
    assert enrolled.get_json()[ACCOUNT]["twoFactorEnrolled"] is True
    assert enrolled.get_json()["meta"]["version"] != before["meta"]["version"]
    assert seed not in enrolled.text
    for text, total in (("eq true", 1), ("eq false", 1), ("ne true", 1)):
        assert idp.find("/Users", f"{ACCOUNT}:twoFactorEnrolled {text}").get_json()["totalResults"] == total
    remove_own(me, services)
    assert idp.get(path).get_json()[ACCOUNT]["twoFactorEnrolled"] is False


@pytest.mark.rule("ROOT-5", "ROOT-6")
def test_the_root_user_is_marked_and_its_environments_are_not_for_a_directory(idp, account, places, settings_of):
    settings_of(**MANAGED, email_domains=("acme.example",), allow_master_admin=True)
    path = f"/Users/{account.root.id}"
    extension = idp.get(path).get_json()[ACCOUNT]
    assert (extension["root"], extension["allProductEnvironments"]) == (True, True)
    assert "role" not in extension
    for operation in (
        {"op": "add", "path": f"{ACCOUNT}:productEnvironments", "value": [{"value": places[0]}]},
        {"op": "replace", "path": f"{ACCOUNT}:root", "value": False},
        {"op": "replace", "value": {ACCOUNT: {"mediaLibraryPermissions": {"createProof": True}}}},
    ):
        assert fault(idp.patch(path, operation), 403)["detail"].startswith("The root user is protected")
    ada = idp.user("ada")
    fault(idp.patch(f"/Users/{ada['id']}", {"op": "replace", "path": f"{ACCOUNT}:root", "value": True}), 400,
          "mutability")  # fmt: skip
    assert idp.find("/Users", f"{ACCOUNT}:root eq true").get_json()["totalResults"] == 1
    assert CORE_USER in idp.get(path).get_json()["schemas"]
