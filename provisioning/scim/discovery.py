"""What the service says of itself: /ServiceProviderConfig, /ResourceTypes, /Schemas, and what it does not offer.

All of it is made from the traits table, so that it cannot differ from what is checked and stored (RFC 7644 section 4,
RFC 7643 sections 5 to 7).
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, not_found
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim.bulk import MOST_OPERATIONS
from provisioning.scim.cursors import LIFETIME_SECONDS
from provisioning.scim.json_body import LONG_LIMITS
from provisioning.scim.managed import schemas_of
from provisioning.scim.parameters import DEFAULT_PAGE, LARGEST_PAGE
from provisioning.scim.representation import BASE_PATH, dumps, list_of
from provisioning.scim.responses import json_response
from provisioning.scim.traits import RESOURCE_TYPES, ResourceType, SchemaTable, Trait

PROVIDER_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

reads = requires(Permission.ACCOUNT_USERS_READ, scim_caller)


def add_discovery(blueprint: Blueprint) -> None:
    """Add the routes of discovery, and the one that says what is not offered."""
    for path, view in (
        ("/ServiceProviderConfig", get_provider_config),
        ("/ResourceTypes", list_resource_types),
        ("/ResourceTypes/<name>", get_resource_type),
        ("/Schemas", list_schemas),
        ("/Schemas/<urn>", get_schema),
    ):
        blueprint.add_url_rule(path, view_func=view, methods=["GET"], strict_slashes=False)
    blueprint.add_url_rule("/Me", view_func=not_offered, methods=METHODS, strict_slashes=False)


@reads
def get_provider_config(_: Caller) -> Response:
    """Answer what is supported (RFC 7643 section 5)."""
    _refuse_filter()
    return json_response(dumps(provider_config(services().public_url)))


@reads
def list_resource_types(_: Caller) -> Response:
    """Answer the resource types; paging and sorting parameters are ignored (RFC 7644 section 4)."""
    _refuse_filter()
    return json_response(list_of(resource_type(each, services().public_url) for each in RESOURCE_TYPES))


@reads
def get_resource_type(_: Caller, name: str) -> Response:
    """Answer one resource type."""
    _refuse_filter()
    found = next((each for each in RESOURCE_TYPES if each.name.lower() == name.lower()), None)
    if found is None:
        raise not_found("ResourceType")
    return json_response(dumps(resource_type(found, services().public_url)))


@reads
def list_schemas(caller: Caller) -> Response:
    """Answer the schemas, with the mutability that holds for this connection (RFC 7643 section 7)."""
    _refuse_filter()
    return json_response(list_of(schema(each, services().public_url) for each in schemas_of(caller.connection)))


@reads
def get_schema(caller: Caller, urn: str) -> Response:
    """Answer one schema."""
    _refuse_filter()
    found = next((each for each in schemas_of(caller.connection) if each.urn.lower() == urn.lower()), None)
    if found is None:
        raise not_found("Schema")
    return json_response(dumps(schema(found, services().public_url)))


@reads
def not_offered(_: Caller) -> Response:
    """Say 501: a token has no user behind it (RFC 7644 section 3.11)."""
    raise Refusal(Code.NOT_OFFERED)


def _refuse_filter() -> None:
    if "filter" in request.args:
        raise Refusal(Code.NOT_ALLOWED)


def provider_config(public_url: str) -> dict[str, Any]:
    """Return the ServiceProviderConfig; what it calls supported is offered, and nothing else is."""
    return {
        "schemas": [PROVIDER_CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": LONG_LIMITS.most_bytes},
        "filter": {"supported": True, "maxResults": LARGEST_PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_PAGE,
            "maxPageSize": LARGEST_PAGE,
            "cursorTimeout": LIFETIME_SECONDS,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of a SCIM connection, in the Authorization header.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": _meta("ServiceProviderConfig", f"{public_url}{BASE_PATH}/ServiceProviderConfig"),
    }


def resource_type(resource: ResourceType, public_url: str) -> dict[str, Any]:
    """Return one resource type as published (RFC 7643 section 6)."""
    return {
        "schemas": [RESOURCE_TYPE],
        "id": resource.name,
        "name": resource.name,
        "description": resource.description,
        "endpoint": resource.endpoint,
        "schema": resource.core.urn,
        "schemaExtensions": [{"schema": table.urn, "required": False} for table in resource.extensions],
        "meta": _meta("ResourceType", f"{public_url}{BASE_PATH}/ResourceTypes/{resource.name}"),
    }


def schema(table: SchemaTable, public_url: str) -> dict[str, Any]:
    """Return one schema as published (RFC 7643 section 7)."""
    return {
        "schemas": [SCHEMA],
        "id": table.urn,
        "name": table.name,
        "description": table.description,
        "attributes": [attribute(trait) for trait in table.traits],
        "meta": _meta("Schema", f"{public_url}{BASE_PATH}/Schemas/{table.urn}"),
    }


def attribute(trait: Trait) -> Mapping[str, Any]:
    """Return one attribute's traits as published."""
    shown: dict[str, Any] = {
        "name": trait.name,
        "type": trait.type,
        "multiValued": trait.multi_valued,
        "description": trait.description,
        "required": trait.required,
        "caseExact": trait.case_exact,
        "mutability": trait.mutability,
        "returned": trait.returned,
        "uniqueness": trait.uniqueness,
    }
    if trait.canonical_values:
        shown["canonicalValues"] = list(trait.canonical_values)
    if trait.reference_types:
        shown["referenceTypes"] = list(trait.reference_types)
    if trait.sub:
        shown["subAttributes"] = [attribute(sub) for sub in trait.sub]
    return shown


def _meta(resource: str, location: str) -> dict[str, str]:
    return {"resourceType": resource, "location": location}
