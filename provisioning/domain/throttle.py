"""What slows guessing down and locks nobody out: counters of tries, as a table (LGN-2, PWD-5).

A try is counted before it is judged, so that a hundred at once are a hundred. What was typed as an email counts whether
or not anybody has it, so that the pace tells nothing; a browser that a person has logged in with has a counter of its
own, so that others cannot keep its owner out; and a hundred wrong passwords in a row refuse the password from all other
browsers, but for the root user, whom nobody may lock out.
"""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from provisioning.domain.addresses import is_email
from provisioning.domain.comparison import comparison_key, email_key
from provisioning.domain.keys import secret_hash

# Seconds that the next try waits, by the number of tries beyond the free ones; the last one repeats.
PAUSES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900)
# Wrong tries in a row after which the password is refused from unknown browsers until a new one is set.
MOST_IN_A_ROW = 100
# How an IPv6 network is handed out: whoever has one address of it has all.
NETWORK_BITS = {4: 32, 6: 64}


class Counter(StrEnum):
    """The kinds of counters; one never counts for another (TEN-5)."""

    ADDRESS = "address"
    DEVICE = "device"
    EMAIL = "email"
    FORGOT = "forgot"
    PROOF = "proof"
    USER = "user"
    WRONG_KEY = "wrong_key"


# Tries that cost nothing; from the next one on the pauses grow.
FREE = {Counter.ADDRESS: 50, Counter.DEVICE: 4, Counter.EMAIL: 4, Counter.FORGOT: 4, Counter.PROOF: 4}
# After so long without a try the counter begins anew. The others end only by a success or a new password.
FORGOTTEN_AFTER = {
    Counter.ADDRESS: timedelta(hours=1),
    Counter.EMAIL: timedelta(days=1),
    Counter.FORGOT: timedelta(days=1),
    Counter.WRONG_KEY: timedelta(hours=1),
}


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Names one counter.

    Attributes:
        account_id: '' for what is of no account.
        counter: the kind.
        subject: whom it counts for, as an id or a hash.
    """

    account_id: str
    counter: Counter
    subject: str


def of_address(address: str | None) -> Key:
    """Return the counter of a network address; of IPv6 the whole network that one customer has."""
    return Key("", Counter.ADDRESS, network_of(address))


def of_wrong_keys(address: str | None, window: int) -> Key:
    """Return the counter of wrong keys of a network address in a stretch of time, which has a number (KEY-4)."""
    return Key("", Counter.WRONG_KEY, f"{network_of(address)} {window}")


def of_typed(email: str, counter: Counter = Counter.EMAIL) -> Key:
    """Return the counter of what was typed as an email, in every spelling the same (IDN-1)."""
    return Key("", counter, _subject(email))


def of_user(account_id: str, email: str) -> Key:
    """Return the counter of wrong tries in a row by account and email; account '' where nobody has the email."""
    return Key(account_id, Counter.USER, _subject(email))


def of_device(account_id: str, device_id: str) -> Key:
    """Return the counter of a browser that its owner has logged in with."""
    return Key(account_id, Counter.DEVICE, device_id)


def of_proof(account_id: str, user_id: str) -> Key:
    """Return the counter of fresh proofs in a user's sessions (SES-4)."""
    return Key(account_id, Counter.PROOF, user_id)


def network_of(address: str | None) -> str:
    """Return the network that stands for an address, '' for none."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    mapped = getattr(parsed, "ipv4_mapped", None)
    host = mapped or parsed
    return str(ipaddress.ip_network(f"{host}/{NETWORK_BITS[host.version]}", strict=False))


def is_refused(tries: int, is_root: bool) -> bool:
    """Return whether the password of a user is not even looked at from an unknown browser (LGN-2, ROOT-2).

    Args:
        tries: in a row, this one included.
        is_root: of the root user the delay alone grows on.
    """
    return tries > MOST_IN_A_ROW and not is_root


def wait_in_words(seconds: int) -> str:
    """Return a pause in words for people: '40 seconds', '3 minutes'."""
    number, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _subject(email: str) -> str:
    return secret_hash(email_key(email) if is_email(email) else comparison_key(email))
