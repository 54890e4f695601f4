"""Logging in by SAML once the assertion is verified: who it finds, what it may change, what is spent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from provisioning.actions.accounts import set_seats
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.saml_sign_in import begin_saml, by_saml
from provisioning.actions.scim_connections import update_scim_connection
from provisioning.actions.sessions import check_session
from provisioning.actions.sso_settings import connection_for_door, disconnect, update_connection
from provisioning.actions.users import create_user, delete_user, disable_user, show_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sessions import Method
from provisioning.domain.sso import UnknownGroups
from provisioning.domain.users import NewUser, Status
from tests.actions.refusals import code_of
from tests.actions.saml_world import BROWSER, Logins, connected, saml_account
from tests.factories import key_caller, make_user, report_of, scim_caller_of


@pytest.fixture
def acme(services):
    return saml_account(services)


@pytest.fixture
def admin(acme):
    return key_caller(acme)


@pytest.fixture
def logins(services, acme, neighbour):
    return Logins(services, connected(services, acme, provisioning=True))


def change(services, logins, **changes):
    update_connection(operator(logins.connection.account_id), logins.connection.id, changes, services)


@pytest.mark.rule("SSO-3", "INV-1")
def test_a_first_login_makes_the_user_and_opens_a_session(services, acme, admin, logins, sql):
    group = create_group(admin, NewGroup("Design"), services).group
    entry = logins.enter(first_name="Dana", last_name="Roe", role="reports", groups=("Design", "Unknown"))
    user = entry.opened.user
    assert (user.email, user.role, user.status, user.providers) == (
        "dana@acme.example", Role.REPORTS, Status.ACTIVE, ("saml",)
    )  # fmt: skip
    assert user.all_environments
    assert entry.return_path == "/users"
    session = check_session(entry.opened.secret, services)
    assert (session.method, session.user.id) == (Method.SAML, user.id)
    assert [each.id for each in show_user(admin, user.id, services).groups] == [group.id]
    assert sql("select kind from outbox where payload->>'user_id' = %s", user.id) == [("confirmation",)]


@pytest.mark.rule("SSO-3")
def test_later_logins_update_what_the_assertion_carries(services, acme, admin, logins):
    create_group(admin, NewGroup("A"), services)
    create_group(admin, NewGroup("B"), services)
    user = logins.enter(first_name="Dana", groups=("A",)).opened.user
    again = logins.enter(email="new@acme.example", last_name="Roe", groups=("B",)).opened.user
    view = show_user(admin, user.id, services)
    assert again.id == user.id
    assert (view.user.email, view.user.first_name, view.user.last_name) == ("new@acme.example", "Dana", "Roe")
    assert [group.name for group in view.groups] == ["B"]
    logins.enter(email="new@acme.example")
    assert [group.name for group in show_user(admin, user.id, services).groups] == ["B"], "not sent: left alone"
    logins.enter(email="new@acme.example", groups=())
    assert show_user(admin, user.id, services).groups == (), "sent empty: none"


@pytest.mark.rule("SSO-3")
def test_without_provisioning_an_unknown_user_is_refused_and_its_ids_are_spent(services, logins, sql):
    change(services, logins, provisioning=False)
    login = logins.login("s-1", logins.begin())
    assert code_of(lambda: logins.post(login)) is Code.SAML_UNKNOWN_USER
    assert sql("select count(*) from sessions") == [(0,)]
    change(services, logins, provisioning=True)
    assert code_of(lambda: logins.post(login)) is Code.SAML_REPLAYED


@pytest.mark.rule("SAM-4")
def test_of_fifty_parallel_posts_of_one_response_one_makes_a_session(services, logins, sql):
    login = logins.login("s-1", logins.begin())

    def post(_):
        try:
            return logins.post(login).opened.session_id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(50)))
    assert answers.count(Code.SAML_REPLAYED) == 49
    assert sql("select count(*) from sessions") == [(1,)]


@pytest.mark.rule("SAM-4", "TEN-5")
def test_the_same_assertion_id_at_another_connection_is_another(services, logins, neighbour):
    other = Logins(services, connected(services, saml_account(services, "Other"), provisioning=True))
    first = logins.login("s-1", logins.begin())
    logins.post(first)
    second = other.login("s-1", other.begin())
    assert other.post(second, assertion_id=first.assertion_id, response_id=first.response_id).opened


@pytest.mark.rule("SAM-5")
def test_a_response_must_answer_a_login_begun_in_this_browser_within_ten_minutes(services, logins, clock):
    begun = logins.begin()
    wrong = {"browser_secret": "another browser's"}
    missing = {"browser_secret": None}
    unknown = {"in_response_to": "_made_up"}
    for changes in (wrong, missing, unknown):
        assert code_of(lambda: logins.post(logins.login("s", begun), **changes)) is Code.SAML_REQUEST_UNKNOWN
    assert logins.post(logins.login("s", begun)).return_path == "/users"
    assert code_of(lambda: logins.post(logins.login("s", begun))) is Code.SAML_REQUEST_UNKNOWN, "used up"
    late = logins.begin()
    clock.advance(minutes=10)
    assert code_of(lambda: logins.post(logins.login("s", late))) is Code.SAML_REQUEST_UNKNOWN


@pytest.mark.rule("SAM-5")
def test_several_logins_begun_in_one_browser_all_work(services, logins):
    first = logins.begin()
    second = logins.begin(first.browser_secret)
    assert second.browser_secret == first.browser_secret
    assert logins.post(logins.login("s", second)).opened
    assert logins.post(logins.login("s", first)).opened


@pytest.mark.rule("SAM-5")
def test_unsolicited_responses_are_for_connections_that_allow_them(services, logins):
    assert code_of(lambda: logins.post(logins.login())) is Code.SAML_UNSOLICITED
    change(services, logins, allow_idp_initiated=True)
    assert logins.post(logins.login()).return_path is None


@pytest.mark.rule("SAM-6")
def test_what_changed_since_the_login_began_counts(services, acme, admin, logins):
    user = logins.enter().opened.user
    begun = [logins.begin() for _ in range(3)]
    disable_user(admin, user.id, services)
    assert code_of(lambda: logins.post(logins.login("s-1", begun[0]))) is Code.USER_DISABLED
    set_seats(operator(acme.account.id), 2, services)
    full = lambda: logins.post(logins.login("s-2", begun[1], email="new@acme.example"))
    assert code_of(full) is Code.SEAT_LIMIT_REACHED
    change(services, logins, enabled=False)
    assert code_of(lambda: logins.post(logins.login("s-2", begun[2]))) is Code.CONNECTION_DISABLED
    assert code_of(lambda: logins.begin()) is Code.CONNECTION_DISABLED


@pytest.mark.rule("SAM-6", "LIM-7")
def test_a_connection_removed_while_a_login_is_under_way_refuses_it(services, acme, logins):
    known = connection_for_door(logins.connection.id, services)
    login = logins.login("s-1", logins.begin())
    disconnect(operator(acme.account.id), known.id, services)
    assert code_of(lambda: by_saml(known, login, BROWSER, services)) is Code.CONNECTION_DISABLED
    assert code_of(lambda: begin_saml(known, "_late", "/", None, services)) is Code.CONNECTION_DISABLED


@pytest.mark.rule("SES-1")
@pytest.mark.parametrize("end", ["switched off", "removed"])
def test_a_session_ends_with_its_connection(services, acme, logins, end):
    opened = logins.enter().opened
    if end == "removed":
        disconnect(operator(acme.account.id), logins.connection.id, services)
    else:
        change(services, logins, enabled=False)
    assert check_session(opened.secret, services) is None


@pytest.mark.rule("IDN-3", "SSO-5")
def test_an_existing_user_is_linked_only_in_the_connections_domains(services, admin, logins):
    user = make_user(admin, services, "dana@acme.example", Role.ADMIN)
    assert code_of(lambda: logins.enter()) is Code.SAML_EMAIL_TAKEN
    change(services, logins, email_domains=("acme.example",))
    assert logins.enter().opened.user.id == user.id
    assert report_of(admin, services, person=user.id)[1].kind == "user.linked"
    taken = lambda: logins.enter("another subject")
    assert code_of(taken) is Code.SAML_EMAIL_TAKEN, "one subject a user"


@pytest.mark.rule("IDN-2", "IDN-3")
def test_a_subject_that_looks_like_an_id_of_ours_finds_nobody(services, acme, admin, logins):
    user = make_user(admin, services, "eve@acme.example")
    for number, subject in enumerate(["1", user.id, acme.root.id, "root@acme.example", "eve@acme.example"]):
        entered = logins.enter(subject, email=f"n{number}@acme.example").opened.user
        assert entered.id not in (user.id, acme.root.id)


@pytest.mark.rule("ROOT-6", "SSO-5")
def test_the_root_user_enters_only_where_allowed_and_is_never_changed(services, acme, admin, logins):
    change(services, logins, email_domains=("acme.example",))
    enter = lambda: logins.enter("r", email="root@acme.example", first_name="X", role="reports")
    assert code_of(enter) is Code.SAML_ROOT_REFUSED
    change(services, logins, allow_root=True)
    assert enter().opened.user.is_root
    root = show_user(admin, acme.root.id, services).user
    assert (root.first_name, root.role, root.email) == ("Root", None, "root@acme.example")
    kinds = [entry.kind for entry in report_of(admin, services, person=acme.root.id)]
    assert "saml_login.attributes_ignored" in kinds


@pytest.mark.rule("SSO-5")
def test_attributes_never_enable_nor_bring_back_nor_make_master_admins(services, admin, logins):
    user = logins.enter().opened.user
    promoted = logins.enter(role="master_admin").opened.user
    assert promoted.role is Role.MEDIA_LIBRARY_USER
    delete_user(admin, user.id, services)
    new = logins.enter().opened.user
    assert new.id != user.id
    disable_user(admin, new.id, services)
    assert code_of(lambda: logins.enter()) is Code.USER_DISABLED
    assert show_user(admin, new.id, services).user.is_disabled
    change(services, logins, allow_master_admin=True)
    assert logins.enter("m", email="m@acme.example", role="master_admin").opened.user.role is Role.MASTER_ADMIN


@pytest.mark.rule("SSO-4", "INV-1")
def test_a_master_admin_made_by_saml_is_invited_to_set_a_password(services, logins, sql):
    change(services, logins, allow_master_admin=True)
    user = logins.enter(role="master_admin").opened.user
    assert sql("select kind from outbox where payload->>'user_id' = %s", user.id) == [("invitation",)]


@pytest.mark.rule("SAM-8")
def test_unknown_groups_are_ignored_or_refuse_the_login(services, logins):
    assert logins.enter(groups=("Nowhere",)).opened
    change(services, logins, unknown_groups=UnknownGroups.REFUSE)
    assert code_of(lambda: logins.enter(groups=("Nowhere",))) is Code.SAML_UNKNOWN_VALUE


@pytest.mark.rule("SSO-3")
@pytest.mark.parametrize("email", [None, "", "no address"])
def test_a_new_person_needs_an_email(services, logins, email):
    assert code_of(lambda: logins.enter(email=email)) is Code.SAML_EMAIL_MISSING


@pytest.mark.rule("IDN-3", "SSO-3")
def test_a_user_of_the_partner_scim_connection_is_found_and_left_as_pushed(services, acme, admin, logins):
    scim = scim_caller_of(acme, services)
    pushed = create_user(scim, NewUser(user_name="dana@acme.example", first_name="Pushed"), services).user
    assert code_of(lambda: logins.enter(first_name="Sent")) is Code.SAML_EMAIL_TAKEN
    update_scim_connection(admin, scim.connection.id, {"saml_connection": logins.connection.id}, services)
    assert logins.enter(first_name="Sent").opened.user.id == pushed.id
    after = show_user(admin, pushed.id, services).user
    assert (after.first_name, after.status) == ("Pushed", Status.ACTIVE)


@pytest.mark.rule("OUT-5")
def test_a_saml_session_ends_at_the_earliest_of_its_ends(services, logins, clock):
    change(services, logins, session_cap=7200)
    assert logins.enter().opened.expires_at == clock.now + timedelta(hours=2)
    sent = clock.now + timedelta(minutes=30)
    entry = logins.post(logins.login("s-1", logins.begin()), session_not_on_or_after=sent)
    assert entry.opened.expires_at == sent


@pytest.mark.rule("TEN-1", "SAM-1")
def test_two_accounts_with_one_identity_provider_keep_their_people_apart(services, logins):
    other = Logins(services, connected(services, saml_account(services, "Other"), provisioning=True))
    mine, theirs = logins.enter("same").opened.user, other.enter("same").opened.user
    assert mine.id != theirs.id
    assert mine.account_id != theirs.account_id
