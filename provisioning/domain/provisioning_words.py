"""A logged request in words: 'Entra set active to False for Dana Roe' (SCM-9).

The words are made when somebody reads, from what is kept; so a better sentence also tells better of yesterday.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from provisioning.domain.errors import Code
from provisioning.domain.provisioning_log import LoggedRequest

LONGEST_VALUE = 60
MOST_NAMED = 3
NOBODY_KNOWN = {"users": "a user", "groups": "a group"}
TYPES = {"users": "user", "groups": "group"}
DISCOVERY = frozenset({"schemas", "resourcetypes", "serviceproviderconfig"})
DESCRIPTIVE = frozenset({"schemas", "meta", "id"})


class Said(NamedTuple):
    """What was asked for: the verb as it is told of what was done and of what was tried, and the rest."""

    past: str
    base: str
    rest: str


class Step(NamedTuple):
    """One change of a PATCH: the operation, the attribute, its value."""

    op: str
    attribute: str
    value: Any


def sentence_of(entry: LoggedRequest, who: str, names: Mapping[str, str]) -> str:
    """Return a request in words.

    Args:
        entry: the request.
        who: what its connection is called.
        names: id of a user or group -> what it is called.
    """
    said = _said(entry, names)
    if entry.code == Code.CREDENTIAL_INVALID:
        return f"{who} tried to {said.base} {said.rest}, with a token that is not good any more"
    if entry.is_refused:
        return f"{who} tried to {said.base} {said.rest}"
    return f"{who} {said.past} {said.rest}"


def _said(entry: LoggedRequest, names: Mapping[str, str]) -> Said:
    kind = entry.segments[0].lower() if entry.segments else ""
    if kind not in TYPES:
        return _elsewhere(entry, kind)
    if entry.segments[-1].lower() == ".search":
        return _looked_for(kind, member_of(entry.json, "filter"))
    tellers: Mapping[str, Callable[[LoggedRequest, str, str], Said]] = {
        "GET": _read,
        "POST": lambda _entry, _kind, name: Said("made", "make", name),
        "PUT": lambda _entry, _kind, name: Said("replaced", "replace", name),
        "DELETE": lambda _entry, _kind, name: Said("deleted", "delete", name),
        "PATCH": _changed,
    }
    teller = tellers.get(entry.method, _asked_for)
    return teller(entry, kind, _name_of(entry, kind, names))


def _elsewhere(entry: LoggedRequest, kind: str) -> Said:
    if kind == "bulk":
        operations = member_of(entry.json, "operations")
        number = len(operations) if isinstance(operations, list) else 0
        return Said("sent", "send", f"{number} operations at once" if number else "many operations at once")
    if kind in DISCOVERY:
        return Said("asked", "ask", "what this service offers")
    if kind in ("", ".search"):
        return Said("looked", "look", "for users and groups")
    return _asked_for(entry, kind, "")


def _asked_for(entry: LoggedRequest, _kind: str, _name: str) -> Said:
    return Said("asked", "ask", f"for {entry.method} {entry.path}")


def _read(entry: LoggedRequest, kind: str, name: str) -> Said:
    if len(entry.segments) > 1:
        return Said("read", "read", name)
    return _looked_for(kind, parameters_of(entry).get("filter"))


def _looked_for(kind: str, text: Any) -> Said:
    if isinstance(text, str) and text:
        return Said("looked", "look", f"for {kind} with {text}")
    return Said("listed", "list", kind)


def parameters_of(entry: LoggedRequest) -> dict[str, str]:
    """Return the parameters of a request's address by lower-cased name, as they are kept."""
    pairs = (part.partition("=") for part in entry.query.split("&") if part)
    return {name.lower(): unquote(value) for name, _, value in pairs}


def _name_of(entry: LoggedRequest, kind: str, names: Mapping[str, str]) -> str:
    """Return what the request was about: 'Dana Roe', 'the group Design', or what little is known."""
    told = next((each.target_name for each in entry.changes if each.target_id == entry.resource_id), None)
    sent = member_of(entry.json, "displayname") or member_of(entry.json, "username")
    known = names.get(entry.resource_id or "", None)
    name = told or known or (sent if isinstance(sent, str) else None)
    if not name:
        return NOBODY_KNOWN[kind]
    return f"the group {name}" if kind == "groups" else name


def member_of(body: Any, name: str) -> Any:
    """Return a member of an object by its lower-cased name, however it is written; None where there is none."""
    if not isinstance(body, dict):
        return None
    return next((value for key, value in body.items() if key.lower() == name), None)


def steps_of(entry: LoggedRequest) -> list[Step]:
    """Return the single changes that the body of a PATCH asks for, in order; none where it is no such body."""
    operations = member_of(entry.json, "operations")
    found = operations if isinstance(operations, list) else []
    return [step for each in found if isinstance(each, dict) for step in _steps(each)]


def _steps(operation: Mapping[str, Any]) -> Iterator[Step]:
    op = str(member_of(operation, "op") or "").lower()
    path, value = member_of(operation, "path"), member_of(operation, "value")
    if isinstance(path, str) and path:
        yield Step(op, path, value)
    elif isinstance(value, dict):
        yield from (Step(op, name, each) for name, each in value.items() if name.lower() not in DESCRIPTIVE)


def _changed(entry: LoggedRequest, _kind: str, name: str) -> Said:
    steps = steps_of(entry)
    if not steps:
        return Said("changed", "change", name)
    if all(is_about_members(step) for step in steps):
        return _moved_members(steps, name)
    if len(steps) == 1:
        return _one_step(steps[0], name)
    return Said("changed", "change", f"{listed([plain_name(step.attribute) for step in steps])} of {name}")


def is_about_members(step: Step) -> bool:
    """Return whether a change is about the members of a group."""
    return plain_name(step.attribute).lower() == "members"


def _moved_members(steps: Sequence[Step], name: str) -> Said:
    operations = {step.op for step in steps}
    number = sum(number_of_members(step) for step in steps)
    members = "1 member" if number == 1 else f"{number} members" if number else "members"
    verbs = {"add": ("added", "add", "to"), "remove": ("removed", "remove", "from")}
    if len(operations) == 1 and (op := operations.pop()) in verbs:
        past, base, where = verbs[op]
        what = "all members" if op == "remove" and not number else members
        return Said(past, base, f"{what} {where} {name}")
    return Said("changed", "change", f"the members of {name}")


def number_of_members(step: Step) -> int:
    """Return how many members a change names, by its list or by its path."""
    if isinstance(step.value, list):
        return len(step.value)
    return int("[" in step.attribute or isinstance(step.value, dict))


def _one_step(step: Step, name: str) -> Said:
    attribute = plain_name(step.attribute)
    if step.op == "remove" or step.value is None:
        return Said("removed", "remove", f"{attribute} from {name}")
    value = value_in_words(step.value)
    if value is None:
        return Said("set", "set", f"{attribute} for {name}")
    return Said("set", "set", f"{attribute} to {value} for {name}")


def plain_name(path: str) -> str:
    """Return an attribute's path without its schema: `department` of `urn:…:User:department`."""
    before, _, rest = path.partition("[")
    return (before.rpartition(":")[2] or before) + rest.rpartition("]")[2]


def value_in_words(value: Any) -> str | None:
    """Return a short value as text, None where it is none or longer than a line has room for."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = member_of(value, "value")
    if not isinstance(value, str | int | float):
        return None
    text = str(value)
    return text if 0 < len(text) <= LONGEST_VALUE else None


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: each once, the first three, and how many more."""
    each = list(dict.fromkeys(words))
    if len(each) > MOST_NAMED:
        each = [*each[: MOST_NAMED - 1], f"{len(each) - MOST_NAMED + 1} more"]
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"
