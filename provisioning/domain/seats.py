"""SEAT: who holds a seat, the limit's arithmetic, and the one refusal with used and limit (SEAT-1 to SEAT-3)."""

from dataclasses import dataclass
from enum import StrEnum

from provisioning.domain.errors import Code, Refusal, invalid

MOST_ADDITIONAL_BY_SELF_SERVICE = 20
MOST_SEATS = 10_000_000


class Plan(StrEnum):
    """The plans; each brings a number of seats."""

    FREE = "free"
    PAID = "paid"
    ENTERPRISE = "enterprise"


SEATS_OF_PLAN = {Plan.FREE: 3, Plan.PAID: 10, Plan.ENTERPRISE: 50}


@dataclass(frozen=True, slots=True)
class Seats:
    """The seat counter of an account.

    Attributes:
        used: users that are not deleted, the root user, the pending and the disabled too (SEAT-1).
        plan_seats: number that the plan brings.
        additional: additional subscriptions (SEAT-2).
    """

    used: int
    plan_seats: int
    additional: int

    @property
    def limit(self) -> int:
        """The number of users that the account may have."""
        return self.plan_seats + self.additional

    @property
    def is_full(self) -> bool:
        """Whether the next user would be refused (SEAT-4)."""
        return self.used >= self.limit


def require_room(after: Seats) -> None:
    """Refuse a counter that, with the users just added, is above the limit (SEAT-3).

    Args:
        after: the counter as it would stand after the change.
    """
    if after.used > after.limit:
        raise Refusal(Code.SEAT_LIMIT_REACHED, used=after.limit, limit=after.limit)


def with_plan_seats(seats: Seats, plan_seats: int, additional: int) -> Seats:
    """Return the counter with another limit; refuse one below the seats in use (SEAT-2).

    Raises:
        Refusal: INVALID_VALUE for an impossible number, SEATS_BELOW_USE.
    """
    if not (0 < plan_seats <= MOST_SEATS and 0 <= additional <= MOST_SEATS):
        raise invalid("seats", f"The number of seats lies between 1 and {MOST_SEATS}.")
    changed = Seats(seats.used, plan_seats, additional)
    if changed.limit < seats.used:
        raise Refusal(Code.SEATS_BELOW_USE, "seats", used=seats.used)
    return changed


def with_additional(seats: Seats, additional: int) -> Seats:
    """Return the counter with another number of additional subscriptions, as far as self-service goes (SEAT-2).

    Raises:
        Refusal: INVALID_VALUE beyond 20, with whom to ask; SEATS_BELOW_USE.
    """
    if not 0 <= additional <= MOST_ADDITIONAL_BY_SELF_SERVICE:
        most = MOST_ADDITIONAL_BY_SELF_SERVICE
        raise invalid("seats", f"Up to {most} additional users can be chosen here. For more, contact support.")
    return with_plan_seats(seats, seats.plan_seats, additional)
