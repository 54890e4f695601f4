"""Calls about the provisioning log: what identity providers asked for, and running it again after a mend."""

from typing import Any

from provisioning.actions.provisioning_log import list_requests, replay_request, show_request
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.provisioning_log import log_query_from
from provisioning.guard.context import services
from provisioning.rest.calls import Noun
from provisioning.rest.log_shapes import (
    LogMembers,
    LogRecord,
    WholeRequestRecord,
    log_texts,
    request_record,
    whole_record,
)
from provisioning.rest.representation import Record

PROVISIONING_LOG = Noun("Provisioning log", "What identity providers asked for in the last 30 days, redacted.")
ALL = "/provisioning_log"
ONE = f"{ALL}/<request_id>"
PERMISSION = Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE
Members = dict[str, Any]


@PROVISIONING_LOG.call("GET", ALL, PERMISSION, query=LogMembers, answer=LogRecord)
def list_provisioning_log(caller: Caller, query: Members) -> Record:
    """List what identity providers asked for.

    Newest first. A request stands here half a second after its answer at the latest, and for 30 days.
    """
    page = list_requests(caller, log_query_from(log_texts(query)), services())
    more = {"next_cursor": page.cursor} if page.cursor is not None else {}
    return {"provisioning_log": [request_record(told) for told in page.requests], **more}


@PROVISIONING_LOG.call("GET", ONE, PERMISSION, answer=WholeRequestRecord)
def get_provisioning_request(caller: Caller, request_id: str) -> Record:
    """Show one request with its body."""
    return whole_record(show_request(caller, request_id, services()))


@PROVISIONING_LOG.call("POST", f"{ONE}/replay", PERMISSION, answer=WholeRequestRecord)
def replay_provisioning_request(caller: Caller, request_id: str) -> Record:
    """Run a refused request again.

    It runs as its connection, with what the connection may do now, and is answered as the new entry that it leaves. A
    request runs again once; where that is refused too, the new one can be run again.
    """
    return whole_record(replay_request(caller, request_id, services()))
