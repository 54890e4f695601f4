"""`attributes` and `excludedAttributes`: which parts of a resource an answer shows (RFC 7644 sections 3.4.2.5, 3.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import Code, Refusal
from provisioning.scim.traits import ResourceType

ALWAYS = frozenset({"schemas", "id"})
Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Projection:
    """What is asked for: lower-cased paths `name`, `name.sub`, `urn`, `urn:name[.sub]`; both empty for everything."""

    wanted: Names | None = None
    excluded: Names = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether the whole resource is shown."""
        return self.wanted is None and not self.excluded

    def shows(self, name: str) -> bool:
        """Return whether any part of a core attribute is shown, so that what is not need not be read."""
        name = name.lower()
        if self.wanted is not None:
            return any(path == name or path.startswith(f"{name}.") for path in self.wanted)
        return name not in self.excluded

    def of(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parts of a resource that are shown; `id` and `schemas` always are."""
        if self.is_everything:
            return dict(resource)
        shown: dict[str, Any] = {}
        for name, value in resource.items():
            part = value if name in ALWAYS else self._part(name.lower(), value)
            if part is not None:
                shown[name] = part
        return shown

    def _part(self, path: str, value: Any) -> Any:
        """Return what is shown of the value at a path, None for nothing."""
        if self.wanted is not None:
            return value if path in self.wanted else self._parts(path, value, self.wanted)
        if path in self.excluded:
            return None
        return self._parts(path, value, self.excluded) if self._goes_below(path, self.excluded) else value

    def _parts(self, path: str, value: Any, names: Names) -> Any:
        if not self._goes_below(path, names):
            return None
        if isinstance(value, list):
            elements = [self._parts(path, element, names) for element in value]
            return [element for element in elements if element] or None
        if not isinstance(value, dict):
            return None
        # Below an extension's URN stand attributes, which a colon joins; below an attribute sub-attributes.
        joint = ":" if path.startswith("urn:") and path.rpartition(":")[2] in ("user", "group") else "."
        parts = {name: self._part(f"{path}{joint}{name.lower()}", part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part is not None} or None

    @staticmethod
    def _goes_below(path: str, names: Names) -> bool:
        return any(name.startswith((f"{path}.", f"{path}:")) for name in names)


EVERYTHING = Projection()


def read_projection(attributes: str | None, excluded: str | None, resource: ResourceType) -> Projection:
    """Return the projection that two query parameters ask for.

    Args:
        attributes, excluded: comma lists with optional blanks, names in any case, perhaps with their URN.
        resource: whose core URN may stand before a name; unknown names show nothing and are no fault.

    Raises:
        Refusal: INVALID_SYNTAX where both are given.
    """
    if attributes is not None and excluded is not None:
        raise Refusal(Code.INVALID_SYNTAX, detail="'attributes' and 'excludedAttributes' exclude each other.")
    if attributes is not None:
        return Projection(wanted=_names(attributes, resource))
    return Projection(excluded=_names(excluded or "", resource))


def _names(text: str, resource: ResourceType) -> Names:
    core = resource.core.urn.lower()
    names = {name.strip().lower() for name in text.split(",") if name.strip()}
    whole = {trait.name.lower() for trait in resource.core.traits} if core in names else set()
    return frozenset(whole | {name.removeprefix(f"{core}:") for name in names})
