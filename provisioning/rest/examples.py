"""Examples in the OpenAPI document: one value for each member's name, put together by the shapes of the document.

A member means the same in every call, so its example is written once. A body shows what is required, or else what the
call says itself; an answer shows everything. A test holds each example against the schema it stands beside.
"""

from collections.abc import Mapping
from typing import Any

Spec = dict[str, Any]
ID = "0199a0c5-1c1e-7a52-9d0e-5f3f6c1f7a10"
MOMENT = "2026-11-23T09:00:00Z"
DAY = "2026-11-23"

SAML = "https://id.example.com/saml/6f1b2c3d-0c5e-4a7b-9d2f-1a2b3c4d5e6f"
IDP = "https://idp.example.com"

VALUES: Mapping[str, Any] = {
    "account_id": "0199a0c5-0b1d-7c3a-8e21-3c9b1f0e2d44",
    "acs_url": f"{SAML}/acs",
    "actor_name": "dana@example.com",
    "address": "203.0.113.7",
    "address_ranges": ["203.0.113.0/24"],
    "api_key": "417320958817264",
    "api_secret": "Zr8kP2vQm4LxT7cWn0HdYs5aB1e",
    "base_sub_account_id": ID,
    "base_url": "https://id.example.com/scim/v2",
    "body": {"id": ID, "type": "user.disabled", "timestamp": "2026-11-23T09:00:00.000Z", "data": {"user": {"id": ID}}},
    "clock_tolerance": 60,
    "cloud_name": "acme-shop",
    "cloud_names": ["acme-shop"],
    "connection": "default",
    "custom_attributes": {"team": "web"},
    "dedicated_for": "webhooks",
    "email": "dana@example.com",
    "email_domains": ["example.com"],
    "emails": ["dana@example.com"],
    "enabled": True,
    "entity_id": f"{SAML}/metadata",
    "events": ["sessions.ended", "user.disabled"],
    "expires_in": 31_536_000,
    "fields": ["user.email"],
    "first_name": "Dana",
    "from": DAY,
    "key": "417320958817264",
    "kind": "user.created",
    "last_name": "Roe",
    "login_url": f"{SAML}/login",
    "media_library_permissions": ["create_collection"],
    "message": "ok",
    "metadata_certificate": None,
    "metadata_url": f"{SAML}/metadata",
    "metric": "seats",
    "name": "Dana Roe",
    "name_id_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "ok": True,
    "password": "correct horse battery staple",
    "plan_name": "enterprise",
    "prefix": "da",
    "providers": ["password"],
    "role": "reports",
    "secret": "Zr8kP2vQm4LxT7cWn0HdYs5aB1e",
    "session": ID,
    "session_idle_seconds": 3600,
    "session_max_seconds": 86_400,
    "slo_url": f"{SAML}/slo",
    "sub_account_ids": [ID],
    "subject_attribute": None,
    "target_kind": "user",
    "target_name": "Dana Roe",
    "to": DAY,
    "token": "gst_7Hq2mWx9Lk3pRt_Zr8kP2vQm4LxT7cWn0HdYs5aB1eZr8kP2vQm4LxT7cWn0H_0aB1cD",
    "url": "https://products.example.com/gatelodge",
    "user_agent": "Mozilla/5.0",
}
# Where a member of the same name means something else: name of the schema -> member -> value.
OF_SCHEMA: Mapping[str, Mapping[str, Any]] = {
    "ActivityEntry": {"address": None, "code": None, "data": {}, "outcome": "done", "way_in": "console"},
    "AccessKey": {"name": "deploy", "dedicated_for": ["webhooks"]},
    "Environment": {"name": "Acme shop"},
    "EnvironmentMembers": {"name": "Acme shop"},
    "EnvironmentSummary": {"name": "Acme shop"},
    "ErrorAnswer": {"error": {"message": "email is not an email address.", "code": "invalid_value"}},
    "Group": {"name": "Design"},
    "GroupMembers": {"name": "Design"},
    "GroupSummary": {"name": "Design"},
    "IdentityProviderRecord": {
        "entity_id": f"{IDP}/metadata", "metadata_url": f"{IDP}/metadata", "slo_url": None, "sso_url": f"{IDP}/sso",
        "sso_binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    },
    "CertificateRecord": {"sha256": "3f0c" * 16},
    "MappingRecord": dict.fromkeys(
        ("username", "email", "first_name", "last_name", "role", "groups", "product_environments")
    ),
    "KeyMembers": {"name": "deploy"},
    "KeyName": {"name": "deploy"},
    "MadeWebhookRecord": {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
    "NewEnvironmentMembers": {"name": "Acme shop"},
    "NewGroupMembers": {"name": "Design"},
    "NewScimConnectionMembers": {"name": "Okta"},
    "SamlConnection": {"session_cap": None, "default_role": "media_library_user", "allow_master_admin": False},
    "ScimConnectionMembers": {"name": "Okta"},
    "ScimConnectionRecord": {
        "name": "Okta", "profile": "okta", "saml_connection": None, "allow_master_admin": False,
        "default_role": "media_library_user", "role_cap": ["reports", "media_library_user"],
    },
    "ScimTokenRecord": {"connection": ID, "disabled_at": None, "revoked_at": None, "replaced_by": None},
    "MadeScimToken": {"connection": ID, "disabled_at": None, "revoked_at": None, "replaced_by": None},
    "SeatsRecord": {"used": 12, "limit": 53, "plan_seats": 50, "additional": 3},
    "UserSession": {"saml_connection": None},
    "NewKeyMembers": {"name": "deploy"},
    "SessionAnswer": {"session": {"id": ID}},
    "User": {
        "all_sub_accounts": False, "group_count": 1, "pending": False, "root": False, "status": "active",
        "sub_account_count": 1, "sub_account_ids": ID,
    },
}  # fmt: skip
BY_FORMAT: Mapping[str, Any] = {"date-time": MOMENT, "date": DAY}
BY_TYPE: Mapping[str, Any] = {"string": ID, "integer": 3, "number": 3, "boolean": True, "object": {}}


def with_examples(document: Spec) -> Spec:
    """Return the document with an example at each parameter, body and answer.

    Args:
        document: OpenAPI 3.1; it is changed in place.
    """
    examples = Examples(document["components"]["schemas"])
    for methods in document["paths"].values():
        for method, operation in methods.items():
            if method != "parameters":
                _complete(operation, examples)
    for response in document["components"].get("responses", {}).values():
        _show(response, examples.whole)
    return document


class Examples:
    """Values for schemas.

    Args:
        schemas: the document's, by name.
    """

    def __init__(self, schemas: Mapping[str, Spec]) -> None:
        self._schemas = schemas

    def whole(self, schema: Spec) -> Any:
        """Return a value of a schema with every member it can have."""
        name, schema = self._resolved(schema)
        if "properties" in schema:
            return {member: self._member(name, member, each) for member, each in schema["properties"].items()}
        return [self.whole(schema["items"])] if schema.get("type") == "array" else _plain(schema)

    def required(self, schema: Spec) -> Any:
        """Return a body with the members that are required, the first one where none is."""
        name, schema = self._resolved(schema)
        members = schema.get("properties", {})
        shown = schema.get("required") or list(members)[:1]
        return {member: self._member(name, member, members[member]) for member in shown}

    def parameter(self, name: str, schema: Spec) -> Any:
        """Return a value of a query parameter."""
        return self._member("", name, schema)

    def _member(self, schema: str, member: str, described: Spec) -> Any:
        own = OF_SCHEMA.get(schema, {})
        if member in own:
            return own[member]
        _, resolved = self._resolved(described)
        if member in VALUES and _is_of(VALUES[member], resolved):
            return VALUES[member]
        return self.whole(described)

    def _resolved(self, schema: Spec) -> tuple[str, Spec]:
        schema = next((each for each in schema.get("allOf", ()) if "$ref" in each), schema)
        name = schema.get("$ref", "").rpartition("/")[2]
        return name, self._schemas[name] if name else schema


def _first_type(schema: Spec) -> str:
    types = schema.get("type", "object")
    return str(types if isinstance(types, str) else types[0])


def _is_of(value: Any, schema: Spec) -> bool:
    """Return whether a value has a type of a schema, as one name stands for a text here and for a list there."""
    types = schema.get("type", "object")
    named = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object", type(None): "null"}
    return named[type(value)] in ([types] if isinstance(types, str) else types)


def _plain(schema: Spec) -> Any:
    """Return a value of a schema without members."""
    if "enum" in schema:
        return schema["enum"][0]
    if "minimum" in schema:
        return schema["minimum"]
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(_first_type(schema), ID))


def _complete(operation: Spec, examples: Examples) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            parameter.setdefault("example", examples.parameter(parameter["name"], parameter["schema"]))
    _show(operation.get("requestBody", {}), examples.required)
    _show(operation["responses"].get("200", {}), examples.whole)


def _show(described: Spec, made: Any) -> None:
    for content in described.get("content", {}).values():
        content.setdefault("example", made(content["schema"]))
