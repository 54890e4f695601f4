"""Counting tries before they are judged, in a transaction of their own: no refusal takes the count back (LGN-2).

Also what a success does to the counters, and which browsers are known: those that a user has logged in with have a
counter of their own, so that nobody else can keep their owner out.
"""

from collections.abc import Collection, Mapping

from provisioning.actions.links import new_secret
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import Browser
from provisioning.domain import throttle
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import secret_hash
from provisioning.domain.throttle import Key
from provisioning.domain.users import User
from provisioning.store.throttle import (
    begin_anew,
    give_back,
    known_devices,
    move_devices,
    seconds_to_wait,
    take,
)
from provisioning.store.unit_of_work import Unit


@repeated
def count_try(caller: Caller, keys: Collection[Key], services: Services, *, gated: bool = True) -> Mapping[Key, int]:
    """Count a try at each counter; returns the tries of each by now, this one included.

    Args:
        caller: who tries.
        keys: the counters.
        services: from outside.
        gated: False counts also where the try would have had to wait.

    Raises:
        Refusal: TOO_MANY_REQUESTS with `retry_after` in seconds where one of them has to wait; nothing is counted then.
    """
    with services.unit(caller) as unit:
        taken = take(unit.connection, keys, unit.now, gated=gated)
        if len(taken) < len(keys):
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=seconds_to_wait(unit.connection, keys, unit.now))
        return taken


@repeated
def take_back(caller: Caller, keys: Collection[Key], services: Services) -> None:
    """Take a counted try back that was not judged."""
    with services.unit(caller) as unit:
        give_back(unit.connection, keys)


def keys_of_stranger(email: str, browser: Browser) -> list[Key]:
    """Return the counters of a browser that is not known: its network address, and what was typed as an email."""
    return [throttle.of_address(browser.address), throttle.of_typed(email)]


def devices_of(unit: Unit, browser: Browser) -> Mapping[tuple[str, str], str]:
    """Return whose known browser this is: (account id, user id) -> id of the device."""
    return known_devices(unit.connection, secret_hash(browser.device or ""))


def note_success(unit: Unit, user: User, browser: Browser, counted: bool) -> bool:
    """Forget the wrong tries of a user who is in; returns whether a new browser got in after wrong tries (LGN-9).

    Args:
        unit: the transaction that opens the session.
        user: who logs in.
        browser: from where.
        counted: the tries of address and email were counted for this login, and are given back.
    """
    email = user.email or ""
    device = devices_of(unit, browser).get((user.account_id, user.id))
    # What was refused for being too many in a row stays so until a new password is set, whoever gets in meanwhile.
    at_most = None if user.is_root else throttle.MOST_IN_A_ROW
    in_a_row = begin_anew(unit.connection, [throttle.of_user(user.account_id, email)], at_most)
    if device is not None:
        begin_anew(unit.connection, [throttle.of_device(user.account_id, device)])
    if counted:
        give_back(unit.connection, keys_of_stranger(email, browser))
    return device is None and in_a_row > 1


@repeated
def know_browser(user: User, browser: Browser, services: Services) -> str:
    """Return the new secret of a browser in which somebody has just set a password by a link from their mailbox.

    It is a proof as good as a login that this is their browser. So somebody who knows no browser yet, and whose tries
    others use up without end, has a way in that nobody can keep closed (PWD-5).
    """
    with services.unit(nobody(WayIn.CONSOLE, browser.address, user.account_id)) as unit:
        return remember_browser(unit, unit.users.lock(user.id), browser, services)


def remember_browser(unit: Unit, user: User, browser: Browser, services: Services) -> str:
    """Return the new secret of a browser, by which it is known from now on as this user's (LGN-2, SES-3)."""
    secret = new_secret(services)
    device = devices_of(unit, browser).get((user.account_id, user.id))
    if browser.device:
        move_devices(unit.connection, secret_hash(browser.device), secret_hash(secret))
    if device is None:
        unit.devices.add(unit.new_id(), user.id, secret_hash(secret), user.epoch, unit.now)
    else:
        unit.devices.touch(device, user.epoch, unit.now)
    return secret


def forget_wrong_tries(unit: Unit, user: User) -> None:
    """Begin the counters of a user anew, as a new password was set (LGN-2: 'until reset')."""
    keys = [throttle.of_user(user.account_id, user.email or ""), throttle.of_proof(user.account_id, user.id)]
    begin_anew(unit.connection, keys)


def tell_of_guessing(caller: Caller, user: User, services: Services) -> None:
    """Note that a hundred wrong passwords were tried in a row; the root user and the operator are told (LGN-2).

    The operator hears of it by the log of the worker that sends the root user's mail.
    """
    with services.unit(caller) as unit:
        unit.record(Event("login.guessed", "user", user.id, user.name))
        if user.is_root:
            unit.owe(MailKind.PASSWORD_GUESSED.value, {"user_id": user.id})
