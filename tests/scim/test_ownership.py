"""Whose record it is: what a connection makes, may take over, and must leave alone (SCM-1, SCM-4, IDN-3)."""

import pytest

from provisioning.actions.groups import add_member
from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.scim_connections import create_scim_connection, update_scim_connection
from provisioning.actions.scim_tokens import create_scim_token
from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.actions.sign_in_steps import give_code
from provisioning.actions.tries import devices_of
from provisioning.actions.users import show_user
from provisioning.domain.caller import WayIn, nobody, operator
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import Profile, ScimConnection
from provisioning.scim.notes import notes_kept
from provisioning.scim.writes import create_user, patch_user
from tests.actions.forgotten import forgot_password
from tests.actions.refusals import code_of
from tests.doors.authenticator import with_app
from tests.doors.scim import ACCOUNT, CORE_USER, PATCH_OP, ScimClient, fault
from tests.factories import PASSWORD, link_secret, make_active, make_user, report_of

BROWSER = Browser("203.0.113.7", "Firefox")


@pytest.fixture
def settings_of(services, account):
    """Changes settings of the connection."""

    def change(**settings: object) -> None:
        connection_id = account.token.token.connection_id
        update_scim_connection(operator(account.account.id), connection_id, settings, services)

    return change


@pytest.fixture
def second_idp(app, services, account) -> ScimClient:
    """Another identity provider of the same account, which may take over people of acme.example."""
    admin = operator(account.account.id)
    asked = ScimConnection(id="", account_id="", name="Second", email_domains=("acme.example",))
    create_scim_connection(admin, asked, services)
    return ScimClient(app, create_scim_token(admin, "Second", services).text)


def code(response) -> str:
    assert 400 <= response.status_code < 500, response.text
    return response.headers["Gatelodge-Error"]


@pytest.mark.rule("SCM-1", "IDN-3", "SCM-5")
def test_two_connections_share_an_account_and_each_changes_its_own_alone(idp, second_idp, state):
    ada = idp.user("ada", externalId="x-1", emails=[{"value": "ada@acme.example"}])
    team = idp.group("Engineers", ada["id"], externalId="g-1")
    assert second_idp.get(f"/Users/{ada['id']}").get_json()["externalId"] == "x-1"
    before = state()
    path, of_team = f"/Users/{ada['id']}", f"/Groups/{team['id']}"
    off = {"op": "replace", "path": "active", "value": False}
    rename = {"op": "replace", "path": "displayName", "value": "Eve"}
    for answer in (
        second_idp.patch(path, off),
        second_idp.put(path, {"userName": "ada"}),
        second_idp.delete(path),
        second_idp.patch(of_team, rename),
        second_idp.patch(of_team, {"op": "remove", "path": "members"}),
        second_idp.put(of_team, {"displayName": "Engineers"}),
        second_idp.delete(of_team),
    ):
        fault(answer, 403)
        assert code(answer) == "user_not_managed"
    for body in ({"userName": "ADA"}, {"userName": "eve", "emails": [{"value": "Ada@Acme.example"}]}):
        fault(second_idp.post("/Users", body), 409, "uniqueness")
    fault(second_idp.post("/Groups", {"displayName": "ENGINEERS"}), 409, "uniqueness")
    assert state() == before
    second_idp.user("bob", externalId="x-1")
    second_idp.group("Others", ada["id"], externalId="g-1")


@pytest.mark.rule("IDN-3", "SCM-1", "SCM-5", "LGN-9")
@pytest.mark.parametrize("write", ["patch", "put"])
def test_a_user_of_its_domains_is_taken_over_once_by_a_write_and_never_by_a_create(
    idp, second_idp, services, caller, sql, write
):
    inside = make_user(caller, services, "dana@acme.example")
    outside = make_user(caller, services, "dana@acme.example.org")
    boss = make_user(caller, services, "boss@acme.example", Role.MASTER_ADMIN)
    body = {"userName": "dana@acme.example", "emails": [{"value": "dana@acme.example"}]}
    fault(second_idp.post("/Users", body), 409, "uniqueness")
    assert show_user(caller, inside.id, services).user == inside

    def push(client, user):
        if write == "put":
            return client.put(f"/Users/{user.id}", {"userName": user.email, "title": "Dr"})
        return client.patch(f"/Users/{user.id}", {"op": "add", "path": "title", "value": "Dr"})

    found = second_idp.find("/Users", 'userName eq "DANA@acme.example"').get_json()["Resources"]
    assert [each["id"] for each in found] == [inside.id]
    assert code(push(second_idp, outside)) == "user_not_managed"
    assert code(push(second_idp, boss)) == "above_own_role"
    assert code(push(idp, inside)) == "user_not_managed"
    taken = push(second_idp, inside)
    assert taken.status_code == 200
    assert taken.get_json()[ACCOUNT]["managedBy"] == show_user(caller, inside.id, services).user.connection_id
    assert push(second_idp, inside).status_code == 200
    assert code(push(idp, inside)) == "user_not_managed"
    assert [entry.target_id for entry in report_of(caller, services, kind="user.taken_over")] == [inside.id]
    assert sql("select payload->>'user_id' from outbox where kind = 'taken_over'") == [(inside.id,)]


@pytest.mark.rule("SCM-4", "ROOT-6", "AUZ-3")
def test_protected_people_come_into_no_group_and_leave_none_through_a_directory(
    idp, services, account, caller, sql, settings_of
):
    root, boss = account.root.id, make_user(caller, services, "boss@acme.example", Role.MASTER_ADMIN).id
    ada = idp.user("ada")["id"]
    held, empty = idp.group("Held", ada)["id"], idp.group("Empty")["id"]

    def answers(who):
        member = [{"value": who}]
        return (
            idp.post("/Groups", {"displayName": "New", "members": member}),
            idp.put(f"/Groups/{empty}", {"displayName": "Empty", "members": member}),
            idp.patch(f"/Groups/{empty}", {"op": "add", "path": "members", "value": member}),
            idp.patch(f"/Groups/{empty}", {"op": "replace", "value": {"members": member}}),
            idp.put(f"/Groups/{held}", {"displayName": "Held", "members": [{"value": ada}]}),
            idp.patch(f"/Groups/{held}", {"op": "remove", "path": "members"}),
            idp.patch(f"/Groups/{held}", {"op": "remove", "path": "members", "value": member}),
            idp.patch(f"/Groups/{held}", {"op": "remove", "path": f'members[value eq "{who}"]'}),
        )

    for who, expected in ((root, "root_user_protected"), (boss, "above_own_role")):
        sql("insert into group_members select account_id, %s, id from users where id = %s", held, who)
        before = sql("select * from group_members order by 1, 2, 3")
        assert [code(answer) for answer in answers(who)] == [expected] * 8
        assert sql("select * from group_members order by 1, 2, 3") == before
        assert idp.find("/Groups", 'displayName eq "New"').get_json()["totalResults"] == 0
        sql("delete from group_members where user_id = %s", who)
    add_member(caller, held, ada, services)
    settings_of(allow_master_admin=True)
    assert (
        idp.patch(f"/Groups/{empty}", {"op": "add", "path": "members", "value": [{"value": boss}]}).status_code == 200
    )
    assert idp.patch(f"/Groups/{empty}", {"op": "remove", "path": "members"}).status_code == 200


@pytest.mark.rule("SCM-4", "SCM-1", "AUZ-3", "SAM-8")
def test_nobody_becomes_more_than_the_cap_by_a_word_from_any_path(idp, settings_of, state):
    settings_of(role_map={"Bosses": Role.REPORTS, "Staff": Role.TECHNICAL_ADMIN})
    ada = idp.user("ada", roles=[{"value": "staff"}])
    assert ada[ACCOUNT]["role"] == "technical_admin"
    path, before = f"/Users/{ada['id']}", state()
    for word in ("master_admin", "admin", "billing", '{"id": "7", "value": "master_admin", "displayName": "x"}'):
        element = [{"value": word, "primary": "True"}]
        for answer in (
            idp.post("/Users", {"userName": "bob", "roles": element}),
            idp.put(path, {"userName": "ada", "roles": element}),
            idp.patch(path, {"op": "add", "path": "roles", "value": element}),
            idp.patch(path, {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": word}),
            idp.patch(path, {"op": "replace", "value": {"roles": element}}),
        ):
            fault(answer, 403)
            assert code(answer) == "role_above_cap"
    fault(idp.patch(path, {"op": "replace", "path": f"{ACCOUNT}:role", "value": "master_admin"}), 400, "mutability")
    assert state() == before
    gone = idp.patch(path, {"op": "remove", "path": "roles"}).get_json()
    assert (gone[ACCOUNT]["role"], gone.get("roles")) == ("media_library_user", None)


@pytest.mark.rule("SCM-4", "SSO-5", "AUZ-3")
def test_a_cap_alone_makes_no_master_admin(idp, settings_of, state):
    settings_of(role_cap=frozenset(Role))
    ada = idp.user("ada", roles=[{"value": "admin"}])
    words, before = [{"value": "master_admin"}], state()
    for answer in (
        idp.post("/Users", {"userName": "bob", "roles": words}),
        idp.put(f"/Users/{ada['id']}", {"userName": "ada", "roles": words}),
        idp.patch(f"/Users/{ada['id']}", {"op": "add", "path": "roles", "value": words}),
    ):
        fault(answer, 403)
        assert code(answer) == "above_own_role"
    assert state() == before
    settings_of(allow_master_admin=True)
    assert idp.user("bob", roles=words)[ACCOUNT]["role"] == "master_admin"


@pytest.mark.rule("SCM-1", "SCM-6", "SCM-9")
def test_words_that_give_nothing_are_kept_and_noted_or_refused_where_the_connection_is_strict(
    app, idp, services, scim, settings_of
):
    with app.test_request_context():
        ada = create_user(scim, {"userName": "ada", "roles": [{"value": "Sales"}, {"value": "reports"}]}, services).user
        operation = {"op": "add", "path": "roles", "value": [{"value": "Choir"}]}
        patch_user(scim, ada.id, {"schemas": [PATCH_OP], "Operations": [operation]}, services)
        assert notes_kept() == (
            "The role word 'Sales' is mapped to no role and gave nothing.",
            "The role word 'Choir' is mapped to no role and gave nothing.",
        )
    shown = idp.get(f"/Users/{ada.id}").get_json()
    assert [each["value"] for each in shown["roles"]] == ["Sales", "reports", "Choir"]
    assert shown[ACCOUNT]["role"] == "reports"
    settings_of(profile=Profile.STRICT, role_map={"Choir": Role.REPORTS})
    words = [{"value": "Choir"}, {"value": "Band"}]
    detail = "'Band' gives no role here. These do: technical_admin, media_library_admin, reports, " \
             "media_library_user, Choir."  # fmt: skip
    for answer in (
        idp.post("/Users", {"userName": "bob", "roles": words}),
        idp.put(f"/Users/{ada.id}", {"userName": "ada", "roles": words}),
        idp.patch(f"/Users/{ada.id}", {"op": "replace", "path": "roles", "value": words}),
    ):
        assert fault(answer, 400, "invalidValue")["detail"] == detail
    assert idp.get(f"/Users/{ada.id}").get_json() == shown
    assert idp.user("cy", roles=[{"value": "CHOIR"}])[ACCOUNT]["role"] == "reports"


@pytest.mark.rule("SCM-6")
@pytest.mark.parametrize(
    ("changed", "creates"),
    [
        ({}, True),
        ({"profile": Profile.ENTRA}, True),
        ({"create_on_replace": False}, False),
        ({"profile": Profile.STRICT}, False),
    ],
)
def test_a_replace_at_what_is_not_there_makes_it_unless_set_otherwise(idp, settings_of, changed, creates):
    ada = idp.user("ada")
    settings_of(**changed)
    replace = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ada@acme.example"}
    answer = idp.patch(f"/Users/{ada['id']}", replace)
    if creates:
        assert answer.get_json()["emails"] == [{"type": "work", "value": "ada@acme.example"}]
    else:
        fault(answer, 400, "noTarget")
    assert idp.patch(f"/Users/{ada['id']}", replace | {"op": "Add"}).status_code == 200


@pytest.mark.rule("SCM-10", "USR-5", "OUT-3", "LNK-2", "LGN-3", "INV-2")
def test_a_deactivation_ends_every_way_in_and_a_reactivation_brings_none_back(idp, services, caller, sql, clock):
    ada = idp.user("ada@x.example")["id"]
    pending = idp.user("bob@x.example")["id"]
    invitation = link_secret(services, sql, show_user(caller, pending, services).user)
    user = make_active(services, sql, show_user(caller, ada, services).user)
    session = by_password(user.email, PASSWORD, None, BROWSER, services)
    app = with_app(user, services, clock)
    step = by_password(user.email, PASSWORD, None, BROWSER, services)
    forgot_password(user.email, None, services)
    reset = link_secret(services, sql, user)
    known = Browser("203.0.113.7", "Firefox", session.device)

    def refusals():
        with services.read(nobody(WayIn.CONSOLE, None)) as unit:
            assert devices_of(unit, known) == {}
        assert check_session(session.secret, services) is None
        return [
            code_of(lambda: give_code(step.secret, app.code(), BROWSER, services)),
            code_of(lambda: set_password_by_link(reset, PASSWORD, None, services)),
            code_of(lambda: set_password_by_link(invitation, PASSWORD, None, services)),
        ]

    with services.read(nobody(WayIn.CONSOLE, None)) as unit:
        assert len(devices_of(unit, known)) == 1
    assert check_session(session.secret, services) is not None
    for person in (ada, pending):
        idp.patch(f"/Users/{person}", {"op": "Replace", "path": "active", "value": "False"})
    assert refusals() == [Code.LOGIN_EXPIRED, Code.LINK_INVALID, Code.LINK_INVALID]
    assert code_of(lambda: by_password(user.email, PASSWORD, None, known, services)) is Code.INVALID_CREDENTIALS
    for person in (ada, pending):
        body = idp.patch(f"/Users/{person}", {"op": "Replace", "path": "active", "value": "True"}).get_json()
        assert (body["active"], body["schemas"][0]) == (True, CORE_USER)
    assert refusals() == [Code.LOGIN_EXPIRED, Code.LINK_INVALID, Code.LINK_INVALID]
    assert by_password(user.email, PASSWORD, None, BROWSER, services).secret
