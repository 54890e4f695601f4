"""Sends deliveries to webhooks: side by side, as most of the time is spent waiting for receivers (NET-2, JOB-3).

A delivery is leased in one short transaction and its answer noted in another; between them no lock is held. One that a
killed worker had begun comes due again after its lease, and goes out with the same id, so that a receiver knows it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from provisioning.actions.services import Services
from provisioning.actions.webhook_deliveries import begin_delivery, end_delivery
from workers.jobs.owed import word_of
from workers.queues import RowId

log = structlog.get_logger("workers")


def send_deliveries(rows: Sequence[RowId], services: Services) -> None:
    """Send each delivery that is still wanted, and note what was answered.

    Args:
        rows: (account id, delivery id).
        services: from outside; each attempt ends within the 10 s of the outgoing client.
    """
    with ThreadPoolExecutor(max_workers=max(len(rows), 1), thread_name_prefix="webhook") as pool:
        for account_id, delivery_id in rows:
            pool.submit(_send, account_id, delivery_id, services)


def _send(account_id: str, delivery_id: str, services: Services) -> None:
    """Send one delivery; a fault of ours leaves it to its lease."""
    try:
        sending = begin_delivery(account_id, delivery_id, services)
        if sending is None:
            return
        answer = services.outgoing.tell(sending.url, sending.headers, sending.delivery.body)
        outcome = end_delivery(sending, answer, services)
    except Exception as fault:
        log.warning("webhook.fault", delivery=delivery_id, fault=word_of(fault))
        return
    log.info("webhook.sent", delivery=delivery_id, attempt=sending.delivery.attempts, outcome=outcome)
