"""Every call of the API under every role that an account key can have."""

import pytest

from provisioning.actions.keys import create_account_key
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import HOLDERS, Role
from provisioning.guard.require import MARK
from tests.doors.api import ACCOUNTS, RULE, ApiClient, done
from tests.factories import key_caller

NEW = {
    "/users": {"name": "New", "email": "new@acme.example"},
    "/user_groups": {"name": "New"},
    "/sub_accounts": {"name": "New"},
    "/sub_accounts/<environment_id>/access_keys": {"name": "New"},
}
COUNTS = """select (select count(*) from users where inactive_at is null), (select count(*) from groups),
    (select count(*) from environments), (select count(*) from access_keys), (select max(updated_at) from users)"""


@pytest.fixture
def ids(api, environment_id):
    """Ids of real things, so that only the permission can be in the way."""
    user, group = api.user("dana@acme.example"), api.group("Design")
    key = done(api.post(f"/sub_accounts/{environment_id}/access_keys", {"name": "New"}))["api_key"]
    return {"user_id": user["id"], "group_id": group["id"], "environment_id": environment_id, "api_key": key}


def calls(app):
    """Every call of the API: the permission it declares, its method, and its rule below the account."""
    return [
        (Permission(getattr(app.view_functions[rule.endpoint], MARK)), method, rule.rule.partition("<account_id>")[2])
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ACCOUNTS)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


@pytest.mark.rule("AUZ-1", "AUZ-2", "KEY-3", "ROLE-1")
@pytest.mark.parametrize("role", list(Role))
def test_a_key_does_what_its_role_holds_and_nothing_else(app, account, services, role, ids, sql, subtests):
    script = ApiClient(app, account.account.id, create_account_key(key_caller(account), "key", role, services))
    for permission, method, rule in calls(app):
        path = RULE.sub(lambda found: ids[found[1]], rule)
        before = sql(COUNTS)
        answer = script.send(method, path, None if method == "GET" else NEW.get(rule))
        with subtests.test(f"{method} {rule}"):
            if role in HOLDERS[permission]:
                assert answer.status_code != 403 or answer.get_json()["error"]["code"] == "last_environment"
            else:
                assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "not_allowed")
                assert sql(COUNTS) == before
