"""Which job pays which kind of debt: the one table that relay and worker share (JOB-1).

A kind of the outbox that has no row here stays owed and is named in the relay's log; a function that has none is run
by nobody, whatever Redis says.
"""

from collections.abc import Callable, Mapping
from functools import partial

from provisioning.actions.passwords import RESET_ASKED
from provisioning.domain.events import TOLD
from provisioning.domain.invitations import MailKind
from workers.jobs.mail import MailDesk, send_mails
from workers.jobs.resets import answer_resets
from workers.jobs.sessions import settle_sessions
from workers.jobs.webhooks import send_deliveries

SEND_MAILS = "workers.jobs.mail.send_mails"
ANSWER_RESETS = "workers.jobs.resets.answer_resets"
SETTLE_SESSIONS = "workers.jobs.sessions.settle_sessions"
# Not of the outbox: its rows are deliveries, which keep their own times of retrying.
SEND_DELIVERIES = "workers.jobs.webhooks.send_deliveries"

# Kind of outbox row -> name of the job, as it stands in Redis.
SUBSCRIPTIONS: Mapping[str, str] = {
    **dict.fromkeys((kind.value for kind in MailKind), SEND_MAILS),
    TOLD["sessions.ended"]: SETTLE_SESSIONS,
    RESET_ASKED: ANSWER_RESETS,
}


def functions(desk: MailDesk) -> Mapping[str, Callable[..., None]]:
    """Return the jobs by name, bound to what they need from outside: all that a worker may run."""
    return {
        SEND_MAILS: partial(send_mails, desk=desk),
        SETTLE_SESSIONS: partial(settle_sessions, services=desk.services),
        ANSWER_RESETS: partial(answer_resets, services=desk.services),
        SEND_DELIVERIES: partial(send_deliveries, services=desk.services),
    }
