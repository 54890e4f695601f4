"""Provisioning and first login meet in one person, in every order and by every key (IDN-3, USR-11, SSO-5)."""

import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest

from provisioning.actions.scim_connections import create_scim_connection, update_scim_connection
from provisioning.actions.scim_tokens import create_scim_token, find_scim_caller
from provisioning.actions.users import create_user, edit_user, show_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.users import NewUser, UserChanges
from tests.actions.refusals import refused
from tests.actions.saml_world import Logins, connected, saml_account
from tests.factories import make_user, report_of, scim_caller_of

EMAIL = "dana@acme.example"
WORK = {"emails": [{"value": EMAIL, "type": "work", "primary": True}]}
# What joins -> what SCIM pushes; the login is always that of subject `s-1` with the email above.
KEYS = {
    "externalId": NewUser(user_name="d.roe", external_id="s-1"),
    "userName is the subject": NewUser(user_name="s-1", external_id="x-9"),
    "userName is the email": NewUser(user_name="Dana@ACME.example", attributes={"emails": [{"value": "d@b.example"}]}),
    "email": NewUser(user_name="d.roe", external_id="x-9", attributes=WORK),
}


@pytest.fixture
def acme(services):
    return saml_account(services, "Acme")


@pytest.fixture
def admin(acme):
    return operator(acme.account.id)


@pytest.fixture
def logins(services, acme) -> Logins:
    return Logins(services, connected(services, acme, provisioning=True))


@pytest.fixture
def pusher(services, acme, admin, logins):
    """The token of the SCIM connection whose partner is the SAML connection."""
    saml = {"saml_connection": logins.connection.id}
    update_scim_connection(admin, scim_caller_of(acme, services).connection.id, saml, services)
    return scim_caller_of(acme, services)


@pytest.fixture
def people(sql, acme):
    """How many users the account has besides the root user."""
    return lambda: sql("select count(*) from users where account_id = %s and not is_root", acme.account.id)[0][0]


def entered(logins, subject="s-1", **profile):
    return logins.enter(subject, **profile).opened.user.id


@pytest.mark.rule("USR-11", "SSO-5", "IDN-3", "IDN-2")
@pytest.mark.parametrize("key", KEYS)
def test_who_is_pushed_first_is_found_at_every_login_and_left_as_pushed(services, admin, logins, pusher, people, key):
    pushed = create_user(pusher, KEYS[key], services).user
    for _ in range(2):
        assert entered(logins, first_name="From", last_name="Saml") == pushed.id
    after = show_user(admin, pushed.id, services).user
    assert (after.first_name, after.user_name, after.email) == ("", pushed.user_name, pushed.email)
    assert after.connection_id == pusher.connection.id
    assert people() == 1
    linked = report_of(admin, services, kind="user.linked")
    assert [entry.target_id for entry in linked] == [pushed.id]


@pytest.mark.rule("USR-11", "SSO-5", "IDN-3", "SCM-5")
@pytest.mark.parametrize("key", KEYS)
def test_who_logs_in_first_is_found_when_pushed_and_never_made_twice(services, admin, logins, pusher, people, sql, key):
    first = entered(logins, first_name="From", last_name="Saml")
    command, joins = KEYS[key], key in ("externalId", "userName is the subject")
    if joins:
        assert create_user(pusher, command, services).user.id == first
    else:
        before = show_user(admin, first, services).user
        with refused(Code.USER_NAME_TAKEN if key == "userName is the email" else Code.EMAIL_TAKEN):
            create_user(pusher, command, services)
        assert show_user(admin, first, services).user == before
        # The provider looks for the person by name or address, and then pushes what it knows.
        edit_user(pusher, first, lambda _: UserChanges(user_name=command.user_name, first_name=""), services)
    after = show_user(admin, first, services).user
    assert (after.connection_id, after.user_name) == (pusher.connection.id, command.user_name)
    assert people() == 1
    assert entered(logins, first_name="Again") == first
    assert show_user(admin, first, services).user.first_name == ""
    with pytest.raises(Refusal) as again:
        create_user(pusher, command, services)
    assert again.value.code in (Code.USER_NAME_TAKEN, Code.EXTERNAL_ID_TAKEN, Code.EMAIL_TAKEN)
    assert sql("select count(*) from outbox where kind = 'taken_over'") == [(1,)]
    taken = report_of(admin, services, kind="user.taken_over")
    assert [entry.target_id for entry in taken] == [first]


@pytest.mark.rule("IDN-3", "SCM-5", "SSO-5")
def test_a_create_that_joins_enables_nobody_and_opens_no_environment(services, admin, logins, pusher):
    first = entered(logins)
    edit_user(admin, first, lambda _: UserChanges(active=False, environment_ids=()), services)
    joined = create_user(pusher, KEYS["externalId"], services).user
    assert joined.id == first
    assert joined.is_disabled
    assert not joined.all_environments
    with refused(Code.USER_DISABLED):
        logins.enter()


@pytest.mark.rule("IDN-2", "IDN-3")
def test_without_a_partner_nobody_is_joined_by_a_subject(services, acme, logins, people):
    stranger = scim_caller_of(acme, services)
    first = entered(logins)
    made = create_user(stranger, KEYS["externalId"], services).user
    assert made.id != first
    assert people() == 2
    create_user(stranger, NewUser(user_name="eve", external_id="s-2", attributes={"emails": [{"value": "e@x.y"}]}),
                services)  # fmt: skip
    with refused(Code.SAML_EMAIL_TAKEN):
        logins.enter("s-2", email="e@x.y")
    with refused(Code.USER_NOT_MANAGED):
        edit_user(stranger, first, lambda _: UserChanges(first_name="Eve"), services)


@pytest.mark.rule("IDN-3")
def test_a_name_or_an_address_joins_once_and_an_external_id_with_every_subject(services, admin, logins, pusher, people):
    pushed = create_user(pusher, KEYS["email"], services).user
    assert entered(logins, "s-1") == pushed.id
    with refused(Code.SAML_EMAIL_TAKEN):
        logins.enter("s-2")
    edit_user(pusher, pushed.id, lambda _: UserChanges(external_id="s-3"), services)
    assert entered(logins, "s-3") == pushed.id
    assert people() == 1


@pytest.mark.rule("IDN-3", "SCM-4")
def test_a_pushed_person_who_became_a_master_admin_is_joined_only_where_the_connection_may(
    services, admin, acme, pusher, logins
):
    pushed = create_user(pusher, KEYS["externalId"], services).user
    edit_user(admin, pushed.id, lambda _: UserChanges(role=Role.MASTER_ADMIN), services)
    with refused(Code.SAML_EMAIL_TAKEN):
        logins.enter()
    boss = make_user(admin, services, "boss@acme.example", Role.MASTER_ADMIN)
    with refused(Code.SAML_EMAIL_TAKEN):
        logins.enter("s-9", email=boss.email)


@pytest.mark.rule("IDN-3", "ROOT-6", "SCM-4", "SCM-1")
def test_nobody_is_taken_over_whom_another_provider_knows_or_who_is_protected(services, acme, admin, people):
    allowed = {"provisioning": True, "email_domains": ("acme.example",), "allow_root": True, "allow_master_admin": True}
    logins = Logins(services, connected(services, acme, **allowed))
    ours = {"email_domains": ("acme.example",)}
    update_scim_connection(admin, scim_caller_of(acme, services).connection.id, ours, services)
    pusher = scim_caller_of(acme, services)
    known = entered(logins)
    with refused(Code.USER_NOT_MANAGED):
        edit_user(pusher, known, lambda _: UserChanges(first_name="Eve"), services)
    update_scim_connection(admin, pusher.connection.id, {"saml_connection": logins.connection.id}, services)
    pusher = scim_caller_of(acme, services)
    assert edit_user(pusher, known, lambda _: UserChanges(first_name="Dee"), services).user.connection_id
    assert entered(logins, "root-subject", email="root@acme.example") == acme.root.id
    with refused(Code.ROOT_USER_PROTECTED):
        create_user(pusher, NewUser(user_name="r", external_id="root-subject"), services)
    boss = make_user(admin, services, "boss@acme.example", Role.MASTER_ADMIN)
    assert entered(logins, "boss-subject", email="boss@acme.example") == boss.id
    with refused(Code.ABOVE_OWN_ROLE):
        create_user(pusher, NewUser(user_name="b", external_id="boss-subject"), services)
    assert people() == 2


@pytest.mark.rule("SCM-1", "SCM-2", "IDN-3")
def test_of_two_connections_that_push_one_person_the_first_holds_it(services, admin, acme, people):
    asked = ScimConnection(id="", account_id="", name="Second", email_domains=("acme.example",))
    create_scim_connection(admin, asked, services)
    second = find_scim_caller(create_scim_token(admin, "Second", services).text, None, services)
    first = scim_caller_of(acme, services)
    made = create_user(first, KEYS["email"], services).user
    with refused(Code.EMAIL_TAKEN):
        create_user(second, NewUser(user_name="other", external_id="x-9", attributes=WORK), services)
    with refused(Code.USER_NAME_TAKEN):
        create_user(second, NewUser(user_name="D.ROE"), services)
    with refused(Code.USER_NOT_MANAGED):
        edit_user(second, made.id, lambda _: UserChanges(first_name="Eve"), services)
    assert create_user(second, NewUser(user_name="else", external_id="x-9"), services).user.id != made.id
    console = make_user(admin, services, "cy@acme.example")
    with refused(Code.USER_NOT_MANAGED):
        edit_user(first, console.id, lambda _: UserChanges(first_name="Eve"), services)
    assert edit_user(second, console.id, lambda _: UserChanges(first_name="Cy"), services).user.connection_id
    with refused(Code.USER_NOT_MANAGED):
        edit_user(first, console.id, lambda _: UserChanges(first_name="Eve"), services)
    assert people() == 3


@pytest.mark.rule("USR-11", "SSO-5", "SCM-5")
@pytest.mark.parametrize("key", ["externalId", "email"])
def test_a_push_and_a_first_login_at_the_same_moment_make_one_person(services, admin, logins, pusher, people, key):
    for number in range(6):
        subject, email = f"t-{number}", f"t{number}@acme.example"
        by_email = {"emails": [{"value": email}]} if key == "email" else {}
        external_id = subject if key == "externalId" else None
        command = NewUser(user_name=f"t.{number}", external_id=external_id, attributes=by_email)
        login, outcome = logins.login(subject, logins.begin(), email=email), SimpleNamespace(user=None)
        barrier = threading.Barrier(2)

        def push(command=command, barrier=barrier):
            barrier.wait()
            with suppress(Refusal):
                create_user(pusher, command, services)

        def enter(login=login, barrier=barrier, outcome=outcome):
            barrier.wait()
            outcome.user = logins.post(login).opened.user.id

        threads = [threading.Thread(target=push), threading.Thread(target=enter)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcome.user is not None
        assert people() == number + 1
