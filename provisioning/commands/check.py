"""`gatelodge check`: what an installation needs, one line each; any fault is exit status 1."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
from redis import Redis
from redis.exceptions import RedisError

from provisioning.actions.services import Services
from provisioning.commands.installation import environment_at
from provisioning.commands.output import printable, show
from provisioning.domain.caller import WayIn, nobody
from provisioning.settings import Settings, SettingsError, is_loopback, load
from provisioning.store.engine import Unavailable
from provisioning.store.schema import database_time, is_current
from provisioning.wiring import services_from
from saml.self_check import SelfCheckError, check_libraries
from workers.jobs.owed import PaymentFault
from workers.mailer import MailUrlError, open_mailer

MOST_CLOCK_DIFFERENCE = 30.0
ANSWER_SECONDS = 3
FAULTS = (SettingsError, Unavailable, RedisError, PaymentFault, MailUrlError, SelfCheckError, OSError, ValueError)


class Fault(ValueError):
    """A part that answers and is not as it must be; the text says what to do."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON value.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of a 'gatelodge up' on this machine.")
def check(as_json: bool, data: Path | None) -> int:
    """Check configuration, database, Redis, mail, clock and XML libraries, one line each."""
    found = [result("XML libraries", check_libraries)]
    try:
        settings = load(environment_at(data))
    except SettingsError as fault:
        found.insert(0, {"part": "configuration", "ok": False, "detail": str(fault)})
    else:
        found = [{"part": "configuration", "ok": True, "detail": settings.public_url}, *parts(settings), *found]
    if as_json:
        show(found, as_json=True)
    for line in [] if as_json else found:
        click.echo(f"{line['part']:<14} {'ok' if line['ok'] else 'FAULT'}  {printable(str(line['detail']))}")
    return 0 if all(line["ok"] for line in found) else 1


def parts(settings: Settings) -> list[dict[str, object]]:
    """Return what is found of each part that is reached over a connection."""
    services = services_from(settings)
    try:
        return [
            result("database", lambda: database(services)),
            result("Redis", lambda: redis(settings)),
            result("mail", lambda: mail(settings)),
            result("clock", lambda: clock(services)),
        ]
    finally:
        services.database.close()


def result(part: str, look: Callable[[], str]) -> dict[str, object]:
    """Return what a look at a part found: `part`, `ok`, `detail`."""
    try:
        return {"part": part, "ok": True, "detail": look()}
    except Unavailable:
        return {"part": part, "ok": False, "detail": "The database cannot be reached. Is DATABASE_URL right?"}
    except FAULTS as fault:
        return {"part": part, "ok": False, "detail": str(fault) or type(fault).__name__}


def database(services: Services) -> str:
    """Look whether the schema is the newest."""
    with services.read(nobody(WayIn.COMMAND_LINE, None)) as unit:
        if not is_current(unit.connection):
            raise Fault("The schema is not current; run 'gatelodge migrate'.")
    return "the schema is current"


def redis(settings: Settings) -> str:
    """Look whether Redis answers."""
    client = Redis.from_url(settings.redis_url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS)
    try:
        client.ping()
    finally:
        client.close()
    return "answers"


def mail(settings: Settings) -> str:
    """Look whether mail could be handed over."""
    open_mailer(settings.mail_url, is_loopback).check()
    return "could be handed over"


def clock(services: Services) -> str:
    """Look whether this machine and the database agree on the time: SAML and links depend on it."""
    with services.read(nobody(WayIn.COMMAND_LINE, None)) as unit:
        theirs: datetime = database_time(unit.connection)
    difference = abs((services.now() - theirs).total_seconds())
    if difference > MOST_CLOCK_DIFFERENCE:
        raise Fault(f"This machine and the database differ by {difference:.0f} s; set both by NTP.")
    return f"within {max(difference, 1):.0f} s of the database's"
