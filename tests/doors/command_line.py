"""Driver of the command line: `gatelodge …` in this process, with an environment of its own."""

import io
import json
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from typing import Any
from unittest import mock

from provisioning import cli
from provisioning.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def code(self) -> str:
        """The stable code of the refusal, '' where there is none."""
        return self.err.partition(":")[0] if self.status else ""


class CommandLine:
    """An operator at a shell.

    Args:
        settings: what the environment says.
    """

    def __init__(self, settings: Settings) -> None:
        self.environment = environment_of(settings)

    def run(self, *arguments: object, **environment: str) -> Outcome:
        """Run one command to its end; `environment` joins the usual one."""
        out, err = io.StringIO(), io.StringIO()
        variables = {**self.environment, **environment}
        with mock.patch.dict(os.environ, variables), redirect_stdout(out), redirect_stderr(err):
            status = cli.run([str(argument) for argument in arguments])
        return Outcome(status, out.getvalue(), err.getvalue())

    def json(self, *arguments: object) -> Any:
        """Run one command that must succeed; its one JSON value."""
        outcome = self.run(*arguments, "--json")
        assert outcome.status == 0, outcome.err
        return json.loads(outcome.out)

    def refused(self, *arguments: object) -> str:
        """Run one command that must be refused; the stable code. Nothing may be on stdout then."""
        outcome = self.run(*arguments)
        assert outcome.status == 1, outcome
        assert outcome.out == ""
        assert outcome.err.count("\n") == 1, outcome.err
        return outcome.code


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The environment variables that make these settings."""
    found = {each.metadata["variable"]: getattr(settings, each.name) for each in fields(Settings)}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items() if value
    }
