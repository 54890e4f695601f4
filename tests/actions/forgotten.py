"""'Forgot your password' with what a worker does about it afterwards."""

import psycopg

from provisioning.actions import passwords
from provisioning.actions.services import Services
from workers.jobs.resets import answer_resets

ASKED = "select account_id, id from outbox where account_id = '' and kind = 'reset_asked' and done_at is null"


def pay_resets(services: Services) -> None:
    """Answer every reset that was asked for; which ones there are is asked past the product."""
    url = services.database.writer.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        rows = connection.execute(ASKED).fetchall()
    answer_resets([(account_id, row_id) for account_id, row_id in rows], services)


def forgot_password(email: str, address: str | None, services: Services) -> None:
    """Ask for a new password, and have a worker answer."""
    passwords.forgot_password(email, address, services)
    pay_resets(services)
