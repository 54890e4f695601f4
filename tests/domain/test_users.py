"""USR: status, change sets, login email of a pushed user, names, and what nobody does to themself."""

from datetime import timedelta
from itertools import product

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import (
    LONGEST_NAME_PART,
    NewUser,
    Status,
    UserChanges,
    Verb,
    effective,
    login_email_of,
    require_live,
    require_not_oneself,
    require_text,
    split_name,
    status_of,
)
from tests.domain.people import NOW, a_user, the_root

# USR-9: (inactive, disabled, reset, accepted) -> status; all sixteen.
STATUSES = {
    (False, False, False, False): "pending",
    (False, False, False, True): "active",
    (False, False, True, False): "password_reset_pending",
    (False, False, True, True): "password_reset_pending",
    (False, True, False, False): "disabled",
    (False, True, False, True): "disabled",
    (False, True, True, False): "disabled",
    (False, True, True, True): "disabled",
    (True, False, False, False): "inactive",
    (True, False, False, True): "inactive",
    (True, False, True, False): "inactive",
    (True, False, True, True): "inactive",
    (True, True, False, False): "inactive",
    (True, True, False, True): "inactive",
    (True, True, True, False): "inactive",
    (True, True, True, True): "inactive",
}


@pytest.mark.rule("USR-9")
def test_the_statuses_read_as_people_and_clients_know_them():
    assert list(Status) == ["inactive", "disabled", "password_reset_pending", "pending", "active"]
    assert set(STATUSES) == set(product([False, True], repeat=4))


@pytest.mark.rule("USR-9", "USR-5", "USR-6")
@pytest.mark.parametrize(("holds", "status"), STATUSES.items())
def test_the_first_status_that_holds_is_the_one(holds, status):
    moments = [NOW if each else None for each in holds]
    assert status_of(*moments) == status
    inactive, disabled, reset, accepted = moments
    user = a_user(inactive_at=inactive, disabled_at=disabled, reset_at=reset, accepted_at=accepted)
    assert user.status == status
    assert (user.is_inactive, user.is_disabled) == (holds[0], holds[1])


@pytest.mark.rule("USR-6")
def test_no_work_on_a_deleted_user():
    require_live(a_user(disabled_at=NOW))
    with pytest.raises(Refusal) as refused:
        require_live(a_user(inactive_at=NOW))
    assert refused.value.code is Code.USER_INACTIVE
    assert "Inactive" in refused.value.sentence


@pytest.mark.rule("USR-3")
@pytest.mark.parametrize("verb", [Verb.DELETE, Verb.DISABLE, Verb.CHANGE])
def test_nobody_does_to_themself_what_they_could_not_undo(verb):
    require_not_oneself("user-2", a_user(), verb)
    with pytest.raises(Refusal) as refused:
        require_not_oneself("user-1", a_user(), verb)
    assert refused.value.code is Code.NOT_ON_ONESELF
    assert verb.value in refused.value.sentence


# USR-11: (emails, userName) -> login email.
LOGIN_EMAILS = [
    ([], "dana@acme.example", "dana@acme.example"),
    ([], "dana", None),
    ([], "", None),
    ([], None, None),
    ([{"value": "a@x.example"}], "dana@acme.example", "a@x.example"),
    ([{"value": "a@x.example"}, {"value": "b@x.example"}], None, "a@x.example"),
    ([{"value": "a@x.example"}, {"value": "b@x.example", "type": "work"}], None, "b@x.example"),
    ([{"value": "a@x.example"}, {"value": "b@x.example", "type": "Work"}], None, "b@x.example"),
    (
        [{"value": "a@x.example", "type": "work"}, {"value": "b@x.example", "primary": True}],
        None,
        "b@x.example",
    ),
    ([{"value": "a@x.example", "primary": "true"}, {"value": "b@x.example", "type": "work"}], None, "b@x.example"),
    ([{"value": "", "primary": True}, {"value": "b@x.example"}], None, "b@x.example"),
    ([{"value": 5, "primary": True}, {"value": "b@x.example"}], None, "b@x.example"),
    ([{"primary": True}], "dana@acme.example", "dana@acme.example"),
    ([{"value": "a@x.example", "type": None}], None, "a@x.example"),
]


@pytest.mark.rule("USR-11")
@pytest.mark.parametrize(("emails", "user_name", "login"), LOGIN_EMAILS)
def test_the_login_email_is_primary_else_work_else_first_else_an_address_as_user_name(emails, user_name, login):
    assert login_email_of(emails, user_name) == login


@pytest.mark.rule("USR-2")
@pytest.mark.parametrize(
    ("name", "parts"),
    [("Dana Roe", ("Dana", "Roe")), ("Dana", ("Dana", "")), ("Ana María de la Cruz", ("Ana María de la", "Cruz")),
     ("  Dana  Roe ", ("Dana", "Roe")), ("", ("", "")), ("   ", ("", ""))],
)  # fmt: skip
def test_a_lone_name_is_split_at_its_last_blank(name, parts):
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"display_name": "D. Roe"}, "D. Roe"),
        ({}, "Dana Roe"),
        ({"last_name": ""}, "Dana"),
        ({"first_name": ""}, "Roe"),
        ({"first_name": "", "last_name": ""}, "dana@acme.example"),
        ({"first_name": "", "last_name": "", "email": None, "user_name": "dana"}, "dana"),
    ],
)
def test_the_name_to_show_is_the_best_known_one(fields, shown):
    assert a_user(**fields).name == shown


@pytest.mark.rule("USR-5", "ACT-2")
@pytest.mark.parametrize(
    ("asked", "real"),
    [
        ({}, {}),
        ({"first_name": "Dana"}, {}),
        ({"first_name": "Ana"}, {"first_name": "Ana"}),
        ({"first_name": "Ana", "last_name": "Roe"}, {"first_name": "Ana"}),
        ({"active": True}, {}),
        ({"active": False}, {"active": False}),
        ({"external_id": None}, {}),
        ({"media_library": frozenset()}, {}),
        ({"role": Role.ADMIN}, {"role": Role.ADMIN}),
        ({"attributes": {}}, {}),
    ],
)
def test_only_what_really_changes_is_a_change(asked, real):
    assert effective(a_user(), UserChanges(**asked)) == real


@pytest.mark.rule("USR-5")
def test_active_means_not_disabled_both_ways():
    disabled = a_user(disabled_at=NOW - timedelta(days=1))
    assert effective(disabled, UserChanges(active=False)) == {}
    assert effective(disabled, UserChanges(active=True)) == {"active": True}


@pytest.mark.rule("IDN-1", "LIM-3")
def test_names_of_people_are_kept_as_given_but_for_nul_halves_of_characters_and_length():
    for kept in ("", "R&D <b>", "Zoë\u200d", "\u202eDana", "名前", "a" * LONGEST_NAME_PART):
        require_text("first_name", kept)
    for refused_text in ("Da\0na", "Da\ud800na", "\udfff", "a" * (LONGEST_NAME_PART + 1)):
        with pytest.raises(Refusal) as refused:
            require_text("first_name", refused_text)
        assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "first_name")
    require_text("title", "a" * 300, longest=300)


@pytest.mark.rule("USR-1", "USR-7")
def test_a_new_user_starts_with_nothing_of_anybody():
    new = NewUser(email="dana@acme.example")
    assert (new.external_id, new.role, new.group_ids, new.environment_ids) == (None, None, (), None)
    assert (new.media_library, new.attributes, new.active) == (frozenset(), {}, True)
    assert NewUser().attributes is not NewUser().attributes


@pytest.mark.rule("USR-9", "ROOT-5")
def test_the_root_user_reads_as_one_also_in_its_value():
    assert the_root().is_root
    assert not a_user(role=Role.MASTER_ADMIN).is_root


def test_the_rendered_document_is_neither_compared_nor_shown():
    assert a_user(document="{}") == a_user(document='{"a": 1}')
    assert "document" not in repr(a_user(document="secret"))
