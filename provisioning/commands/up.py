"""`gatelodge up`: the options; the work is in `provisioning/up.py`."""

import os
from pathlib import Path

import click

from embedded import folder
from provisioning import up as installation
from provisioning.actions.accounts import NewAccount
from provisioning.commands.options import new_account_options
from provisioning.domain.accounts import checked_permission_system
from provisioning.observe import set_up_logs

DEFAULT_FOLDER = Path(".gatelodge")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that the web listens on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Folder in which everything is kept between starts.",
)
@click.option("--credentials", type=click.Path(path_type=Path), help="File to write the credentials to (mode 0600).")
@new_account_options(name="Example", root_email="root@example.com")
def up(host: str, port: int, data: Path, credentials: Path | None, asked: NewAccount) -> int:
    """Start everything on this machine: database, queue, web, relay, worker; mail goes into a folder.

    The first start makes an account by the options below --credentials; a later start finds it.
    """
    set_up_logs()
    checked_permission_system(asked.permissions)
    wishes = installation.Wishes(host, port or folder.free_port(), data, credentials, asked)
    return installation.run(wishes, os.environ, click.echo)
