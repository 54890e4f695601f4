"""What commands print: one JSON value for programs, lines for people; and how a refusal leaves a command."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import click

Plain = Mapping[str, Any] | Sequence[Any] | str | int | bool | None
TIME = "%Y-%m-%dT%H:%M:%SZ"


def plain(value: Any) -> Any:
    """Return a value of the domain as JSON has it: times in UTC with Z, sets sorted, values by their fields."""
    if isinstance(value, datetime):
        return value.strftime(TIME)
    if isinstance(value, Mapping):
        return {str(name): plain(element) for name, element in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(element) for element in value)
    if isinstance(value, list | tuple):
        return [plain(element) for element in value]
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return value


def show(value: Any, *, as_json: bool) -> None:
    """Print the answer of a command on stdout.

    Args:
        value: a mapping, or a list of mappings.
        as_json: one JSON value; else lines for people.
    """
    shown = plain(value)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for line in _table(shown) if isinstance(shown, list) else _lines(shown):
        click.echo(line)


def fail(code: str, sentence: str) -> None:
    """Print why a command did nothing, on stderr."""
    click.echo(f"{code}: {printable(sentence)}", err=True)


def printable(text: str) -> str:
    """Return a text whose control characters are escaped: what people typed must not steer a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _text(value: Plain) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_text(element)}" for name, element in value.items())
    if isinstance(value, list):
        return ", ".join(_text(element) for element in value) or "-"
    return printable(str(value))


def _lines(value: Mapping[str, Any], prefix: str = "") -> list[str]:
    lines = []
    for name, element in value.items():
        if isinstance(element, Mapping) and element:
            lines += _lines(element, f"{prefix}{name}.")
        else:
            lines.append(f"{prefix}{name}: {_text(element)}")
    return lines


def _table(rows: list[Mapping[str, Any]]) -> list[str]:
    """Return rows under the names of their fields, each column as wide as its widest value."""
    if not rows:
        return []
    names = list(rows[0])
    cells = [names, *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
