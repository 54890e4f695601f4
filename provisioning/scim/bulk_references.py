"""References between the operations of a bulk: where they stand, in which order they can be followed, and cycles.

A text `bulkId:x` anywhere in the data of an operation stands for the id of what the POST with that bulkId makes (RFC
7644 section 3.7.2), also at the end of an address and in quotes inside a path. So an operation runs after the POSTs
that it refers to, wherever they stand in the request. POSTs that refer to each other in a circle are made without those
links first and are linked afterwards (section 3.7.1), which is possible where a link is a member or a manager.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioning.domain.errors import Code, Refusal
from provisioning.scim.operations import PATCH_OP
from provisioning.scim.traits import ENTERPRISE_USER, GROUPS, ResourceType

PREFIX = "bulkId:"
# Beside a whole text: the last part of an address, and what stands in quotes within a path.
IN_ADDRESS = re.compile(rf"(?<=/){PREFIX}([^/]+)$")
IN_QUOTES = re.compile(rf'(?<="){PREFIX}([^"\\]+)(?=")')
OUR_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
IdOf = Callable[[str], str]


def unresolved(bulk_id: str, detail: str) -> Refusal:
    """Return the refusal of an operation that refers to what is not there."""
    return Refusal(Code.BULK_REFERENCE, bulk_id=bulk_id[:80], detail=detail)


def naming_texts(value: Any) -> list[str]:
    """Return the texts of a JSON value, names of members too, that may refer to something or hold an id of ours."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "-" in each or PREFIX in each:
                found.append(each)
        elif isinstance(each, dict):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def references_in(value: Any) -> frozenset[str]:
    """Return the bulkIds that any text of a JSON value refers to."""
    found: set[str] = set()

    def note(bulk_id: str) -> str:
        found.add(bulk_id)
        return bulk_id

    for text in naming_texts(value):
        _resolved_text(text, note)
    return frozenset(found)


def ids_in(value: Any) -> frozenset[str]:
    """Return what stands in any text of a JSON value and looks like an id of ours."""
    return frozenset(found for text in naming_texts(value) for found in OUR_ID.findall(text))


def resolved(value: Any, id_of: IdOf) -> Any:
    """Return a JSON value with every reference replaced by an id.

    Args:
        value: as deep as a body may be.
        id_of: bulkId -> id of what its operation made; raises a refusal where there is none.
    """
    if isinstance(value, str):
        return _resolved_text(value, id_of)
    if isinstance(value, list):
        return [resolved(each, id_of) for each in value]
    if isinstance(value, dict):
        return {resolved(name, id_of): resolved(each, id_of) for name, each in value.items()}
    return value


def _resolved_text(text: str, id_of: IdOf) -> str:
    if PREFIX not in text:
        return text
    if text.startswith(PREFIX):
        return id_of(text.removeprefix(PREFIX))
    for place in (IN_ADDRESS, IN_QUOTES):
        text = place.sub(lambda found: id_of(found[1]), text)
    return text


def in_order(needs: Mapping[int, frozenset[int]]) -> list[tuple[int, ...]]:
    """Return operations in an order in which each comes after those it needs; those in a circle stand together.

    Args:
        needs: number of an operation -> numbers of the operations that it refers to; in the order of the request, which
            is kept where nothing speaks against it.
    """
    return _Circles(needs).found


@dataclass
class _Circles:
    """Tarjan's strongly connected components, without recursion: a chain of references may be as long as a request."""

    needs: Mapping[int, frozenset[int]]
    found: list[tuple[int, ...]] = field(default_factory=list)
    _reached: dict[int, int] = field(default_factory=dict)
    _lowest: dict[int, int] = field(default_factory=dict)
    _open: list[int] = field(default_factory=list)
    _is_open: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for number in self.needs:
            if number not in self._reached:
                self._walk(number)

    def _walk(self, start: int) -> None:
        path = [(start, iter(self._enter(start)))]
        while path:
            number, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                self._leave(number)
                if path:
                    above = path[-1][0]
                    self._lowest[above] = min(self._lowest[above], self._lowest[number])
            elif following not in self._reached:
                path.append((following, iter(self._enter(following))))
            elif following in self._is_open:
                self._lowest[number] = min(self._lowest[number], self._reached[following])

    def _enter(self, number: int) -> Sequence[int]:
        self._reached[number] = self._lowest[number] = len(self._reached)
        self._open.append(number)
        self._is_open.add(number)
        return sorted(self.needs[number])

    def _leave(self, number: int) -> None:
        if self._lowest[number] != self._reached[number]:
            return
        place = self._open.index(number)
        circle = self._open[place:]
        del self._open[place:]
        self._is_open.difference_update(circle)
        self.found.append(tuple(sorted(circle)))


@dataclass(frozen=True, slots=True)
class Split:
    """A new resource taken apart: its body without some references, and the PATCH that adds them, None where none."""

    body: dict[str, Any]
    link: dict[str, Any] | None


def without_links(body: Mapping[str, Any], resource: ResourceType, to: frozenset[str]) -> Split:
    """Return the body of a POST without its references to some bulkIds, and the PATCH that adds them later.

    Args:
        body: of a POST.
        resource: what is made.
        to: bulkIds of the POSTs that this one stands in a circle with, perhaps its own.

    Raises:
        Refusal: BULK_REFERENCE where a reference stands elsewhere than in members or manager.
    """
    split = (_without_members if resource is GROUPS else _without_manager)(dict(body), to)
    for bulk_id in sorted(references_in(split.body) & to):
        raise unresolved(bulk_id, "in a circle that only members and managers can close.")
    return split


def _without_members(body: dict[str, Any], to: frozenset[str]) -> Split:
    name = _name_in(body, "members")
    members = body.get(name)
    if not isinstance(members, list):
        return Split(body, None)
    later = [member for member in members if references_in(member) & to]
    body[name] = [member for member in members if not references_in(member) & to]
    return Split(body, _adding("members", later) if later else None)


def _without_manager(body: dict[str, Any], to: frozenset[str]) -> Split:
    urn = _name_in(body, ENTERPRISE_USER)
    extension = body.get(urn)
    name = _name_in(extension, "manager") if isinstance(extension, dict) else ""
    if not isinstance(extension, dict) or not references_in(extension.get(name)) & to:
        return Split(body, None)
    body[urn] = {each: value for each, value in extension.items() if each != name}
    return Split(body, _adding(f"{ENTERPRISE_USER}:manager", extension[name]))


def _name_in(members: Mapping[str, Any], wanted: str) -> str:
    """Return a member's name as it was sent, in whatever letter case."""
    return next((name for name in members if name.lower() == wanted.lower()), wanted)


def _adding(path: str, value: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": path, "value": value}]}
