"""The receipt of an ended access: when, why, by whom, what ended with it, and who has confirmed it (OUT-2, SES-7).

It answers 'when did it stop?' long after the sessions' own rows are gone from the lists that people look at. It is
written in the transaction that ends the access; the confirmations of webhooks come later and are added when it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioning.domain.sessions import EndReason
from provisioning.domain.webhooks import DeliveryState

# What ending an access counts of each kind at once; a receipt with this many sessions gets the whole number later.
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended with an access.

    Attributes:
        sessions, pending_logins, links, devices: how many of each were live.
        keys: ids of the live account keys and SCIM tokens that the user answers for. They are the account's and go on;
            an administrator keeps or ends each (KEY-3).
    """

    sessions: int = 0
    pending_logins: int = 0
    links: int = 0
    devices: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A webhook that was to be told of the end, and when it confirmed; None where it has not yet."""

    webhook_id: str
    url: str
    state: DeliveryState
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """One receipt.

    Attributes:
        epoch: the user's epoch from then on: sessions below it are dead since `ended_at`.
        reason: why.
        way_in, ended_by, ended_by_name: by which door and by whom, as the activity report says it.
        confirmations: of webhooks; empty where none is told of ended sessions.
    """

    account_id: str
    id: str
    user_id: str
    epoch: int
    reason: EndReason
    way_in: str
    ended_by: str
    ended_by_name: str
    ended_at: datetime
    ended: Ended
    confirmations: tuple[Confirmation, ...] = ()


def all_confirmed_at(confirmations: Sequence[Confirmation]) -> datetime | None:
    """Return when the last webhook confirmed, None where one has not or none was to be told."""
    times = [each.confirmed_at for each in confirmations]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None
