"""Every call of the API under every role that an account key can have."""

import pytest

from provisioning.actions.keys import create_account_key
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import HOLDERS, Role
from provisioning.guard.require import MARK
from tests.doors.api import ACCOUNTS, ApiClient
from tests.factories import key_caller
from tests.rest.things import body_of, path_of, things_of

# What those who hold the permission may still be told.
BESIDE_THE_ROLE = {"last_environment", "root_user_only"}
COUNTS = """select (select count(*) from users where inactive_at is null), (select count(*) from groups),
    (select count(*) from environments), (select count(*) from access_keys), (select max(updated_at) from users)"""


def declared(app):
    """Every call of the API: the permission it declares, its method, and its rule below the account."""
    return [
        (Permission(getattr(app.view_functions[rule.endpoint], MARK)), method, rule.rule.partition("<account_id>")[2])
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ACCOUNTS)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


@pytest.mark.rule("AUZ-1", "AUZ-2", "KEY-3", "ROLE-1")
@pytest.mark.parametrize("role", list(Role))
def test_a_key_does_what_its_role_holds_and_nothing_else(app, account, services, role, api, sql, subtests):
    script = ApiClient(app, account.account.id, create_account_key(key_caller(account), "key", role, services))
    ids = things_of(api, account, services)
    for permission, method, rule in declared(app):
        before = sql(COUNTS)
        answer = script.send(method, path_of(rule, ids), body_of(api, rule, method))
        with subtests.test(f"{method} {rule}"):
            if role in HOLDERS[permission]:
                assert answer.status_code != 403 or answer.get_json()["error"]["code"] in BESIDE_THE_ROLE
            else:
                assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "not_allowed")
                assert sql(COUNTS) == before
