"""Steps of a PATCH to an edit: a pure function from the present resource to the one that is to be.

What a step does depends on the shape of its target (one value, a part of a complex one, a list, selected elements of a
list) and on nothing else; the table SHAPES says so. All steps apply in order or none does: the edit runs within the
action's transaction, and a refusal anywhere in it undoes everything.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.users import User, UserChanges
from provisioning.scim.filters import terms_of_equality
from provisioning.scim.operations import Op, Step
from provisioning.scim.paths import Target
from provisioning.scim.resources import user_changes, user_resource
from provisioning.scim.selection import selects
from provisioning.scim.traits import Trait

Container = dict[str, Any]


def user_edit(steps: Sequence[Step], *, create_on_replace: bool = True) -> Callable[[User], UserChanges]:
    """Return the edit of a user that a PATCH asks for.

    Args:
        steps: operations.read_patch of the body.
        create_on_replace: whether a `replace` at elements that are not there makes one, as Entra expects.

    Returns:
        present user -> change set, empty where the steps change nothing (RFC 7644 section 3.5.2.1).

    Raises (when run):
        Refusal: MUTABILITY, NO_TARGET, INVALID_VALUE.
    """

    def edit(user: User) -> UserChanges:
        before = user_resource(user)
        after = patched(before, steps, create_on_replace=create_on_replace)
        return user_changes(after, user, unassign_active=True) if after != before else UserChanges()

    return edit


def patched(resource: Mapping[str, Any], steps: Iterable[Step], *, create_on_replace: bool = True) -> Container:
    """Return a resource after some steps; the one given stays as it is.

    Raises:
        Refusal: MUTABILITY where a step changes what clients cannot, NO_TARGET where it selects nothing, INVALID_VALUE
            where it makes more than one value primary.
    """
    after = copy.deepcopy(dict(resource))
    for step in steps:
        if not _is_unchanged_protected(after, step):
            _apply(after, step, create_on_replace)
    return after


def _is_unchanged_protected(resource: Container, step: Step) -> bool:
    """Return whether a step names a protected attribute without changing it; refuse one that would (IDN-5)."""
    trait, leaf = step.target.trait, step.target.leaf
    if trait is None or leaf is None:
        return True
    if trait.is_read_only or leaf.mutability in ("readOnly", "immutable"):
        present = _container(resource, step.target).get(trait.name)
        present = present.get(leaf.name) if step.target.sub and isinstance(present, dict) else present
        if step.op is Op.REMOVE or present is None or present != step.value:
            raise _protected(leaf)
        return True
    if trait.required and step.op is Op.REMOVE:
        raise _protected(leaf)
    return False


def _protected(trait: Trait) -> Refusal:
    return Refusal(Code.MUTABILITY, trait.name, attribute=trait.name)


def _container(resource: Container, target: Target) -> Container:
    """Return where the target's attribute is: the resource, or what it holds of an extension."""
    if target.urn is None:
        return resource
    found: Container = resource.get(target.urn) or {}
    return found


def _apply(resource: Container, step: Step, create_on_replace: bool) -> None:
    trait = step.target.trait
    if trait is None:
        return
    container = _container(resource, step.target)
    _shape(step.target)(container, trait, step, create_on_replace)
    if container.get(trait.name) in (None, [], {}):
        container.pop(trait.name, None)
    if step.target.urn is not None:
        resource[step.target.urn] = container
        if not container:
            del resource[step.target.urn]


def _shape(target: Target) -> Callable[[Container, Trait, Step, bool], None]:
    is_list = target.trait is not None and target.trait.multi_valued
    return SHAPES[is_list, target.selection is not None, target.sub is not None]


def _one_value(container: Container, trait: Trait, step: Step, _: bool) -> None:
    if step.op is Op.REMOVE:
        container.pop(trait.name, None)
    else:
        container[trait.name] = step.value


def _part(container: Container, trait: Trait, step: Step, _: bool) -> None:
    value = container.setdefault(trait.name, {})
    _set_part(value, step)


def _set_part(value: Container, step: Step) -> None:
    name = step.target.sub.name if step.target.sub else ""
    if step.op is Op.REMOVE:
        value.pop(name, None)
    else:
        value[name] = step.value


def _whole_list(container: Container, trait: Trait, step: Step, _: bool) -> None:
    present: list[Container] = container.get(trait.name) or []
    if step.op is Op.REPLACE:
        container[trait.name] = _without_doubles(step.value)
    elif step.op is Op.ADD:
        new = [element for element in _without_doubles(step.value) if element not in present]
        container[trait.name] = _with_one_primary(trait, [*present, *new], new)
    elif step.value is None:
        container[trait.name] = []
    else:
        container[trait.name] = [element for element in present if not _is_listed(element, step.value)]


def _without_doubles(elements: Iterable[Container]) -> list[Container]:
    found: list[Container] = []
    for element in elements:
        if element and element not in found:
            found.append(element)
    return found


def _is_listed(element: Container, listed: Iterable[Container]) -> bool:
    return any(given.items() <= element.items() for given in listed)


def _part_of_all(container: Container, trait: Trait, step: Step, _: bool) -> None:
    elements: list[Container] = container.setdefault(trait.name, [])
    if not elements and step.op is not Op.REMOVE:
        elements.append({})
    for element in elements:
        _set_part(element, step)
    container[trait.name] = _with_one_primary(trait, [element for element in elements if element], elements)


def _selected(container: Container, trait: Trait, step: Step, create_on_replace: bool) -> None:
    elements: list[Container] = container.get(trait.name) or []
    chosen = [element for element in elements if _is_selected(element, trait, step)]
    if chosen:
        for element in chosen:
            _change_element(element, trait, step)
    else:
        chosen = [_created(trait, step, create_on_replace)]
        elements = [*elements, *chosen]
    container[trait.name] = _with_one_primary(trait, [element for element in elements if element], chosen)


def _is_selected(element: Container, trait: Trait, step: Step) -> bool:
    return step.target.selection is not None and selects(step.target.selection, element, trait)


def _change_element(element: Container, trait: Trait, step: Step) -> None:
    if step.target.sub is not None:
        _set_part(element, step)
        return
    kept = {} if step.op is not Op.ADD else dict(element)
    if step.op is Op.REPLACE:
        kept = _equal_terms(trait, step)
    element.clear()
    if step.op is not Op.REMOVE:
        element.update(kept | step.value)


def _created(trait: Trait, step: Step, create_on_replace: bool) -> Container:
    """Return a new element made of the selection's terms and the value, as Entra expects.

    Raises:
        Refusal: NO_TARGET where none can be made, or the value says something else than the selection: each repetition
            of such a request would make one more.
    """
    is_allowed = step.op is Op.ADD or (step.op is Op.REPLACE and create_on_replace)
    made = _equal_terms(trait, step) if is_allowed else {}
    if made:
        _change_element(made, trait, step)
    if not made or not _is_selected(made, trait, step):
        raise Refusal(Code.NO_TARGET, "path", detail=f"no value of '{trait.name}' is selected.")
    return made


def _equal_terms(trait: Trait, step: Step) -> Container:
    """Return the sub-attributes that a selection of `eq` terms joined by `and` asks for; none for any other."""
    terms = terms_of_equality(step.target.selection) if step.target.selection else None
    found = [(trait.find(term.path), term.value) for term in terms or []]
    return {sub.name: value for sub, value in found if sub is not None}


def _with_one_primary(trait: Trait, elements: list[Container], changed: Sequence[Container]) -> list[Container]:
    """Clear `primary` elsewhere where a change set it (RFC 7644 section 3.5.2); refuse to set it in two at once."""
    chosen = [element for element in changed if element.get("primary") is True]
    if len(chosen) > 1:
        raise invalid(trait.name, f"The attribute '{trait.name}' has more than one primary value.")
    for element in elements if chosen else ():
        if element is not chosen[0] and element.get("primary") is True:
            element["primary"] = False
    return elements


# (is a list, has a selection, names a sub-attribute) -> how a step changes it.
SHAPES: Mapping[tuple[bool, bool, bool], Callable[[Container, Trait, Step, bool], None]] = {
    (False, False, False): _one_value,
    (False, False, True): _part,
    (True, False, False): _whole_list,
    (True, False, True): _part_of_all,
    (True, True, False): _selected,
    (True, True, True): _selected,
}
