"""The call on billing usage, whose answer is the one top-level array of the wire format."""

from typing import Any

from flask import Response, jsonify

from provisioning.actions.billing import billing_usage
from provisioning.actions.environments import list_environments
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import billing_record
from provisioning.rest.schemas import BillingQuery

BILLING = Noun("Billing", "What is used of the plan.")
Members = dict[str, Any]


@BILLING.call(
    "GET", "/billing_usage", Permission.ACCOUNT_SEATS_MANAGE, query=BillingQuery, answer=records.BillingUsage, many=True
)
def get_billing_usage(caller: Caller, query: Members) -> Response:
    """Show the usage of the plan.

    Seats are all that this service counts. A cycle is a year that begins on the day the account was made; an empty
    list says that none began in the year asked for.
    """
    usage = billing_usage(caller, query.get("year"), services())
    return jsonify([billing_record(usage, _cloud_names(caller, query))] if usage.cycles else [])


def _cloud_names(caller: Caller, query: Members) -> list[str] | None:
    if not query.get("include_prodenv_breakdown", False):
        return None
    return [view.environment.cloud_name for view in list_environments(caller, services())]
