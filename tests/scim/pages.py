"""The parts of docs/scim.md that are made from the door's own tables, so that neither can move without the other.

A part stands between `<!-- made: NAME -->` and `<!-- end of NAME -->`; `python -m tests.architecture.pages` writes all
of them anew, and its test compares. The rest of the page is written by hand.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from provisioning.domain.errors import REFUSALS, Code
from provisioning.scim.discovery import provider_config
from provisioning.scim.errors import ANSWERS
from provisioning.scim.quirks import HABITS
from provisioning.scim.traits import COMMON, RESOURCE_TYPES, Trait

PAGE = Path(__file__).parents[2] / "docs" / "scim.md"
EXAMPLES = sorted((Path(__file__).parent / "rfc_examples").glob("*.yaml"))
# Codes that no SCIM request can meet: other doors' matters, which the table of the door maps all the same.
ELSEWHERE = re.compile(r"saml_|.*_connection|connection_|cloud_name|.*environment|.*invitation|link_|password|"
                       r"no_password|seats_below|not_owed|two_factor|permission_system|not_on_oneself|email_domain|enforce|"
                       r"invalid_credentials|invalid_metadata|media_library|sensitive")  # fmt: skip
PART = "<!-- made: {0} -->\n{1}\n<!-- end of {0} -->"


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown; the head is a line of it."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "| " + " | ".join("---" for _ in head.strip("| ").split("|")) + " |", *lines])


def errors() -> str:
    """Every code that a SCIM request can meet."""
    met = [code for code in Code if not ELSEWHERE.match(code.value)]
    rows = [
        (f"`{code.value}`", str(ANSWERS[code].status), ANSWERS[code].scim_type or "", REFUSALS[code].sentence)
        for code in met
    ]
    return table("| code | status | scimType | sentence |", rows)


def offered() -> str:
    """What /ServiceProviderConfig announces."""
    config = provider_config("https://<your host>")
    rows = [
        (f"`{name}`", ", ".join(f"{key} {words(value)}" for key, value in config[name].items()))
        for name in config
        if isinstance(config[name], dict) and name != "meta"
    ]
    return table("| what | as announced |", rows)


def words(value: object) -> str:
    """A value of JSON for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def attributes() -> str:
    """Every attribute of every schema, sub-attributes within the row of theirs."""
    parts = [schema("Common to all resources", COMMON)]
    for resource in RESOURCE_TYPES:
        parts += [schema(f"{resource.name}: `{each.urn}`", each.traits) for each in resource.tables]
    return "\n\n".join(parts)


def schema(title: str, traits: Iterable[Trait]) -> str:
    """The table of one schema."""
    rows = [(f"`{trait.name}`", kind(trait), behaviour(trait), of_parts(trait)) for trait in traits]
    return f"**{title}**\n\n" + table("| attribute | type | behaviour | sub-attributes |", rows)


def kind(trait: Trait) -> str:
    return f"{trait.type}, several" if trait.multi_valued else trait.type


def behaviour(trait: Trait) -> str:
    """What is not usual in an attribute, in RFC 7643's own words."""
    unusual = {
        "required": trait.required,
        trait.mutability: trait.mutability != "readWrite",
        f"returned {trait.returned}": trait.returned != "default",
        "exact": trait.case_exact and not trait.is_complex,
        "unique": trait.uniqueness != "none",
    }
    return ", ".join(word for word, holds in unusual.items() if holds)


def of_parts(trait: Trait) -> str:
    """The sub-attributes, each with what is not usual in it where its parent is not so itself."""
    said = behaviour(trait)
    found = []
    for sub in trait.sub:
        unusual = [word for word in behaviour(sub).split(", ") if word and word not in said and word != "exact"]
        found.append(f"`{sub.name}`" + (f" ({', '.join(unusual)})" if unusual else ""))
    return ", ".join(found)


def habits() -> str:
    """What identity providers get wrong and is understood all the same."""
    return "\n".join(f"- {habit.what}" for habit in HABITS)


def otherwise() -> str:
    """Where an answer is not what an RFC's example shows, and why."""
    head = "| RFC, section | example | what is otherwise | why |"
    return table(head, (row for path in EXAMPLES for row in rows_of(path)))


def rows_of(path: Path) -> Iterator[tuple[str, str, str, str]]:
    number = re.sub(r"\D*(\d+).*", r"\1", path.stem)
    for data in yaml.safe_load(path.read_text(encoding="utf-8")):
        where = f"{number}, {data['section']}"
        for what, reason in reasons(data).items():
            yield where, data["title"], what, reason


def reasons(data: Mapping[str, Any]) -> dict[str, str]:
    """What an example says we do otherwise: paths of the answer, or the whole request."""
    found = {f"`{name}`": reason for name, reason in data.get("otherwise", {}).items()}
    return found | ({"refused": data["refused"]} if "refused" in data else {})


PARTS: Mapping[str, Callable[[], str]] = {
    "offered": offered,
    "attributes": attributes,
    "habits": habits,
    "errors": errors,
    "otherwise": otherwise,
}


def scim_page() -> str:
    """docs/scim.md as it stands, with every part as the code has it."""
    text = PAGE.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        before, found, rest = text.partition(f"<!-- made: {name} -->")
        _, ended, after = rest.partition(f"<!-- end of {name} -->")
        if not (found and ended):
            raise ValueError(f"docs/scim.md has no part '{name}'")
        text = before + PART.format(name, make()) + after
    return text
