"""LIM-5, LIM-7, AUD-2, OPS: what the service tells its operator, and what it never tells anybody."""

import base64
import io
import json
import random
import re
import string
from dataclasses import replace

import pytest
import structlog
from jinja2 import DictLoader
from prometheus_client import generate_latest
from redis import Redis

from provisioning import metrics
from provisioning.actions.activity import seal_activity
from provisioning.app import create_app
from provisioning.observe import Health, set_up_logs
from provisioning.wiring import services_from
from tests.architecture.sources import modules
from tests.architecture.test_routes import address_of, routes
from tests.factories import PASSWORD, make_active, make_user
from workers import RELAY_KEY

CRLF = "a\r\nb\u2028c\x1b[31m"
# What an answer about a fault must not hold: statements, modules, places of the machine, kinds of exceptions.
DETAIL = re.compile(
    r"select |insert into|psycopg|sqlalchemy|traceback|\.py\b|exception|jinja|werkzeug|/usr/|127\.0\.0\.1:9\b", re.I
)


@pytest.fixture
def log_lines(monkeypatch):
    """The lines of the log since the test began, as they are written."""
    before, out = structlog.get_config(), io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    set_up_logs()
    structlog.configure(cache_logger_on_first_use=False)
    yield lambda: out.getvalue().splitlines()
    structlog.configure(**before)


@pytest.fixture
def valkey(redis_url):
    client = Redis.from_url(redis_url)
    client.delete(RELAY_KEY)
    yield client
    client.delete(RELAY_KEY)
    client.close()


@pytest.mark.rule("OPS-6", "JOB-3")
def test_readiness_tells_the_truth_about_database_redis_relay_worker_and_seals(
    services, settings, caller, valkey, clock
):
    ticks = iter(range(0, 100, 5))
    health = Health(services, valkey, clock=lambda: next(ticks))
    assert health.parts() == {"database": "ok", "redis": "ok", "relay": "not running", "worker": "ok", "seals": "ok"}
    valkey.set(RELAY_KEY, "now", ex=10)
    make_user(caller, services)
    assert health.parts()["relay"] == "ok"
    clock.advance(seconds=31)
    assert health.parts() == {"database": "ok", "redis": "ok", "relay": "behind", "worker": "ok", "seals": "behind"}
    seal_activity(services)
    clock.advance(seconds=90)
    assert (health.parts()["worker"], health.parts()["seals"]) == ("behind", "ok")
    assert Health(services, None).parts() == {"database": "ok", "redis": "not used"}
    gone = services_from(replace(settings, database_url="postgresql://x:y@127.0.0.1:9/none"))
    assert Health(gone, valkey).parts() == {"database": "unreachable", "redis": "ok"}
    answer = create_app(gone, settings, valkey).test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "unreachable")
    gone.database.close()


@pytest.mark.rule("LIM-4")
def test_however_often_readiness_is_asked_the_database_counts_what_is_behind_once_a_second(
    services, valkey, statements
):
    health = Health(services, valkey, clock=lambda: 7.0)
    for _ in range(5):
        health.parts()
    assert len([each for each in statements if "from outbox" in each]) == 2


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


@pytest.fixture
def credentials(account, services, caller, sql, client):
    """Headers that let somebody in at each door."""
    user = make_active(services, sql, make_user(caller, services))
    page = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    client.post("/login", data={"email": user.email, "password": PASSWORD, "csrf_token": token})
    cookie = client.get_cookie("gatelodge_session").value
    return {
        "/scim/": {"Authorization": f"Bearer {account.token.text}"},
        "/v1_1/": basic(account.key.key.id, account.key.secret),
        "": {"Cookie": f"gatelodge_session={cookie}", "Sec-Fetch-Site": "same-origin"},
    }


def headers_for(rule: object, credentials: dict[str, dict[str, str]]) -> dict[str, str]:
    return next(headers for prefix, headers in credentials.items() if str(rule).startswith(prefix))


@pytest.fixture
def without_database(services, settings):
    gone = services_from(replace(settings, database_url="postgresql://x:y@127.0.0.1:9/none"), now=services.now)
    yield create_app(gone, settings)
    gone.database.close()


def without_renderer(app):
    app.jinja_env.loader = DictLoader({})
    for blueprint in app.blueprints.values():
        blueprint.jinja_loader = None
    return app


def without_encoder(app, monkeypatch):
    def broken(*_arguments: object, **_options: object) -> str:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(app.json, "dumps", broken)
    monkeypatch.setattr(json, "dumps", broken)
    return app


@pytest.mark.rule("LIM-7")
@pytest.mark.usefixtures("log_lines")
@pytest.mark.parametrize("broken", ["database", "renderer", "encoder"])
def test_a_part_that_is_broken_is_a_refusal_without_detail_on_every_route_and_lets_nobody_in(
    broken, services, settings, account, credentials, without_database, monkeypatch
):
    made = create_app(services, settings)
    breakers = {
        "database": lambda: without_database,
        "renderer": lambda: without_renderer(made),
        "encoder": lambda: without_encoder(made, monkeypatch),
    }
    app, failed = breakers[broken](), 0
    for rule, method, mark in routes(app):
        address = re.sub("(?<=accounts/)[0-9a-f-]{36}", account.account.id, address_of(rule))
        answer = app.test_client().open(address, method=method, headers=headers_for(rule, credentials), data=b"{}")
        failed += answer.status_code >= 500
        try:
            text = answer.get_data(as_text=True)
        except RuntimeError:
            # A list that is streamed breaks off: its client sees a body without its end, never a whole one.
            assert answer.is_streamed
            continue
        if answer.status_code >= 500 and str(rule) != "/readyz":
            assert not DETAIL.search(text), (broken, method, str(rule), text)
            assert answer.headers["X-Request-Id"] in text or broken == "renderer", (method, str(rule), text)
        if broken == "database" and not mark.startswith("public"):
            sent_away = answer.status_code == 303 and answer.location.startswith("/login")
            assert sent_away or answer.status_code in (400, 401, 403, 404, 413, 415, 503), (method, str(rule), text)
        assert "gatelodge_session" not in answer.headers.get("Set-Cookie", ""), (method, str(rule))
    assert failed > 10, failed


def noise(maker: random.Random, length: int = 12) -> str:
    return "".join(maker.choices(string.ascii_letters + string.digits + "-_.~", k=length))


@pytest.mark.rule("LIM-5")
def test_ten_thousand_random_names_make_no_new_series_and_no_new_log_field(services, settings, account, log_lines):
    app = create_app(services, settings)
    metrics.observe(app)
    client, maker = app.test_client(), random.Random(7)
    ways = (
        lambda name: client.get(f"/{name}", headers={"User-Agent": name, name: name}),
        lambda name: client.get(f"/scim/v2/Users/{name}", headers={"Authorization": f"Bearer {name}"}),
        lambda name: client.open("/healthz", method=name.replace("_", "A").replace("~", "B").replace(".", "C")),
        lambda name: client.get(f"/v1_1/provisioning/accounts/{name}/users?{name}={name}", headers=basic(name, name)),
        lambda name: client.post("/login", data={name: name}, headers={"X-Forwarded-For": name}),
    )

    def seen() -> tuple[int, set[str]]:
        series = [line for line in generate_latest(metrics.REGISTRY).splitlines() if not line.startswith(b"#")]
        fields = {name for line in log_lines() for name in json.loads(line)}
        return len(series), fields

    for number in range(20):
        ways[number % len(ways)](noise(maker))
        if number % len(ways) == 1:
            # From the 101st on, wrong keys are answered 429, which is a series of its own, once.
            for _ in range(101):
                ways[1](noise(maker))
                ways[3](noise(maker))
    before = seen()
    for number in range(10_000):
        ways[number % len(ways)](noise(maker))
    assert seen() == before


@pytest.mark.rule("AUD-2", "LIM-5")
def test_planted_secrets_and_line_breaks_are_in_no_line_of_the_log(
    app, client, services, account, caller, sql, log_lines, credentials
):
    secret = "pl4nted-s3cret"
    token, key = account.token.text, account.key
    planted = {secret, token.split("_")[2], key.secret, PASSWORD, *re.findall(r"=(\S+)", str(credentials[""]))[:1]}
    wrong_token = token[:-1] + ("a" if token[-1] != "a" else "b")
    for headers in ({"Authorization": f"Bearer {wrong_token}"}, {"Authorization": f"Bearer {secret}"},
                    credentials["/scim/"], basic(key.key.id, secret), credentials["/v1_1/"],
                    {"Cookie": f"gatelodge_session={secret}"}, {"User-Agent": "x\u2028" + secret}):  # fmt: skip
        for path in (
            "/scim/v2/Users",
            f"/v1_1/provisioning/accounts/{account.account.id}/users",
            "/users",
            "/link/" + secret,
        ):
            client.get(f"{path}?token={secret}&access_token={secret}&filter={secret}", headers=headers)
            client.post(path, headers=headers, json={"password": secret, "userName": CRLF + secret, "name": CRLF})
    app.view_functions["healthz"] = lambda: 1 / 0 if secret else ""
    assert client.get("/healthz").status_code == 500
    for name, value in (("password", secret), ("api_token", secret), ("SAMLResponse", secret), ("text", CRLF)):
        structlog.get_logger("gatelodge").warning("planted", **{name: value})
    try:
        raise ValueError(secret) from KeyError(secret)
    except ValueError as fault:
        structlog.get_logger("gatelodge").error("planted", exc_info=fault)
    lines = [json.loads(line) for line in log_lines()]
    assert len(lines) > 20
    text = "\n".join(log_lines())
    assert [each for each in planted if each in text] == []
    assert {"timestamp", "level", "event"} <= set.intersection(*(set(line) for line in lines))
    assert lines[-1]["fault"] == "ValueError < KeyError"
    assert any(
        where.endswith("test_planted_secrets_and_line_breaks_are_in_no_line_of_the_log") for where in lines[-1]["where"]
    )
    refused = next(line for line in lines if line["event"] == "request refused")
    assert {"request_id", "refusal", "endpoint", "status", "address"} <= set(refused)


@pytest.mark.rule("AUD-2")
def test_names_and_addresses_of_people_can_be_hidden(capsys):
    before = structlog.get_config()
    set_up_logs(people=False)
    structlog.get_logger("x").info("x", email="dana@acme.example", address="203.0.113.7", name="Dana", number=7)
    structlog.configure(**before)
    line = json.loads(capsys.readouterr().err)
    assert (line["email"], line["address"], line["name"], line["number"]) == ("[hidden]", "[hidden]", "[hidden]", 7)


def test_everything_that_is_measured_has_a_meter():
    from_source = set()
    for module in modules():
        from_source |= set(re.findall(r"\._?measure\(\"(\w+)\"", module.path.read_text(encoding="utf-8")))
    assert from_source | {"due", "owed", "unsealed"} == set(metrics.METERS)
    for name in metrics.METERS:
        metrics.measure(name, 0.5)
    text = generate_latest(metrics.REGISTRY).decode()
    assert 'gatelodge_access_ended_longest_seconds{stage="effective"} 0.5' in text
