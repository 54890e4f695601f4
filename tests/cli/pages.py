"""The pages of docs/ about configuration and commands, made from the settings and the commands themselves.

`python -m tests.cli.pages` writes them anew; test_pages.py compares them with what stands in docs/.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import click

from provisioning.cli import gatelodge
from provisioning.commands.saml import SETTINGS as SAML_SETTINGS
from provisioning.commands.scim import SETTINGS as SCIM_SETTINGS
from provisioning.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
MADE = "<!-- Made by `python -m tests.cli.pages` from the program itself; a test compares. Do not edit. -->"
SHARED = ("--json", "--data", "--reason", "--help")


def configuration_page() -> str:
    """Every setting: its variable, preset and meaning."""
    rows = [
        f"| `{each.metadata['variable']}` | {preset(each)} | {each.metadata['text'].replace('|', chr(92) + '|')} |"
        for each in fields(Settings)
    ]
    return f"""# Configuration

{MADE}

Everything is configured by environment variables, read once when a process starts. Unsafe combinations do not start:
the process says which variable is wrong and ends with 1. `gatelodge check` tries all of it, one line a part.

`gatelodge up` sets what it finds unset: it starts its own PostgreSQL and Valkey, keeps a key in its data folder, takes
the public address from `--host` and `--port`, and writes mail into a folder.

| variable | preset | meaning |
| --- | --- | --- |
{chr(10).join(rows)}

Two more are read by libraries: `SSL_CERT_FILE` names the authorities by which certificates of others are checked,
and `RQ_KEY_PREFIX` the beginning of our keys in Redis (preset `gatelodge`).
"""


def preset(field: object) -> str:
    """What holds where a variable is not set."""
    if field.metadata["required"]:
        return "required"
    default = field.default
    return "–" if default in (None, "") else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def command_line_page() -> str:
    """Every command with its arguments and options."""
    sections = "\n".join(section(path, command) for path, command in commands(gatelodge, ()))
    return f"""# The command line

{MADE}

`gatelodge COMMAND --help` says the same at the terminal.

## What all operator's commands share

- `--data DIR` works on the folder of a `gatelodge up` of this machine; without it the environment counts
  (`DATABASE_URL`, `GATELODGE_PUBLIC_URL`, `GATELODGE_SECRET_KEY`).
- `--json` prints one JSON value on the standard output and nothing else.
- `--reason TEXT` stands in the activity report; at a terminal you are asked for it where something changes.
- Exit status 0: done. 1: refused or not possible; one line `code: sentence` on the standard error, and nothing was
  changed. The codes are those of [errors](errors.md), and besides `configuration`, `database_unavailable`,
  `not_started`, `not_possible` and `stopped`. 2: the command was not understood; it says how it goes.
- Secrets are printed once, when they are made, and are never arguments.
- USER is an id or an email, CONNECTION of SCIM a name or an id.

## What `account create` prints and `up` keeps

`up` writes it to `DIR/credentials.json` and to the file of `--credentials`, readable by you alone, before it says
`ready:`. A later start renews the addresses in it. Where the file is gone, a new key and token are made and
`root.password` is null.

```json
{{"base_url": "http://127.0.0.1:8080",
 "account": {{"id": "…", "name": "…"}},
 "product_environment": {{"id": "…", "cloud_name": "…"}},
 "provisioning_api": {{"key": "glk_…", "secret": "gls_…"}},
 "scim": {{"base_url": "http://127.0.0.1:8080/scim/v2", "token": "gst_…"}},
 "root": {{"id": "…", "email": "…", "password": "…"}},
 "mail_dir": "DIR/mail", "database_url": "…", "redis_url": "…", "metrics_url": "http://127.0.0.1:…/metrics"}}
```

## Settings of connections

`gatelodge saml connect|update … --set KEY=VALUE`: {listed(SAML_SETTINGS)}.

`gatelodge scim-connection create|update … --set KEY=VALUE`: {listed(SCIM_SETTINGS)}.

Switches take true or false; lists have commas between; an empty value takes a text away.

## The commands

{sections}"""


def listed(keys: object) -> str:
    """Names in a row."""
    return ", ".join(f"`{key}`" for key in keys)


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, by name."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def section(path: tuple[str, ...], command: click.Command) -> str:
    """One command: how it is called, what it does, its own options."""
    context = click.Context(command, info_name=" ".join(path))
    arguments = " ".join(each.make_metavar(context) for each in command.params if isinstance(each, click.Argument))
    help_text = " ".join((command.help or "").split())
    lines = [f"### gatelodge {' '.join(path)}{f' {arguments}' if arguments else ''}", "", help_text, ""]
    own = [each for each in command.params if isinstance(each, click.Option) and each.opts[0] not in SHARED]
    records = [record for each in own if (record := each.get_help_record(context))]
    lines += [f"- `{names}`{f': {text}' if text else ''}" for names, text in map(shortened, records)]
    return "\n".join([*lines, ""] if records else lines)


def shortened(record: tuple[str, str]) -> tuple[str, str]:
    """An option and its text; the keys of `--set` stand above."""
    names, text = record
    return names, text.partition(" Keys:")[0]


PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration_page,
    "command-line.md": command_line_page,
}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
