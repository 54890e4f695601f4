"""Users through the Provisioning API: record, create, change, delete, and their groups and product environments."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.accounts import set_seats
from provisioning.actions.keys import create_account_key
from provisioning.actions.users import create_user, delete_user
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser
from tests.doors.api import ApiClient, done, refusal
from tests.factories import key_caller, make_active, make_user

MEMBERS_IN_ORDER = [
    "id", "name", "first_name", "last_name", "role", "email", "pending", "enabled", "status", "root", "created_at",
    "updated_at", "last_login", "all_sub_accounts", "groups", "group_count", "email_preferences", "providers",
    "account_id",
]  # fmt: skip


def root_of(api):
    return next(user for user in done(api.get("/users"))["users"] if user["root"])


@pytest.mark.rule("USR-1", "USR-9")
def test_a_new_user_is_shown_whole_pending_and_with_access_to_all(api, account):
    made = api.user("dana@acme.example", "Dana van Roe", role="admin")
    assert list(made) == MEMBERS_IN_ORDER
    assert made == done(api.get(f"/users/{made['id']}"))
    assert (made["first_name"], made["last_name"], made["name"]) == ("Dana van", "Roe", "Dana van Roe")
    assert (made["role"], made["status"], made["pending"], made["enabled"]) == ("admin", "pending", True, True)
    assert (made["all_sub_accounts"], made["root"], made["last_login"]) == (True, False, None)
    assert made["created_at"] == made["updated_at"] == "2026-11-23T09:00:00Z"
    assert made["account_id"] == account.account.id


def test_the_role_of_a_new_user_is_media_library_user_unless_given(api):
    assert api.user("dana@acme.example")["role"] == "media_library_user"


@pytest.mark.parametrize(
    "name", ["Dana", "Dana Roe", "Dana  van  Roe", " Dana Roe ", "Dàna Röe", "達奈 羅", "د‌انا", '<b>Dana</b> & "Roe"']
)
def test_a_name_reads_back_exactly_as_it_was_sent(api, name):
    made = api.user("dana@acme.example", name)
    assert made["name"] == name
    assert done(api.put(f"/users/{made['id']}", {"name": f"{name}x"}))["name"] == f"{name}x"


def test_first_and_last_name_stand_for_a_name_and_win_over_its_halves(api):
    made = done(api.post("/users", {"first_name": "Dana", "last_name": "Roe", "email": "a@acme.example"}))
    assert (made["name"], made["first_name"], made["last_name"]) == ("Dana Roe", "Dana", "Roe")
    shown = api.user("b@acme.example", "Dr. Roe", first_name="Dana", last_name="Roe")
    assert (shown["name"], shown["first_name"], shown["last_name"]) == ("Dr. Roe", "Dana", "Roe")
    renamed = done(api.put(f"/users/{made['id']}", {"last_name": "Doe"}))
    assert (renamed["name"], renamed["last_name"]) == ("Dana Doe", "Doe")
    assert done(api.put(f"/users/{shown['id']}", {"name": "Prof. Roe"}))["name"] == "Prof. Roe"


@pytest.mark.parametrize("missing", ["name", "email"])
def test_a_user_without_name_or_email_is_refused(api, missing, sql):
    before = sql("select count(*) from users")
    members = {"name": "Dana Roe", "email": "dana@acme.example"}
    del members[missing]
    answer = api.post("/users", members)
    assert refusal(answer) == (400, "invalid_value")
    assert answer.get_json()["error"]["message"] == f"{missing} is missing."
    assert sql("select count(*) from users") == before


@pytest.mark.rule("USR-1", "TEN-4")
def test_a_taken_email_is_a_409_in_the_account_and_free_in_another(api, foreign_api):
    api.user("dana@acme.example")
    again = api.post("/users", {"name": "Other", "email": "DANA@acme.example"})
    assert refusal(again)[0] == 409
    assert refusal(again)[1] in ("email_taken", "user_name_taken")
    assert foreign_api.user("dana@acme.example")["email"] == "dana@acme.example"


@pytest.mark.rule("SEAT-3")
def test_at_the_limit_a_user_is_refused_with_used_and_limit(api, account, services, sql):
    set_seats(operator(account.account.id), 2, services)
    api.user("a@acme.example")
    answer = api.post("/users", {"name": "B", "email": "b@acme.example"})
    assert answer.status_code == 403
    assert answer.get_json() == {
        "error": {
            "message": "The user limit is reached: 2 of 2 seats are used.",
            "code": "seat_limit_reached",
            "used": 2,
            "limit": 2,
        }
    }
    assert sql("select count(*) from users where email = 'b@acme.example'") == [(0,)]


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize("choice", [None, False, "true"])
def test_without_saml_login_every_new_user_is_invited_whatever_was_chosen(api, sql, choice):
    members = {} if choice is None else {"send_invitation": choice}
    made = api.user("dana@acme.example", **members)
    found = sql("select kind from outbox where payload->>'user_id' = %s and kind <> 'user.created'", made["id"])
    assert found == [("invitation",)]


@pytest.mark.rule("ENV-2")
def test_chosen_product_environments_are_one_text_with_commas(api):
    first, second = api.environment("One")["id"], api.environment("Two")["id"]
    made = api.user("dana@acme.example", sub_account_ids=[first, second])
    assert not made["all_sub_accounts"]
    assert set(made["sub_account_ids"].split(",")) == {first, second}
    assert made["sub_account_count"] == 2
    found = done(api.get(f"/users/{made['id']}/sub_accounts"))["sub_accounts"]
    assert [(each["id"], each["name"], each["enabled"]) for each in found] == [
        (first, "One", True),
        (second, "Two", True),
    ]
    changed = done(api.put(f"/users/{made['id']}", {"sub_account_ids": second}))
    assert changed["sub_account_ids"] == second
    opened = done(api.put(f"/users/{made['id']}", {"all_sub_accounts": True}))
    assert opened["all_sub_accounts"]
    assert "sub_account_ids" not in opened


@pytest.mark.rule("ENV-2")
def test_an_empty_choice_means_all_on_create_and_is_refused_on_update(api):
    made = api.user("dana@acme.example", sub_account_ids=[])
    assert made["all_sub_accounts"]
    answer = api.put(f"/users/{made['id']}", {"sub_account_ids": []})
    assert refusal(answer) == (400, "invalid_value")
    assert "all_sub_accounts" in answer.get_json()["error"]["message"]
    assert refusal(api.put(f"/users/{made['id']}", {"all_sub_accounts": False})) == (400, "invalid_value")
    chosen = api.environment("One")["id"]
    both = {"all_sub_accounts": True, "sub_account_ids": [chosen]}
    assert refusal(api.put(f"/users/{made['id']}", both)) == (400, "invalid_value")
    assert refusal(api.post("/users", {"name": "B", "email": "b@acme.example", **both})) == (400, "invalid_value")


@pytest.mark.rule("ENV-2")
def test_thirty_one_chosen_product_environments_are_refused(api):
    ids = [api.environment(f"E{number}")["id"] for number in range(31)]
    made = api.user("dana@acme.example", sub_account_ids=ids[:30])
    assert made["sub_account_count"] == 30
    assert refusal(api.put(f"/users/{made['id']}", {"sub_account_ids": ids})) == (400, "environment_limit")


@pytest.mark.rule("ENV-3")
def test_product_environments_sent_for_a_master_admin_are_ignored(api):
    chosen = api.environment("One")["id"]
    made = api.user("dana@acme.example", role="master_admin", sub_account_ids=[chosen])
    assert made["all_sub_accounts"]
    assert done(api.put(f"/users/{made['id']}", {"sub_account_ids": [chosen]}))["all_sub_accounts"]


@pytest.mark.rule("USR-4")
def test_a_change_changes_what_is_sent_and_nothing_else(api, clock):
    made = api.user("dana@acme.example")
    clock.advance(minutes=1)
    changed = done(api.put(f"/users/{made['id']}", {"email": "roe@acme.example", "role": "reports"}))
    assert made.pop("media_library_permissions") == []
    assert changed == made | {"email": "roe@acme.example", "role": "reports", "updated_at": "2026-11-23T09:01:00Z"}
    clock.advance(minutes=1)
    assert done(api.put(f"/users/{made['id']}", {})) == changed
    same = {name: changed[name] for name in ("name", "email", "role", "enabled", "all_sub_accounts")}
    assert done(api.put(f"/users/{made['id']}", same)) == changed


@pytest.mark.rule("USR-5")
def test_enabled_is_read_as_boolean_and_as_text(api):
    made = api.user("dana@acme.example", enabled="false")
    assert (made["enabled"], made["status"], made["pending"]) == (False, "disabled", True)
    assert done(api.put(f"/users/{made['id']}", {"enabled": "true"}))["enabled"]
    assert not done(api.put(f"/users/{made['id']}", {"enabled": False}))["enabled"]


@pytest.mark.rule("ROOT-2", "ROOT-3", "ROOT-5", "ROOT-6")
def test_the_root_user_is_shown_as_master_admin_and_nothing_of_it_changes(api):
    root = root_of(api)
    assert (root["role"], root["root"], root["all_sub_accounts"]) == ("master_admin", True, True)
    path = f"/users/{root['id']}"
    for change in ({"name": "X Y"}, {"email": "x@acme.example"}, {"role": "admin"}, {"enabled": False},
                   {"sub_account_ids": ["x"]}):  # fmt: skip
        assert refusal(api.put(path, change)) == (403, "root_user_protected"), change
    assert refusal(api.delete(path)) == (403, "root_user_protected")
    repeated = {name: root[name] for name in ("name", "email", "role", "enabled", "all_sub_accounts")}
    assert done(api.put(path, repeated)) == root


@pytest.mark.rule("USR-6", "USR-7")
def test_a_deleted_user_is_gone_from_every_call_and_its_email_is_free(api):
    made = api.user("dana@acme.example")
    assert done(api.delete(f"/users/{made['id']}")) == {"message": "ok"}
    for method, path, body in (("GET", "", None), ("PUT", "", {"enabled": True}), ("DELETE", "", None),
                               ("GET", "/groups", None), ("GET", "/sub_accounts", None),
                               ("POST", "/force_logout", None), ("POST", "/invitation", None)):  # fmt: skip
        assert refusal(api.send(method, f"/users/{made['id']}{path}", body)) == (404, "not_found")
    assert done(api.get("/users", ids=made["id"])) == {"users": []}
    assert api.user("dana@acme.example")["id"] != made["id"]


@pytest.mark.rule("GRP-2")
def test_the_groups_of_a_user_are_shown_with_it_and_by_a_call(api):
    made = api.user("dana@acme.example")
    groups = [api.group(name, made["id"]) for name in ("Design", "Print")]
    shown = done(api.get(f"/users/{made['id']}"))
    assert shown["groups"] == groups
    assert shown["group_count"] == 2
    assert done(api.get(f"/users/{made['id']}/groups")) == {"groups": groups}


@pytest.mark.rule("USR-3")
def test_an_admins_key_neither_makes_nor_touches_a_master_admin(app, services, account, api):
    lesser = create_account_key(key_caller(account), "lesser", Role.ADMIN, services)
    admin = ApiClient(app, account.account.id, lesser)
    master = api.user("m@acme.example", role="master_admin")
    assert refusal(admin.post("/users", {"name": "X", "email": "x@acme.example", "role": "master_admin"})) == (
        403, "above_own_role")  # fmt: skip
    for method, path, body in (("PUT", "", {"name": "Other"}), ("DELETE", "", None), ("POST", "/force_logout", None)):
        assert refusal(admin.send(method, f"/users/{master['id']}{path}", body)) == (403, "above_own_role")
    plain = admin.user("p@acme.example")
    assert refusal(admin.put(f"/users/{plain['id']}", {"role": "master_admin"})) == (403, "above_own_role")


def test_an_active_user_is_shown_with_its_last_login_and_provider(api, services, caller, sql):
    user = make_active(services, sql, make_user(caller, services))
    sql("update users set last_login_at = '2026-11-01 10:00:00.5+00' where id = %s", user.id)
    shown = done(api.get(f"/users/{user.id}"))
    assert (shown["status"], shown["pending"], shown["providers"]) == ("active", False, ["password"])
    assert shown["last_login"] == "2026-11-01T10:00:00Z"


def test_a_user_without_an_email_is_shown_with_null(api, scim, services):
    pushed = create_user(scim, NewUser(user_name="dana", first_name="Dana"), services).user
    shown = done(api.get(f"/users/{pushed.id}"))
    assert (shown["email"], shown["name"], shown["providers"]) == (None, "Dana", ["scim"])
    assert not any(user["id"] == pushed.id for user in done(api.get("/users", emails="dana"))["users"])


def test_deleting_a_user_twice_is_not_found_the_second_time(api, services, caller):
    made = api.user("dana@acme.example")
    delete_user(caller, made["id"], services)
    assert refusal(api.delete(f"/users/{made['id']}")) == (404, "not_found")


@pytest.mark.rule("USR-1", "SEAT-3")
def test_of_many_creates_at_once_one_gets_the_email_and_none_more_than_a_seat(app, account, services, sql):
    set_seats(operator(account.account.id), 4, services)

    def create(number):
        script = ApiClient(app, account.account.id, account.key)
        answers = [
            script.post("/users", {"name": "Dana", "email": email})
            for email in ("dana@acme.example", f"u{number}@acme.example")
        ]
        return [answer.status_code for answer in answers]

    with ThreadPoolExecutor(6) as pool:
        statuses = [status for answered in pool.map(create, range(12)) for status in answered]
    assert statuses.count(200) == 3
    assert set(statuses) == {200, 403, 409}
    assert sql("select count(*) from users where email = 'dana@acme.example'") == [(1,)]
