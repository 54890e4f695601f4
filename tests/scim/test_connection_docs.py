"""docs/scim-connections.md says of every setting and profile what the code has, and of nothing else."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

from provisioning.domain.scim_connections import Profile, ScimConnection

PAGE = (Path(__file__).parents[2] / "docs" / "scim-connections.md").read_text(encoding="utf-8")


def rows_of(name: str) -> list[list[str]]:
    """The cells of the rows of a marked table, without its head."""
    table = re.search(rf"<!-- {name}\b.*?-->\n(.*?)<!-- end of {name} -->", PAGE, re.DOTALL)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


def preset_of(field) -> str:
    value = field.default if field.default is not MISSING else None
    if value is None or value == ():
        return "none" if field.default is not MISSING or field.default_factory is not MISSING else ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return ", ".join(f"`{each}`" for each in sorted(value)) if isinstance(value, frozenset) else f"`{value}`"


def test_every_setting_has_its_row_with_its_preset():
    told = {cells[0].strip("`"): cells[1] for cells in rows_of("settings")}
    settings = [field for field in fields(ScimConnection) if field.name not in ("id", "account_id")]
    assert told == {field.name: preset_of(field) for field in settings}


def test_every_profile_has_its_row():
    assert [cells[0].strip("`") for cells in rows_of("profiles")] == [profile.value for profile in Profile]
