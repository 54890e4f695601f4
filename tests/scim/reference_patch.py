"""A second, slow reading of RFC 7644 section 3.5.2, for tests: plain documents, plain loops, no code of the product.

An operation is given in parts and not as text, so that this file needs no parser: `Path` is what a path says, and its
`text` is what goes on the wire. What the profile adds to the RFC is marked with the section of the profile.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
VALUE = {"value": str, "type": str, "display": str, "primary": bool}
ADDRESS = {"locality": str, "country": str, "type": str, "primary": bool}
# Kind of each attribute: a type, the parts of a complex one, or those of each value of a multi-valued one in a list.
KINDS: Mapping[str, Any] = {
    "userName": str, "externalId": str, "displayName": str, "title": str, "nickName": str, "active": bool,
    "name": {"givenName": str, "familyName": str, "middleName": str},
    "emails": [VALUE], "phoneNumbers": [VALUE], "roles": [VALUE], "addresses": [ADDRESS],
    f"{ENTERPRISE}:department": str, f"{ENTERPRISE}:costCenter": str, f"{ENTERPRISE}:manager": {"value": str},
}  # fmt: skip


class Refused(Exception):
    """The scimType of the error that is due."""


@dataclass(frozen=True)
class Term:
    """`sub op value`, or `sub pr`."""

    sub: str
    operator: str
    value: Any = None

    @property
    def text(self) -> str:
        literal = str(self.value).lower() if isinstance(self.value, bool) else f'"{self.value}"'
        return f"{self.sub} pr" if self.operator == "pr" else f"{self.sub} {self.operator} {literal}"

    def holds(self, element: Mapping[str, Any]) -> bool:
        present = element.get(self.sub)
        if self.operator == "pr":
            return present not in (None, "")
        if type(present) is not type(self.value):
            return self.operator == "ne"
        one, other = (each.lower() if isinstance(each, str) else each for each in (present, self.value))
        return {
            "eq": lambda: one == other,
            "ne": lambda: one != other,
            "co": lambda: other in one,
            "sw": lambda: one.startswith(other),
            "ew": lambda: one.endswith(other),
        }[self.operator]()


@dataclass(frozen=True)
class Choice:
    """Terms joined by one word, perhaps turned round as a whole."""

    terms: tuple[Term, ...]
    word: str = "and"
    is_negated: bool = False

    @property
    def text(self) -> str:
        joined = f" {self.word} ".join(term.text for term in self.terms)
        return f"not ({joined})" if self.is_negated else joined

    def holds(self, element: Mapping[str, Any]) -> bool:
        found = [term.holds(element) for term in self.terms]
        return (all(found) if self.word == "and" else any(found)) is not self.is_negated

    @property
    def described(self) -> dict[str, Any]:
        """The element that the terms describe, empty where they describe none (profile, section 4.2)."""
        says_and = (self.word == "and" or len(self.terms) == 1) and not self.is_negated
        is_plain = says_and and all(term.operator == "eq" for term in self.terms)
        return {term.sub: term.value for term in self.terms} if is_plain else {}


@dataclass(frozen=True)
class Path:
    """What a path names; `attribute` may carry its schema."""

    attribute: str
    choice: Choice | None = None
    sub: str | None = None

    @property
    def text(self) -> str:
        chosen = f"[{self.choice.text}]" if self.choice else ""
        return f"{self.attribute}{chosen}{f'.{self.sub}' if self.sub else ''}"


@dataclass(frozen=True)
class Operation:
    """One operation; without a path the value's keys are paths."""

    op: str
    path: Path | None
    value: Any = None
    paths: tuple[tuple[Path, Any], ...] = ()

    @property
    def wire(self) -> dict[str, Any]:
        if self.path is None:
            return {"op": self.op, "value": {path.text: value for path, value in self.paths}}
        return {"op": self.op, "path": self.path.text} | ({} if self.op == "remove" else {"value": self.value})


def applied(document: Mapping[str, Any], operations: Sequence[Operation]) -> dict[str, Any]:
    """The document after all operations, in order; `Refused` where one of them is."""
    flat = _flat(copy.deepcopy(dict(document)))
    for operation in operations:
        for path, value in operation.paths if operation.path is None else [(operation.path, operation.value)]:
            _check(operation.op, path, value)
    for operation in operations:
        for path, value in operation.paths if operation.path is None else [(operation.path, operation.value)]:
            _apply(flat, operation.op, path, value)
    return _nested(flat)


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    extension = document.pop(ENTERPRISE, {})
    return document | {f"{ENTERPRISE}:{name}": value for name, value in extension.items()}


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in flat.items() if not name.startswith(ENTERPRISE)}
    extension = {name.rpartition(":")[2]: value for name, value in flat.items() if name.startswith(ENTERPRISE)}
    return made | ({ENTERPRISE: extension} if extension else {})


def _check(op: str, path: Path, value: Any) -> None:
    """Section 3.12: a value that does not fit its attribute is refused, whatever the resource is like."""
    kind = KINDS[path.attribute]
    if op == "remove" or value is None or value == []:
        return
    if path.sub:
        _check_kind((kind[0] if isinstance(kind, list) else kind)[path.sub], value)
    elif path.choice:
        _check_kind(kind[0], value)
    elif isinstance(kind, list):
        elements = value if isinstance(value, list) else [value]
        for element in elements:
            _check_kind(kind[0], element)
        _check_primary(elements)
    else:
        _check_kind(kind, value)
        if path.attribute == "userName" and not value.strip():
            raise Refused("invalidValue")


def _check_kind(kind: Any, value: Any) -> None:
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            raise Refused("invalidValue")
        for name, part in value.items():
            if part is not None:
                _check_kind(kind[name], part)
    elif type(value) is not kind:
        raise Refused("invalidValue")


def _check_primary(elements: Sequence[Mapping[str, Any]]) -> None:
    """RFC 7643 section 2.4: the primary value true appears no more than once."""
    if sum(element.get("primary") is True for element in elements) > 1:
        raise Refused("invalidValue")


def _without_nulls(value: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7643 section 2.5: null is the same as not there."""
    return {name: part for name, part in value.items() if part is not None}


def _apply(flat: dict[str, Any], op: str, path: Path, value: Any) -> None:
    kind = KINDS[path.attribute]
    if value is None or value == []:
        if op == "add":
            return
        op = "remove"
    if op == "remove" and path.attribute == "userName":
        raise Refused("mutability")
    if isinstance(kind, list):
        _apply_to_list(flat, op, path, value)
    elif isinstance(kind, dict):
        _apply_to_parts(flat, op, path, value)
    elif op == "remove":
        flat.pop(path.attribute, None)
    else:
        flat[path.attribute] = value
    if flat.get(path.attribute) in (None, {}, []):
        flat.pop(path.attribute, None)


def _apply_to_parts(flat: dict[str, Any], op: str, path: Path, value: Any) -> None:
    """Section 3.5.2.3: parts that are not given are left unchanged."""
    parts = flat.setdefault(path.attribute, {})
    if op == "remove" and path.sub is None:
        parts.clear()
    elif op == "remove":
        parts.pop(path.sub, None)
    else:
        for name, part in ({path.sub: value} if path.sub else value).items():
            if part is not None:
                parts[name] = part
            elif op == "replace":
                parts.pop(name, None)


def _apply_to_list(flat: dict[str, Any], op: str, path: Path, value: Any) -> None:
    elements = flat.setdefault(path.attribute, [])
    if path.choice is None and path.sub is None:
        flat[path.attribute] = _whole(elements, op, value)
        return
    if path.choice is None:
        chosen = list(elements)
    else:
        chosen = [element for element in elements if path.choice.holds(element)]
    if chosen:
        for element in chosen:
            _change(element, op, path, value)
    else:
        chosen = _made(op, path, value)
        elements += chosen
    _settle(elements, chosen)
    flat[path.attribute] = [element for element in elements if element]


def _whole(elements: list[dict[str, Any]], op: str, value: Any) -> list[dict[str, Any]]:
    """Sections 3.5.2.1 and 3.5.2.3: values join, those already there once; or all are exchanged."""
    if op == "remove":
        return []
    kept = elements if op == "add" else []
    new: list[dict[str, Any]] = []
    for element in value if isinstance(value, list) else [value]:
        element = _without_nulls(element)
        if element and element not in kept and element not in new:
            new.append(element)
    kept = kept + new
    _settle(kept, new)
    return kept


def _change(element: dict[str, Any], op: str, path: Path, value: Any) -> None:
    if path.sub is not None:
        if op == "remove":
            element.pop(path.sub, None)
        else:
            element[path.sub] = value
        return
    before = dict(element)
    element.clear()
    if op == "add":
        element.update(before | _without_nulls(value))
    elif op == "replace":
        # The RFC exchanges the whole value. What the path itself says of it stays true here, where the new value
        # says nothing else: "the work address" stays the work address.
        element.update((path.choice.described if path.choice else {}) | _without_nulls(value))


def _made(op: str, path: Path, value: Any) -> list[dict[str, Any]]:
    """Nothing is chosen: section 3.5.2.3 says noTarget, and section 4.2 of the profile when one is made instead."""
    if path.choice is None:
        return [] if op == "remove" else [{path.sub: value}]
    element = path.choice.described if op != "remove" else {}
    if element:
        _change(element, op, path, value)
    if not element or not path.choice.holds(element):
        raise Refused("noTarget")
    return [element]


def _settle(elements: Sequence[dict[str, Any]], changed: Sequence[dict[str, Any]]) -> None:
    """Section 3.5.2: a value that becomes primary makes the others not so."""
    _check_primary(changed)
    for winner in [element for element in changed if element.get("primary") is True]:
        for element in elements:
            if element is not winner and element.get("primary") is True:
                element["primary"] = False
