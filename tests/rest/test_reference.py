"""The OpenAPI document and the page made of it: valid, complete, and readable under the strict policy."""

import json
import re
from html.parser import HTMLParser
from http import HTTPStatus
from itertools import pairwise

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.shortcuts import validate

from provisioning.domain.errors import Code
from provisioning.domain.permissions import Permission
from provisioning.guard.require import MARK
from tests.doors.api import FORMATS, RULE

# Elements that have no end.
VOID = {"meta", "link", "br"}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").get_json()


@pytest.fixture
def page(client):
    return client.get("/docs/api")


def operations(document):
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }


def routes(app):
    return {
        (method, RULE.sub(r"{\1}", rule.rule)): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/v1_1/", "/session/"))
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_every_documented_call_exists_and_every_call_is_documented(app, document):
    assert operations(document).keys() == routes(app).keys()


@pytest.mark.rule("AUZ-1")
def test_every_call_says_which_permission_it_declares(app, document):
    views = routes(app)
    for call, operation in operations(document).items():
        if "x-permission" in operation:
            assert Permission(operation["x-permission"]) == getattr(views[call], MARK)
        else:
            assert getattr(views[call], MARK).startswith("public: ")
            assert operation["security"] in ([], [{"accountKey": []}, {"consoleSession": []}])


def test_every_call_is_explained_and_has_a_name_of_its_own(document):
    every = list(operations(document).values())
    assert all(operation["summary"].endswith(".") and operation["tags"] for operation in every)
    assert len({operation["operationId"] for operation in every}) == len(every)
    assert {tag["name"] for tag in document["tags"]} == {operation["tags"][0] for operation in every}
    assert all(tag["description"] for tag in document["tags"])


def test_errors_are_described_as_they_are_answered(document):
    errors = document["components"]["responses"]
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            if status != "200":
                assert answer == {"$ref": f"#/components/responses/{HTTPStatus(int(status)).name}"}
    assert all(
        each["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}
        for each in errors.values()
    )
    fault = document["components"]["schemas"]["Fault"]
    assert set(fault["required"]) == {"message", "code"}


def test_a_success_is_an_object_without_a_member_named_error_but_for_billing_usage(document):
    """pycloudinary updates a mapping with every answer, and takes `error` at any status for a refusal."""
    lists = set()
    for call, operation in operations(document).items():
        schema = operation["responses"].get("200", {"content": {"application/json": {"schema": {}}}})
        schema = schema["content"]["application/json"]["schema"]
        name = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
        assert "error" not in document["components"]["schemas"].get(name, {}).get("properties", {})
        lists |= {call[1].rpartition("/")[2]} if schema.get("type") == "array" else set()
    assert lists == {"billing_usage"}


def test_every_body_answer_and_parameter_has_an_example_that_fits_its_schema(document):
    for call, operation in operations(document).items():
        bodies = [operation.get("requestBody", {}), operation["responses"].get("200", {})]
        shown = [each["content"]["application/json"] for each in bodies if each]
        shown += [each for each in operation.get("parameters", ()) if each["in"] == "query"]
        for each in shown:
            schema = {**each["schema"], "components": document["components"]}
            Draft202012Validator(schema, format_checker=FORMATS).validate(each["example"])
        assert shown or operation["security"] == [], call


def test_the_servers_address_is_the_configured_one(document, settings):
    assert document["servers"] == [{"url": settings.public_url}]


class Elements(HTMLParser):
    """Reads a page: open elements, ids, links, headings."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.headings, self.loaded = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert not {name for name in values if name.startswith("on") or name == "style"}
        assert tag not in ("script", "style", "iframe")
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag == "link":
            self.loaded.append(values["href"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.rule("WEB-2")
def test_the_page_is_whole_and_needs_nothing_but_its_own_style_sheet(page, client):
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    read = Elements(page.text)
    assert read.open == []
    assert len(set(read.ids)) == len(read.ids)
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)
    assert read.loaded == ["/docs/api.css"]
    assert {link for link in read.links if not link.startswith("#")} == {"/openapi.json"}
    style = client.get("/docs/api.css")
    assert (style.status_code, style.content_type) == (200, "text/css; charset=utf-8")
    assert "@import" not in style.text
    assert "url(" not in style.text


def test_headings_go_down_one_step_at_a_time(page):
    headings = Elements(page.text).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_the_page_shows_every_call_and_every_code(page, document):
    for (method, path), operation in operations(document).items():
        assert f'id="{operation["operationId"]}"' in page.text
        assert path in page.text
        assert f'class="method {method.lower()}"' in page.text
    assert all(f"<code>{code.value}</code>" in page.text for code in Code)


def test_the_bodies_of_the_examples_are_json(page):
    bodies = re.findall(r"-d &#39;(.*?)&#39;", page.text)
    assert len(bodies) >= 5
    assert all(json.loads(body.replace("&#34;", '"')) for body in bodies)
