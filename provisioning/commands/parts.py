"""`gatelodge web | relay | worker | migrate`: the parts of an installation, each a process of its own.

The long-running ones are programs that load only what they need, so this process becomes them (the process id stays,
signals reach them directly). What is wrong with the configuration is said before that.
"""

import os
import sys
import tempfile

import click

from provisioning.settings import load

# Where the processes of the web share their counters; prometheus_client reads its name from here alone.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def web(host: str, port: int) -> None:
    """Answer requests, in the foreground."""
    settings = load(os.environ)
    if settings.metrics_address and METRICS_FOLDER not in os.environ:
        os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="gatelodge-metrics-")
    _become("provisioning.web", host, str(port))


@click.command()
def relay() -> None:
    """Ring for what the outbox owes, and seal the activity report, in the foreground."""
    load(os.environ)
    _become("provisioning.background", "relay")


@click.command()
def worker() -> None:
    """Run jobs (mails, notices), in the foreground; start as many as wanted."""
    load(os.environ)
    _become("provisioning.background", "worker")


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema, as its owner (GATELODGE_MIGRATE_URL)."""
    _become("provisioning.migration")


def program(module: str, *arguments: str) -> list[str]:
    """Return the command line of one of our programs, under this very Python."""
    return [sys.executable, "-m", module, *arguments]


def _become(module: str, *arguments: str) -> None:
    sys.stdout.flush()
    argv = program(module, *arguments)
    os.execv(argv[0], argv)  # noqa: S606 - our own interpreter and module.
