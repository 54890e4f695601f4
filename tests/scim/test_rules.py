"""The domain's rules as an identity provider meets them: root user, roles, seats, offboarding, whose record it is."""

import pytest

from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.actions.users import show_user
from provisioning.domain.errors import Refusal
from provisioning.domain.roles_legacy import Role
from tests.doors.scim import ACCOUNT, fault
from tests.factories import PASSWORD, make_active, make_user


def row(sql, user_id: str) -> tuple:
    return sql("select users::text from users where id = %s", user_id)[0]


@pytest.mark.rule("ROOT-6", "SCM-4")
def test_the_root_user_is_protected_from_every_write_of_both_sides(idp, account, sql):
    root = account.root.id
    before = row(sql, root)
    group = idp.group("Engineers")
    answers = [
        idp.patch(f"/Users/{root}", {"op": "replace", "path": "active", "value": False}),
        idp.patch(f"/Users/{root}", {"op": "replace", "value": {"title": "Dr"}}),
        idp.put(f"/Users/{root}", {"userName": "root@acme.example", "active": False}),
        idp.delete(f"/Users/{root}"),
        idp.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": root}]}),
        idp.put(f"/Groups/{group['id']}", {"displayName": "Engineers", "members": [{"value": root}]}),
        idp.post("/Groups", {"displayName": "Roots", "members": [{"value": root}]}),
    ]
    for answer in answers:
        assert "root user" in fault(answer, 403)["detail"]
        assert answer.headers["Gatelodge-Error"] == "root_user_protected"
    assert row(sql, root) == before
    assert idp.find("/Groups", 'displayName eq "Roots"').get_json()["totalResults"] == 0
    assert idp.get(f"/Users/{root}").get_json()[ACCOUNT]["root"] is True


@pytest.mark.rule("SCM-1", "SCM-4")
def test_people_of_others_and_master_admins_are_not_this_connections_to_change(idp, account, services, caller, sql):
    for role in (Role.MASTER_ADMIN, Role.MEDIA_LIBRARY_USER):
        user = make_user(caller, services, f"{role.value}@acme.example", role)
        before = row(sql, user.id)
        path = f"/Users/{user.id}"
        assert idp.get(path).status_code == 200
        for answer in (
            idp.patch(path, {"op": "replace", "path": "active", "value": False}),
            idp.put(path, {"userName": "x"}),
            idp.delete(path),
        ):
            fault(answer, 403)
        assert row(sql, user.id) == before


@pytest.mark.rule("SCM-1")
def test_a_directorys_words_give_roles_up_to_the_cap(idp):
    reports = idp.user("ada", roles=[{"value": "reports"}, {"value": "anything else"}])
    assert reports[ACCOUNT]["role"] == "reports"
    assert reports["roles"] == [{"value": "reports"}, {"value": "anything else"}]
    for word in ("master_admin", "admin", "billing"):
        refused = idp.post("/Users", {"userName": "bob", "roles": [{"value": word}]})
        fault(refused, 403)
        assert refused.headers["Gatelodge-Error"] == "role_above_cap"
    path = f"/Users/{reports['id']}"
    fault(idp.patch(path, {"op": "add", "path": "roles", "value": [{"value": "master_admin"}]}), 403)
    assert idp.get(path).get_json() == reports
    gone = idp.patch(path, {"op": "remove", "path": 'roles[value eq "reports"]'}).get_json()
    assert gone[ACCOUNT]["role"] == "media_library_user"


@pytest.mark.rule("SEAT-3")
def test_at_the_limit_a_create_is_refused_with_used_and_limit(idp, sql):
    sql("update seats set plan_seats = 2")
    idp.user("ada")
    refused = idp.post("/Users", {"userName": "bob"})
    assert "2 of 2" in fault(refused, 403)["detail"]
    assert refused.headers["Gatelodge-Error"] == "seat_limit_reached"
    assert idp.find("/Users", 'userName eq "bob"').get_json()["totalResults"] == 0


@pytest.mark.rule("USR-11")
@pytest.mark.parametrize(
    ("attributes", "email"),
    [
        ({"emails": [{"value": "h@x.example"}, {"value": "w@x.example", "type": "work"}]}, "w@x.example"),
        (
            {"emails": [{"value": "w@x.example", "type": "work"}, {"value": "p@x.example", "primary": True}]},
            "p@x.example",
        ),
        ({"emails": [{"value": "h@x.example"}]}, "h@x.example"),
        ({}, None),
    ],
)
def test_the_login_email_is_the_primary_else_work_else_first_address(idp, sql, attributes, email):
    made = idp.user("ada", **attributes)
    assert sql("select email from users where id = %s", made["id"]) == [(email,)]
    assert made["userName"] == "ada"


@pytest.mark.rule("USR-11", "USR-1")
def test_an_address_that_somebody_has_is_refused(idp):
    idp.user("ada", emails=[{"value": "ada@x.example"}])
    fault(idp.post("/Users", {"userName": "bob", "emails": [{"value": "ADA@x.example"}]}), 409, "uniqueness")


@pytest.mark.rule("INV-1")
def test_who_is_pushed_is_owed_one_mail_and_who_is_pushed_disabled_none(idp, sql):
    idp.user("ada@x.example")
    idp.user("bob@x.example", active=False)
    idp.user("no address")
    owed = sql(
        "select u.user_name, o.kind from outbox o join users u on u.id = o.payload->>'user_id' where not u.is_root"
    )
    assert owed == [("ada@x.example", "invitation")]


@pytest.mark.rule("SCM-10", "USR-5", "OUT-2")
@pytest.mark.parametrize("ending", ["patch", "put", "delete"])
def test_a_deactivation_ends_sessions_at_once_and_a_reactivation_brings_none_back(idp, services, caller, sql, ending):
    ada = idp.user("ada@x.example")
    path = f"/Users/{ada['id']}"
    make_active(services, sql, show_user(caller, ada["id"], services).user)
    cookie = by_password("ada@x.example", PASSWORD, None, Browser(None, "test"), services).secret
    assert check_session(cookie, services)
    off = {
        "patch": lambda: idp.patch(path, {"op": "Replace", "path": "active", "value": "False"}),
        "put": lambda: idp.put(path, {"userName": "ada@x.example", "active": False}),
        "delete": lambda: idp.delete(path),
    }
    assert off[ending]().status_code in (200, 204)
    assert check_session(cookie, services) is None
    with pytest.raises(Refusal):
        by_password("ada@x.example", PASSWORD, None, Browser(None, "test"), services)
    idp.patch(path, {"op": "Replace", "path": "active", "value": "True"})
    assert check_session(cookie, services) is None


@pytest.mark.rule("USR-6")
def test_a_name_is_free_again_after_a_deletion_and_makes_another_user(idp):
    first = idp.user("ada", externalId="x-1", emails=[{"value": "ada@x.example"}])
    idp.delete(f"/Users/{first['id']}")
    second = idp.user("ada", externalId="x-1", emails=[{"value": "ada@x.example"}])
    assert second["id"] != first["id"]
    fault(idp.get(f"/Users/{first['id']}"), 404)


@pytest.mark.rule("IDN-2")
def test_an_external_id_never_resolves_to_an_internal_one(idp, account):
    for external_id in ("1", account.root.id, "root@acme.example"):
        made = idp.user(f"name {external_id}"[:60], externalId=external_id)
        assert made["id"] != account.root.id
        assert idp.find("/Users", f'externalId eq "{external_id}"').get_json()["Resources"][0]["id"] == made["id"]
