"""Billing usage, the one list at the top level, and the two calls by which nobody makes an account here."""

import pytest

from provisioning.actions.accounts import set_seats
from provisioning.actions.keys import create_account_key
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from tests.doors.api import ApiClient, done, refusal
from tests.factories import key_caller

SIGN_UPS = {
    "/v1_1/provisioning/agents/accounts": {"email": "a@acme.example", "agent_framework": "x", "agent_goal": "x"},
    "/v1_1/provisioning/clouds": {"delivery_ips": ["requester_ip"]},
}


def usage(api, **query):
    answer = api.get("/billing_usage", **query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.mark.rule("SEAT-1")
def test_the_seats_of_the_present_cycle(api, account, services, environment_id):
    set_seats(operator(account.account.id), 7, services)
    api.user("dana@acme.example")
    (plan,) = usage(api)
    cycle = {"from_day": "2026-11-23", "to_day": "2027-11-22", "usage": 2, "breakdown": {}}
    assert plan == {"plan_name": "enterprise", "metric_usage": [{"metric": "seats", "limit": 7, "cycles": [cycle]}]}
    assert usage(api, year=2026) == [plan]
    assert usage(api, year=2025) == usage(api, year=2027) == []
    (fine,) = usage(api, include_prodenv_breakdown="true")
    (named,) = fine["metric_usage"][0]["cycles"][0]["product_environment_breakdown"]
    assert named == {"cloud_name": done(api.get(f"/sub_accounts/{environment_id}"))["cloud_name"]}


@pytest.mark.rule("SEAT-1", "USR-7", "TEN-4")
def test_a_cycle_that_is_over_shows_who_held_a_seat_at_its_end(api, foreign_api, clock):
    gone, kept = (api.user(f"{name}@acme.example")["id"] for name in ("dana", "abe"))
    foreign_api.user("dana@acme.example")
    clock.advance(days=364, hours=14, minutes=59, seconds=59)
    done(api.delete(f"/users/{gone}"))
    clock.advance(seconds=1)
    done(api.delete(f"/users/{kept}"))
    (over,), (present,) = (plan["metric_usage"][0]["cycles"] for plan in (*usage(api, year=2026), *usage(api)))
    assert (over["from_day"], over["usage"]) == ("2026-11-23", 2)
    assert (present["from_day"], present["usage"]) == ("2027-11-23", 1)


@pytest.mark.rule("AUZ-1", "LIM-3")
def test_it_is_for_those_who_may_see_the_plan_and_reads_years_only(app, account, services, api):
    for role in Role:
        script = ApiClient(app, account.account.id, create_account_key(key_caller(account), "key", role, services))
        status = 200 if role in (Role.MASTER_ADMIN, Role.BILLING) else 403
        assert script.get("/billing_usage").status_code == status
    for year in ("0", "-1", "9999", "x", "9" * 5000, "2026.5"):
        assert refusal(api.get("/billing_usage", year=year)) == (400, "invalid_value")
    assert len(usage(api, year="", include_prodenv_breakdown="")) == 1


@pytest.mark.rule("ACC-2")
def test_nobody_makes_an_account_here_and_everybody_is_told_so(app, account, api, sql):
    before = sql("select count(*) from accounts")
    stranger = ApiClient(app, account.account.id, None)
    for path, body in SIGN_UPS.items():
        for script in (stranger, api):
            for sent in ({"json": body}, {"data": b"{"}, {"data": b"x" * 2_000_000}, {}):
                answer = script.raw("POST", path, **sent)
                assert refusal(answer) == (403, "sign_up_closed")
                error = answer.get_json()["error"]
                assert (error["category"], error["details"]) == ("user_error", {})
                assert "operator" in error["message"]
        assert refusal(stranger.raw("GET", path)) == (400, "method_not_allowed")
    assert sql("select count(*) from accounts") == before
