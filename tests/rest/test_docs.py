"""The page docs/provisioning-api.md: its examples run as they stand, but for the values that are yours."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import cloudinary
import pytest
from cloudinary import provisioning
from cloudinary.api_client import call_account_api

from provisioning.rest.records import SessionAnswer
from tests.doors.api import ACCOUNTS, RULE, done

DOCS = (Path(__file__).parents[2] / "docs" / "provisioning-api.md").read_text()
YOURS = re.compile(r'"(glk_|gls_|)…"')


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.S)


@pytest.fixture
def filled(account, server_url):
    """Put the account's own values into an example."""
    values = {"glk_": account.key.key.id, "gls_": account.key.secret, "": account.account.id}

    def fill(example):
        text = YOURS.sub(lambda found: f'"{values[found[1]]}"', example)
        return text.replace("http://127.0.0.1:8080", server_url)

    return fill


@pytest.fixture
def library():
    """The library's one configuration, as it was before."""
    before = cloudinary.config().upload_prefix
    yield
    call_account_api._http.clear()
    cloudinary.config(upload_prefix=before)
    provisioning.reset_config()


def test_both_libraries_do_what_the_page_shows(filled, library, api, capsys):
    for example in examples("python"):
        exec(compile(filled(example), "docs/provisioning-api.md", "exec"), {})
        (made,) = (user for user in done(api.get("/users"))["users"] if not user["root"])
        assert (made["email"], made["role"]) == ("dana@example.com", "reports")
        assert "dana@example.com" in capsys.readouterr().out
        done(api.delete(f"/users/{made['id']}"))
    assert len(examples("python")) == 2


@pytest.mark.skipif(which("curl") is None, reason="needs the program curl")
def test_curl_does_what_the_page_shows(filled, api, account):
    first, session = examples("sh")
    own = f"ACCOUNT={account.account.id} KEY={account.key.key.id} SECRET={account.key.secret}"
    user_id = api.user("abe@acme.example")["id"]
    script = filled(first).replace("ACCOUNT=… KEY=glk_… SECRET=gls_…", own)
    script = f"set -e\nUSER_ID={user_id} SESSION_ID=none\n{script}{session}".replace("curl ", "curl -sSf ")
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert '"email":"dana@example.com"' in run.stdout
    assert run.stdout.rstrip().endswith('{"active":false}')
    assert len(done(api.get("/users"))["users"]) == 3


def test_the_program_cld_does_what_the_page_shows(filled, account, tmp_path, api):
    (example,) = examples("bash")
    own = {"KEY": account.key.key.id, "SECRET": account.key.secret, "ACCOUNT": account.account.id}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**own, "PATH": path, "CLOUDINARY_HOME": str(tmp_path)}
    made = api.user("dana@acme.example")
    run = subprocess.run(
        ["bash", "-e", "-c", filled(example)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["users"] == [made]


def test_the_table_of_calls_is_complete(app):
    rows = re.findall(r"^\| (`(?:GET|PUT|POST|DELETE).*?) \|", DOCS, re.M)
    told = {
        (method, re.sub(r"{\w+}", "{}", path))
        for row in rows
        for methods, path in re.findall(r"`([A-Z, ]+) (/\S+)`", row)
        for method in methods.split(", ")
    }
    offered = {
        (method, RULE.sub("{}", rule.rule.partition("<account_id>")[2]))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ACCOUNTS)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert told == offered


def test_the_answer_of_the_session_check_is_shown_whole():
    (shown,) = (example for example in examples("json") if '"active"' in example)
    assert all(f'"{name}"' in shown for name in SessionAnswer().fields)
