"""Query parameters, and the body of `.search` that stands for them, to a query (RFC 7644 section 3.4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import Code, Refusal, invalid, not_found
from provisioning.domain.search import Node, Query
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
# What a list is asked by, in an address or in the body of `.search`.
PARAMETERS = (
    "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list is asked for.

    Attributes:
        resources: the resource types that are listed, in one order.
        query: filter (of the first type), order and page.
        of_groups: the same filter as it is to be asked of groups, where they are listed with users.
        projections: what is shown of a result of each type, by the name of the type.
        cursor: what a walk goes on from, '' for its first page; None where pages have numbers.
        has_count: whether the size of the page was asked for.
    """

    resources: tuple[ResourceType, ...]
    query: Query
    of_groups: Node | None
    projections: Mapping[str, Projection]
    cursor: str | None
    has_count: bool

    @property
    def start(self) -> int:
        """The number of the page's first result, from 1."""
        return self.query.offset + 1


def list_request(parameters: Mapping[str, Any], *resources: ResourceType) -> ListRequest:
    """Return what the parameters of a list ask for.

    Args:
        parameters: texts of a query string, or the members of a SearchRequest.
        resources: the resource type that is listed, or users and groups together.

    Raises:
        Refusal: INVALID_FILTER, INVALID_VALUE, INVALID_COUNT or INVALID_SYNTAX.
    """
    cursor, filter_text = _text(parameters, "cursor"), _text(parameters, "filter")
    nodes = [_node(filter_text, each, resources) for each in resources]
    query = Query(
        node=nodes[0],
        sort_path=_sort_path(parameters, resources),
        descending=_is_descending(parameters),
        offset=_start(parameters, cursor) - 1,
        count=_count(parameters, cursor),
    )
    projections = {each.name: projection_of(parameters, each) for each in resources}
    of_groups = nodes[1] if len(nodes) > 1 else None
    return ListRequest(resources, query, of_groups, projections, cursor, parameters.get("count") is not None)


def search_request(body: Mapping[str, Any], *resources: ResourceType) -> ListRequest:
    """Return what the body of a POST to `.search` asks for (RFC 7644 section 3.4.3); names in any case."""
    members = members_by_name(body)
    given = {name: members[name.lower()] for name in PARAMETERS if members.get(name.lower()) is not None}
    return list_request(given, *resources)


def _node(text: str | None, resource: ResourceType, resources: tuple[ResourceType, ...]) -> Node | None:
    return None if text is None else parse_filter(text, resource, _others(resource, resources))


def _others(resource: ResourceType, resources: tuple[ResourceType, ...]) -> tuple[ResourceType, ...]:
    return tuple(each for each in resources if each is not resource)


def _sort_path(parameters: Mapping[str, Any], resources: tuple[ResourceType, ...]) -> str | None:
    sort_by = _text(parameters, "sortBy")
    return resolve_sort(sort_by, resources[0], _others(resources[0], resources)) if sort_by else None


def _start(parameters: Mapping[str, Any], cursor: str | None) -> int:
    if cursor is not None and parameters.get("startIndex") is not None:
        raise invalid("startIndex", "'startIndex' and 'cursor' exclude each other.")
    return min(max(_number(parameters, "startIndex", 1), 1), FARTHEST_START)


def _count(parameters: Mapping[str, Any], cursor: str | None) -> int:
    try:
        return min(max(_number(parameters, "count", DEFAULT_PAGE), 0), LARGEST_PAGE)
    except Refusal:
        if cursor is None:
            raise
        raise Refusal(Code.INVALID_COUNT) from None


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
