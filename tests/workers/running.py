"""Real processes: an own Valkey, relays and workers under our supervisor, in real time."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from embedded import EmbeddedValkey
from embedded.processes import Child
from provisioning.settings import Settings
from workers.supervisor import Program, Supervisor

ROOT = Path(__file__).parents[2]


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The environment that `settings` would be read from."""
    values = {each.metadata["variable"]: getattr(settings, each.name) for each in fields(Settings)}
    ours = {
        name: str(value).lower() if value in (True, False) else str(value) for name, value in values.items() if value
    }
    return {**os.environ, "PYTHONPATH": str(ROOT), **ours}


def launch(part: str, settings: Settings, log: Path | None = None) -> Child:
    """Start a relay or a worker as `gatelodge relay` and `gatelodge worker` do."""
    argv = [sys.executable, "-m", "provisioning.background", part]
    return Child(argv, environment=environment_of(settings), log=log)


def wait_until(holds: Callable[[], bool], seconds: float, tend: Callable[[], None] = lambda: None) -> None:
    """Wait until something holds, tending a supervisor meanwhile; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not come to hold within {seconds} s"
        tend()
        time.sleep(0.05)


class Machine:
    """Valkey, a relay and a worker, kept running as `gatelodge up` keeps them.

    Args:
        valkey: not yet started; settings name its address once it is.
        settings: for the parts.
        log: file that the parts write to.
    """

    def __init__(self, valkey: EmbeddedValkey, settings: Settings, log: Path) -> None:
        self.valkey = valkey
        self.children: dict[str, Child] = {}
        self.supervisor = Supervisor(
            {"valkey": valkey},
            {part: Program(lambda part=part: self._launch(part, settings, log)) for part in ("relay", "worker")},
            time.monotonic,
        )

    def _launch(self, part: str, settings: Settings, log: Path) -> Child:
        self.children[part] = launch(part, settings, log)
        return self.children[part]
