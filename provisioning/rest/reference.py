"""The description of the API for programs (`/openapi.json`) and for people (`/docs/api`), both from one document.

The page is made on the server and needs no script, so that it can live under the strict policy of the other pages.
"""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, render_template
from markupsafe import Markup, escape

from provisioning.domain.errors import REFUSALS
from provisioning.guard.require import public
from provisioning.rest.errors import STATUSES

DOCUMENT_PATH = "/openapi.json"
PAGE_PATH = "/docs/api"
CSS_PATH = "/docs/api.css"
STYLE = Path(__file__).parent / "static" / "reference.css"
CODE = Markup("<code>{}</code>")
OR_NULL = " or null"
REASON = "describes the API and tells nothing of any account"
Spec = Mapping[str, Any]


class Member(NamedTuple):
    """A parameter or a member of a body, in words."""

    name: str
    type: str
    required: bool
    description: str


class Operation(NamedTuple):
    """A call as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    permission: str
    parameters: list[Member]
    body: list[Member]
    answer: list[Member]
    example: str
    example_of_answer: str


class Section(NamedTuple):
    """The calls about one noun."""

    name: str
    description: str
    operations: list[Operation]


def add_reference(app: Flask, document: Spec) -> None:
    """Add the document, the page and the page's style sheet.

    Args:
        app: the application.
        document: OpenAPI 3.1, complete.
    """
    blueprint = Blueprint("api_reference", __name__, template_folder="templates")
    text = json.dumps(document, indent=2)
    views = (
        (DOCUMENT_PATH, "document", partial(Response, text, content_type="application/json")),
        (PAGE_PATH, "page", partial(_page, document)),
        (CSS_PATH, "style", partial(Response, STYLE.read_text(), content_type="text/css; charset=utf-8")),
    )
    for path, name, view in views:
        blueprint.add_url_rule(path, name, public(REASON)(view))
    app.register_blueprint(blueprint)


def _page(document: Spec) -> str:
    errors = [(code.value, STATUSES[code], REFUSALS[code].sentence) for code in STATUSES]
    return render_template(
        "reference.html",
        title=document["info"]["title"],
        version=document["info"]["version"],
        about=document["info"]["description"],
        server=document["servers"][0]["url"],
        sections=sections_of(document),
        errors=errors,
        with_code=with_code,
    )


def with_code(text: str) -> Markup:
    """Return a text as HTML, with what stands between backticks as code."""
    pieces = [CODE.format(piece) if number % 2 else escape(piece) for number, piece in enumerate(text.split("`"))]
    return Markup("").join(pieces)


def sections_of(document: Spec) -> list[Section]:
    """Return the calls of a document by their noun, in the order of the document."""
    operations = [
        (operation["tags"][0], _operation(document, path, method, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]
    return [
        Section(tag["name"], tag["description"], [made for name, made in operations if name == tag["name"]])
        for tag in document["tags"]
    ]


def _operation(document: Spec, path: str, method: str, operation: Spec) -> Operation:
    body = operation.get("requestBody", {})
    success = operation["responses"].get("200", {})
    answer = _schema(document, success)
    answer = _resolved(document, answer["items"]) if answer.get("type") == "array" else answer
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        permission=operation.get("x-permission", ""),
        parameters=[_parameter(document, each) for each in operation.get("parameters", ()) if each["in"] == "query"],
        body=[_left_out(member) for member in _members(document, _schema(document, body))],
        answer=_members(document, answer),
        example=_example(document["servers"][0]["url"], path, method.upper(), _content(body).get("example")),
        example_of_answer=json.dumps(_content(success).get("example"), indent=2, ensure_ascii=False),
    )


def _content(described: Spec) -> Spec:
    found: Spec = described.get("content", {}).get("application/json", {})
    return found


def _schema(document: Spec, described: Spec) -> Spec:
    return _resolved(document, _content(described).get("schema", {}))


def _left_out(member: Member) -> Member:
    """Return a member of a body without the word on null, which the page says once for all of them."""
    return member._replace(type=member.type.replace(OR_NULL, ""))


def _resolved(document: Spec, schema: Spec) -> Spec:
    """Return a schema, or the one that it refers to."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Spec = document["components"]["schemas"][name] if name else schema
    return found


def _members(document: Spec, schema: Spec) -> list[Member]:
    required = schema.get("required", ())
    return [
        Member(name, _type(document, each), name in required, each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    ]


def _parameter(document: Spec, parameter: Spec) -> Member:
    type_ = _type(document, parameter["schema"])
    return Member(parameter["name"], type_, parameter.get("required", False), parameter.get("description", ""))


def _type(document: Spec, schema: Spec) -> str:
    """Return the type of a schema in words."""
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"] if word is not None)
    types = schema.get("type", "object")
    words = types if isinstance(types, list) else [types]
    items = f"list of {_type(document, schema['items'])}" if "items" in schema else ""
    written: Mapping[str, str] = {"array": items, "string": schema.get("format", "string")}
    return " or ".join(written.get(word, word) for word in words)


def _example(server: str, path: str, method: str, body: object) -> str:
    """Return a call by curl, with the example of its body."""
    address = path.replace("{account_id}", "$ACCOUNT").replace("{", "$").replace("}", "")
    lines = [f'curl -u "$KEY:$SECRET" -X {method} \\'] if method != "GET" else ['curl -u "$KEY:$SECRET" \\']
    if body:
        lines.append(f"  -H 'Content-Type: application/json' -d '{json.dumps(body, ensure_ascii=False)}' \\")
    lines.append(f'  "{server}{address}"')
    return "\n".join(lines)
