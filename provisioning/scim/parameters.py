"""Query parameters, and the body of `.search` that stands for them, to a query (RFC 7644 section 3.4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import Refusal, invalid, not_found
from provisioning.domain.search import Query
from provisioning.scim.filters import parse_filter, resolve_sort
from provisioning.scim.projection import Projection, read_projection
from provisioning.scim.quirks import members_by_name
from provisioning.scim.traits import ResourceType

DEFAULT_PAGE = 100
LARGEST_PAGE = 1_000
# Past any list that there will be, and within what the database counts in.
FARTHEST_START = 2**31
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
SORT_ORDERS = {"ascending": False, "descending": True}


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list is asked for: the query, the number of its first result (from 1), and what is shown of each."""

    query: Query
    start: int
    projection: Projection


def list_request(parameters: Mapping[str, Any], resource: ResourceType) -> ListRequest:
    """Return what the parameters of a list ask for.

    Args:
        parameters: texts of a query string, or the members of a SearchRequest.
        resource: the resource type that is listed.

    Raises:
        Refusal: INVALID_FILTER, INVALID_VALUE or INVALID_SYNTAX.
    """
    start = min(max(_number(parameters, "startIndex", 1), 1), FARTHEST_START)
    count = min(max(_number(parameters, "count", DEFAULT_PAGE), 0), LARGEST_PAGE)
    filter_text, sort_by = _text(parameters, "filter"), _text(parameters, "sortBy")
    query = Query(
        node=parse_filter(filter_text, resource) if filter_text is not None else None,
        sort_path=resolve_sort(sort_by, resource) if sort_by else None,
        descending=_is_descending(parameters),
        offset=start - 1,
        count=count,
    )
    return ListRequest(query, start, projection_of(parameters, resource))


def search_request(body: Mapping[str, Any], resource: ResourceType) -> ListRequest:
    """Return what the body of a POST to `.search` asks for (RFC 7644 section 3.4.3); names in any case."""
    names = ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes")
    members = members_by_name(body)
    given = {name: members[name.lower()] for name in names if members.get(name.lower()) is not None}
    return list_request(given, resource)


def projection_of(parameters: Mapping[str, Any], resource: ResourceType) -> Projection:
    """Return what `attributes` or `excludedAttributes` ask for."""
    return read_projection(_names(parameters, "attributes"), _names(parameters, "excludedAttributes"), resource)


def _names(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value) or None
    if value is not None and not isinstance(value, str):
        raise invalid(name, f"'{name}' is not a list of names.")
    return value.strip() or None if value else None


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(name, f"'{name}' is not a text.")
    return value


def _number(parameters: Mapping[str, Any], name: str, default: int) -> int:
    value = parameters.get(name)
    if value is None:
        return default
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not NUMBER.fullmatch(text.strip()):
        raise invalid(name, f"'{name}' is not a number.")
    return int(text)


def _is_descending(parameters: Mapping[str, Any]) -> bool:
    order = _text(parameters, "sortOrder") or "ascending"
    if order.lower() not in SORT_ORDERS:
        raise invalid("sortOrder", "'sortOrder' is ascending or descending.")
    return SORT_ORDERS[order.lower()]


def known_form(resource_id: str, resource: ResourceType) -> str:
    """Return an id that has the form of ours; any other text in a path is not found (and never gets further).

    Raises:
        Refusal: NOT_FOUND.
    """
    if not ID.fullmatch(resource_id):
        raise unknown(resource)
    return resource_id


def unknown(resource: ResourceType) -> Refusal:
    """Return the refusal of a resource that is not there."""
    return not_found(resource.name)
