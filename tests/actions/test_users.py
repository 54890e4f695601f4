"""Users through the actions: who may, what follows, and that nothing is half done."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.accounts import (
    NewAccount,
    create_account,
    set_creative_approval,
    set_seats,
    show_account,
)
from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.groups import NewGroup, add_member, create_group, show_group
from provisioning.actions.users import (
    create_user,
    delete_user,
    disable_user,
    edit_user,
    enable_user,
    show_user,
)
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.roles_legacy import Role
from provisioning.domain.seats import Plan
from provisioning.domain.users import NewUser, Status, UserChanges
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_active, make_user, person


@pytest.mark.rule("USR-1")
@pytest.mark.parametrize("other", ["dana@acme.example", "DANA@Acme.Example", "ｄana@acme.example"])
def test_an_email_is_unique_in_the_account_by_its_key(services, account, neighbour, caller, other):
    make_user(caller, services, "dana@acme.example")
    assert code_of(lambda: make_user(caller, services, other)) is Code.EMAIL_TAKEN
    assert make_user(key_caller(neighbour), services, other).email == other


@pytest.mark.rule("USR-1", "IDN-1")
@pytest.mark.parametrize(
    "email", ["", "dana", "dana@", "@acme.example", "da na@acme.example", "dana@acme", "d\u200bana@acme.example",
              "dana@acme.example\n", "a" * 65 + "@acme.example", "dana@" + "a" * 250 + ".example", "d\0@acme.example"]
)  # fmt: skip
def test_what_is_no_email_is_refused(services, caller, email, sql):
    before = sql("select count(*) from users")
    assert code_of(lambda: make_user(caller, services, email)) is Code.INVALID_VALUE
    assert sql("select count(*) from users") == before


@pytest.mark.rule("USR-1")
def test_of_many_creates_of_one_email_at_once_one_wins(services, caller, sql):
    def attempt(_):
        try:
            return make_user(caller, services, "race@acme.example").id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(16)))
    assert answers.count(Code.EMAIL_TAKEN) == 15
    assert sql("select count(*) from users where email = 'race@acme.example'") == [(1,)]


@pytest.mark.rule("SEAT-1", "SEAT-3")
def test_the_last_seat_taken_by_fifty_at_once_goes_to_one(services, account, caller, sql):
    set_seats(operator(account.account.id), 2, services)

    def attempt(number):
        try:
            return make_user(caller, services, f"user{number}@acme.example").id
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(50)))
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refused) == 49
    assert {refusal.code for refusal in refused} == {Code.SEAT_LIMIT_REACHED}
    assert {(refusal.values["used"], refusal.values["limit"]) for refusal in refused} == {(2, 2)}
    assert show_account(operator(account.account.id), services).seats.used == 2
    # Nothing of the refused is left: no user, no mail, no entry.
    assert sql("select count(*) from users where account_id = %s", account.account.id) == [(2,)]
    assert sql("select count(*) from outbox where kind = 'invitation'") == [(1,)]
    assert sql("select count(*) from activity where kind = 'user.created'") == [(1,)]


@pytest.mark.rule("SEAT-1")
def test_pending_and_disabled_users_hold_a_seat_and_deleted_ones_do_not(services, account, caller):
    user = make_user(caller, services)
    assert show_account(operator(account.account.id), services).seats.used == 2
    disable_user(caller, user.id, services)
    assert show_account(operator(account.account.id), services).seats.used == 2
    delete_user(caller, user.id, services)
    assert show_account(operator(account.account.id), services).seats.used == 1


@pytest.mark.rule("ACC-1", "TEN-3")
def test_users_of_another_account_are_not_found_by_any_verb(services, caller, neighbour):
    foreign = make_user(key_caller(neighbour), services, "eve@neighbour.example")
    for user_id in (foreign.id, neighbour.root.id, "made-up"):
        for verb in (
            lambda: show_user(caller, user_id, services),
            lambda: edit_user(caller, user_id, lambda _: UserChanges(first_name="X"), services),
            lambda: disable_user(caller, user_id, services),
            lambda: delete_user(caller, user_id, services),
        ):
            assert code_of(verb) is Code.NOT_FOUND
    assert show_user(key_caller(neighbour), foreign.id, services).user.first_name == "Dana"


@pytest.mark.rule("USR-3", "AUZ-3")
@pytest.mark.parametrize("above", [Role.MASTER_ADMIN, Role.BILLING])
def test_an_admin_neither_makes_nor_touches_who_stands_above(services, account, caller, above):
    admin = key_caller(account, Role.ADMIN)
    target = make_user(caller, services, "above@acme.example", above)
    plain = make_user(caller, services, "plain@acme.example")
    assert code_of(lambda: make_user(admin, services, "x@acme.example", above)) is Code.ABOVE_OWN_ROLE
    for verb in (
        lambda: edit_user(admin, target.id, lambda _: UserChanges(first_name="X"), services),
        lambda: edit_user(admin, plain.id, lambda _: UserChanges(role=above), services),
        lambda: disable_user(admin, target.id, services),
        lambda: delete_user(admin, target.id, services),
    ):
        assert code_of(verb) is Code.ABOVE_OWN_ROLE
    assert make_user(admin, services, "y@acme.example", Role.TECHNICAL_ADMIN).role is Role.TECHNICAL_ADMIN


@pytest.mark.rule("USR-3", "ROLE-1")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.MASTER_ADMIN, Role.ADMIN}))
def test_other_roles_do_not_manage_users(services, account, role):
    assert code_of(lambda: make_user(key_caller(account, role), services)) is Code.NOT_ALLOWED


@pytest.mark.rule("USR-3")
def test_nobody_deletes_disables_or_demotes_themself(services, caller):
    me = make_user(caller, services, "me@acme.example", Role.MASTER_ADMIN)
    for verb in (
        lambda: delete_user(person(me), me.id, services),
        lambda: disable_user(person(me), me.id, services),
        lambda: edit_user(person(me), me.id, lambda _: UserChanges(role=Role.ADMIN), services),
    ):
        assert code_of(verb) is Code.NOT_ON_ONESELF
    assert show_user(caller, me.id, services).user.role is Role.MASTER_ADMIN


@pytest.mark.rule("USR-5")
def test_disabling_keeps_seat_and_groups_and_enabling_brings_the_user_back(services, account, caller, sql):
    user = make_active(services, sql, make_user(caller, services))
    group = create_group(caller, NewGroup("Design", member_ids=(user.id,)), services).group
    disabled = disable_user(caller, user.id, services)
    assert disabled.user.status is Status.DISABLED
    assert [each.id for each in disabled.groups] == [group.id]
    assert disabled.user.epoch == user.epoch + 1
    assert enable_user(caller, user.id, services).user.status is Status.ACTIVE
    assert show_account(operator(account.account.id), services).seats.used == 2


@pytest.mark.rule("USR-6", "USR-7", "USR-8")
def test_a_deleted_user_stays_deleted_and_the_email_makes_a_new_one(services, caller, sql):
    old = make_user(caller, services, external_id="e-1")
    group = create_group(caller, NewGroup("Design", member_ids=(old.id,)), services).group
    delete_user(caller, old.id, services)
    for verb in (
        lambda: show_user(caller, old.id, services),
        lambda: enable_user(caller, old.id, services),
        lambda: delete_user(caller, old.id, services),
    ):
        assert code_of(verb) is Code.NOT_FOUND
    assert show_group(caller, group.id, services).members == ()
    new = make_user(caller, services)
    assert new.id != old.id
    assert new.external_id is None
    assert show_user(caller, new.id, services).groups == ()
    assert sql("select count(*) from activity where target_id = %s and kind = 'user.deleted'", old.id) == [(1,)]
    assert sql("select inactive_at is not null from users where id = %s", old.id) == [(True,)]


@pytest.mark.rule("ENV-2")
def test_all_environments_are_the_default_and_at_most_thirty_are_chosen(services, caller):
    made = [create_environment(caller, NewEnvironment(name=f"E {n}"), services).environment.id for n in range(31)]
    assert make_user(caller, services, "a@acme.example").all_environments
    limited = make_user(caller, services, "b@acme.example", environment_ids=tuple(made[:30]))
    assert (limited.all_environments, len(limited.environment_ids)) == (False, 30)
    too_many = lambda: make_user(caller, services, "c@acme.example", environment_ids=tuple(made))
    assert code_of(too_many) is Code.ENVIRONMENT_LIMIT
    back = edit_user(caller, limited.id, lambda _: UserChanges(all_environments=True), services).user
    assert (back.all_environments, back.environment_ids) == (True, ())


@pytest.mark.rule("ENV-3")
def test_a_master_admin_has_all_environments_until_the_role_changes(services, account, caller):
    environment = account.environment.environment.id
    chosen = NewUser(email="m@acme.example", role=Role.MASTER_ADMIN, environment_ids=(environment,))
    assert create_user(caller, chosen, services).user.all_environments, "the Provisioning API ignores what is sent"
    root = person(account.root)
    other = NewUser(email="n@acme.example", role=Role.MASTER_ADMIN, environment_ids=(environment,))
    assert code_of(lambda: create_user(root, other, services)) is Code.MASTER_ADMIN_ENVIRONMENTS
    limited = make_user(caller, services, "l@acme.example", environment_ids=(environment,))
    promoted = edit_user(caller, limited.id, lambda _: UserChanges(role=Role.MASTER_ADMIN), services).user
    assert (promoted.all_environments, promoted.environment_ids) == (True, ())


@pytest.mark.rule("ENV-4", "ROLE-1")
def test_a_user_has_one_role_and_the_database_holds_to_it(services, account, caller, sql):
    user = make_user(caller, services)
    assert user.role is Role.MEDIA_LIBRARY_USER
    with pytest.raises(Exception, match="ck_users_role"):
        sql("update users set role = null where id = %s", user.id)


@pytest.mark.rule("TEN-1", "ENV-2")
def test_an_environment_of_another_account_is_not_found(services, caller, neighbour):
    foreign = neighbour.environment.environment.id
    assert code_of(lambda: make_user(caller, services, environment_ids=(foreign,))) is Code.NOT_FOUND
    user = make_user(caller, services)
    edit = lambda _: UserChanges(environment_ids=(foreign,))
    assert code_of(lambda: edit_user(caller, user.id, edit, services)) is Code.NOT_FOUND


@pytest.mark.rule("ACT-2")
def test_a_change_that_changes_nothing_writes_nothing(services, caller, sql):
    user = make_user(caller, services)
    before = sql("select count(*) from activity")
    same = edit_user(caller, user.id, lambda _: UserChanges(first_name="Dana", active=True), services).user
    assert same.version == user.version
    assert sql("select count(*) from activity") == before


@pytest.mark.rule("SCM-5")
def test_a_stale_version_is_refused(services, caller):
    user = make_user(caller, services)
    edit_user(caller, user.id, lambda _: UserChanges(first_name="A"), services, versions=[user.version])
    stale = lambda: edit_user(caller, user.id, lambda _: UserChanges(first_name="B"), services, versions=[user.version])
    assert code_of(stale) is Code.STALE_VERSION


@pytest.mark.rule("ROLE-2")
def test_extra_permissions_are_for_media_library_users_and_go_with_the_role(services, caller):
    extra = frozenset({"moderate_asset"})
    asked = lambda: make_user(caller, services, "a@acme.example", Role.REPORTS, media_library=extra)
    assert code_of(asked) is Code.MEDIA_LIBRARY_PERMISSIONS
    user = make_user(caller, services, "b@acme.example", media_library=extra)
    assert user.media_library == extra
    changed = edit_user(caller, user.id, lambda _: UserChanges(role=Role.REPORTS), services).user
    assert changed.media_library == frozenset()


@pytest.mark.rule("ROLE-2")
def test_proofs_need_an_enterprise_plan_with_creative_approval(services, account, neighbour, caller):
    proof = frozenset({"create_proof"})
    shell = operator(caller.account)
    holder = make_user(caller, services, "a@acme.example", media_library=proof)
    set_creative_approval(shell, False, services)
    plain = make_user(caller, services, "b@acme.example", media_library=frozenset({"share_collection"}))
    give = lambda _: UserChanges(media_library=proof)
    for asked in (
        lambda: make_user(caller, services, "c@acme.example", media_library=proof),
        lambda: edit_user(caller, plain.id, give, services),
    ):
        assert code_of(asked) is Code.CREATIVE_APPROVAL_NEEDED
    both = proof | {"share_collection"}
    kept = edit_user(caller, holder.id, lambda _: UserChanges(media_library=both), services).user
    assert kept.media_library == both, "what somebody has already is not in the way of other changes"
    set_creative_approval(shell, True, services)
    assert edit_user(caller, plain.id, give, services).user.media_library == proof
    small = create_account(operator(""), NewAccount("Small", "r@small.example", Plan.PAID), services)
    asked = lambda: make_user(key_caller(small), services, "c@small.example", media_library=proof)
    assert code_of(asked) is Code.CREATIVE_APPROVAL_NEEDED
    unknown = lambda: make_user(caller, services, "d@acme.example", media_library=frozenset({"fly"}))
    assert code_of(unknown) is Code.INVALID_VALUE


@pytest.mark.rule("GRP-3", "GRP-4")
def test_groups_give_no_role_on_the_legacy_system_and_a_higher_role_is_never_lowered_by_one(services, caller):
    """Groups carry levels on folders and collections; whatever a group is called, roles go to each user."""
    names = [role.value for role in Role]
    groups = [create_group(caller, NewGroup(name), services).group.id for name in names]
    for role in Role:
        user = make_user(caller, services, f"{role}@acme.example", role)
        before = {permission: is_allowed(person(user), permission) for permission in Permission}
        for group in groups:
            add_member(caller, group, user.id, services)
        after = show_user(caller, user.id, services)
        assert {group.name for group in after.groups} == set(names)
        assert {permission: is_allowed(person(after.user), permission) for permission in Permission} == before
