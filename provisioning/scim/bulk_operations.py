"""The operations of a bulk: what each asks for, and how it is run by the verbs that single requests are run by.

An operation that is not understood is refused by itself, when its turn comes; only a fault of the message around them
refuses them all (bulk.py).
"""

import re
from collections import ChainMap, Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from provisioning.actions.bulk import Outcomes, Part, Written
from provisioning.actions.groups import GroupView
from provisioning.actions.services import Services
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, Refusals, invalid
from provisioning.domain.users import UserView
from provisioning.guard.json_limits import malformed
from provisioning.scim import writes
from provisioning.scim.bulk_references import (
    IdOf,
    Split,
    ids_in,
    in_order,
    naming_texts,
    references_in,
    resolved,
    unresolved,
    without_links,
)
from provisioning.scim.etags import accepted_versions
from provisioning.scim.quirks import members_by_name
from provisioning.scim.traits import GROUPS, USERS, ResourceType

METHODS = ("POST", "PUT", "PATCH", "DELETE")
# `/Users`, `/Users/<id>` or `/Users/bulkId:x`; one slash at the end is tolerated, as in addresses.
PATH = re.compile(r"/?(?P<type>Users|Groups)(?:/(?P<target>[^/]+))?/?")
TYPES = {"Users": USERS, "Groups": GROUPS}

CREATE: Mapping[str, Callable[..., UserView | GroupView]] = {
    USERS.name: writes.create_user,
    GROUPS.name: writes.create_group,
}
EDIT: Mapping[tuple[str, str], Callable[..., UserView | GroupView]] = {
    ("PUT", USERS.name): writes.replace_user,
    ("PUT", GROUPS.name): writes.replace_group,
    ("PATCH", USERS.name): writes.patch_user,
    ("PATCH", GROUPS.name): writes.patch_group,
}
DELETE: Mapping[str, Callable[..., object]] = {USERS.name: writes.delete_user, GROUPS.name: writes.delete_group}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as far as it was understood.

    Attributes:
        number: its place in the request, from 0.
        method: in upper case, '' where it is none.
        bulk_id: None where it has none.
        resource: the type that its path names.
        target: the id in its path, perhaps a reference; '' for the path of a type.
        body: its data.
        versions: what it accepts, None for any.
        references: the bulkIds that its path and its data refer to.
        names: the ids of ours whom it changes: in its path, and those of members in the data of a group.
        fault: why it cannot be run.
    """

    number: int
    method: str = ""
    bulk_id: str | None = None
    resource: ResourceType = USERS
    target: str = ""
    body: Mapping[str, Any] | None = None
    versions: frozenset[int] | None = None
    references: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    fault: Refusal | None = None


def read_operations(given: Sequence[Any]) -> list[Operation]:
    """Return the operations of a bulk; a bulkId that several of them carry is good for none of them.

    Args:
        given: the members of `Operations`, any JSON.
    """
    read = [_read(number, each) for number, each in enumerate(given)]
    carried = Counter(each.bulk_id for each in read if each.bulk_id is not None)
    return [_refused_if_ambiguous(each, carried) for each in read]


def _refused_if_ambiguous(operation: Operation, carried: Mapping[str, int]) -> Operation:
    if operation.fault is not None or operation.bulk_id is None or carried[operation.bulk_id] == 1:
        return operation
    fault = invalid("bulkId", f"Several operations have the bulkId '{operation.bulk_id[:80]}'.")
    return replace(operation, references=frozenset(), fault=fault)


def _read(number: int, given: Any) -> Operation:
    operation = Operation(number)
    try:
        if not isinstance(given, dict):
            raise malformed("an operation is not an object.")
        members = members_by_name(given)
        operation = _identified(operation, members)
        return _complete(_addressed(operation, members), members)
    except Refusal as fault:
        return replace(operation, fault=fault)


def _identified(operation: Operation, members: Mapping[str, Any]) -> Operation:
    """Return the operation with what its result is known by, be it refused or not."""
    method, bulk_id = members.get("method"), members.get("bulkid")
    named = method.upper() if isinstance(method, str) and method.upper() in METHODS else ""
    known = bulk_id if isinstance(bulk_id, str) and bulk_id else None
    path = members.get("path")
    found = PATH.fullmatch(path) if isinstance(path, str) else None
    resource, target = (TYPES[found["type"]], found["target"] or "") if found else (USERS, "")
    return replace(operation, method=named, bulk_id=known, resource=resource, target=target)


def _addressed(operation: Operation, members: Mapping[str, Any]) -> Operation:
    """Refuse a method that is none, a path that leads nowhere, a method that its path does not take."""
    if not operation.method:
        raise invalid("method", "The method of an operation is POST, PUT, PATCH or DELETE.")
    path = members.get("path")
    if not isinstance(path, str) or not PATH.fullmatch(path):
        raise invalid("path", "The path of an operation is /Users or /Groups, or that of one user or group.")
    if (operation.method == "POST") is bool(operation.target):
        raise Refusal(Code.METHOD_NOT_ALLOWED, method=operation.method)
    return operation


def _complete(operation: Operation, members: Mapping[str, Any]) -> Operation:
    """Return the operation with its data and what it depends on."""
    if operation.bulk_id is None and (operation.method == "POST" or members.get("bulkid") is not None):
        raise invalid("bulkId", "The bulkId of an operation is a text that is not empty, and a POST has one.")
    body, version = members.get("data"), members.get("version")
    if operation.method == "DELETE":
        body = {}
    if not isinstance(body, dict):
        raise malformed("the data of an operation is not an object.")
    if version is not None and not isinstance(version, str):
        raise invalid("version", "The version of an operation is not a text.")
    given = naming_texts([f"/{operation.target}", body])
    return replace(
        operation,
        body=body,
        versions=accepted_versions(version),
        references=references_in(given),
        names=ids_in(given if operation.resource is GROUPS else operation.target),
    )


def parts_of(operations: Sequence[Operation], caller: Caller) -> list[Part]:
    """Return the operations as parts that stand or fall together, in the order in which they can run.

    Args:
        operations: of `read_operations`.
        caller: who asks.
    """
    plan = _Plan(caller, {each.bulk_id: each.number for each in operations if each.method == "POST" and each.bulk_id})
    needs = {each.number: plan.needed_by(each) for each in operations}
    return [
        plan.part([operations[number] for number in circle], is_circle=circle[0] in needs[circle[-1]])
        for circle in in_order(needs)
    ]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How operations are run: for whom, and which POST a bulkId means."""

    caller: Caller
    numbers: Mapping[str, int]

    def needed_by(self, operation: Operation) -> frozenset[int]:
        return frozenset(self.numbers[bulk_id] for bulk_id in operation.references if bulk_id in self.numbers)

    def part(self, operations: Sequence[Operation], *, is_circle: bool) -> Part:
        numbers = tuple(each.number for each in operations)
        names = frozenset().union(*(each.names for each in operations))
        if len(operations) > 1 or is_circle:
            return Part(numbers, names, False, partial(self._run_circle, operations))
        (alone,) = operations
        return Part(numbers, names, self._is_plain(alone), partial(self._run_one, alone))

    def _is_plain(self, operation: Operation) -> bool:
        """Return whether it makes a user of whom no other connection has to be asked."""
        connection = self.caller.connection
        joins_nobody = connection is None or connection.saml_connection is None
        return operation.method == "POST" and operation.resource is USERS and joins_nobody

    def _run_one(self, operation: Operation, services: Services, known: Outcomes) -> Mapping[int, Written]:
        if operation.fault is not None:
            raise operation.fault
        return {operation.number: self._run(operation, operation.body, services, known)}

    def _run_circle(
        self, operations: Sequence[Operation], services: Services, known: Outcomes
    ) -> Mapping[int, Written]:
        """Make all of a circle without the links within it, then link them (RFC 7644 section 3.7.1)."""
        made: dict[int, Written] = {}
        known = ChainMap(made, dict(known))  # type: ignore[arg-type]
        within = frozenset(each.bulk_id for each in operations if each.bulk_id is not None)
        current = operations[0]
        try:
            links: list[tuple[Operation, Split]] = []
            for current in operations:
                split = without_links(current.body or {}, current.resource, within)
                made[current.number] = self._run(current, split.body, services, known)
                links.append((current, split))
            for current, split in links:
                if split.link is not None:
                    link = replace(current, method="PATCH", target=made[current.number].id)
                    made[current.number] = self._run(link, split.link, services, known)
        except Refusal as refusal:
            others = unresolved(current.bulk_id or "", "whose POST failed.")
            raise Refusals({each.number: refusal if each is current else others for each in operations}) from refusal
        return made

    def _run(
        self, operation: Operation, body: Mapping[str, Any] | None, services: Services, known: Outcomes
    ) -> Written:
        """Run the verb of one operation, its references resolved."""
        id_of = partial(self._id_of, known)
        body = resolved(body, id_of) if operation.references else body
        name, caller = operation.resource.name, self.caller
        if operation.method == "POST":
            return _written(CREATE[name](caller, body, services))
        target = _target(operation, id_of)
        if operation.method == "DELETE":
            DELETE[name](caller, target, services, operation.versions)
            return Written(target, None)
        return _written(EDIT[operation.method, name](caller, target, body, services, operation.versions))

    def _id_of(self, known: Outcomes, bulk_id: str) -> str:
        number = self.numbers.get(bulk_id)
        if number is None:
            raise unresolved(bulk_id, "which no POST of this request has.")
        outcome = known.get(number)
        if not isinstance(outcome, Written):
            raise unresolved(bulk_id, "whose POST failed.")
        return outcome.id


def _target(operation: Operation, id_of: IdOf) -> str:
    resolved_path: str = resolved(f"/{operation.target}", id_of)
    return resolved_path.removeprefix("/")


def _written(view: UserView | GroupView) -> Written:
    resource = view.user if isinstance(view, UserView) else view.group
    return Written(resource.id, resource.version)
