"""POST /Bulk: the message of a bulk and its answer (RFC 7644 section 3.7).

The limits are those that ServiceProviderConfig announces; past them nothing runs. The answer has a result for every
operation that ran, in the order of the request, whatever order they ran in.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Blueprint, Response

from provisioning.actions.bulk import Outcomes, Written, run_bulk
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.json_limits import malformed
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim.bulk_operations import Operation, parts_of, read_operations
from provisioning.scim.bulk_references import PREFIX
from provisioning.scim.errors import error_answer
from provisioning.scim.etags import etag
from provisioning.scim.json_body import read_long_json
from provisioning.scim.notes import note
from provisioning.scim.quirks import members_by_name
from provisioning.scim.representation import dumps, location_of
from provisioning.scim.responses import json_response

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
MOST_OPERATIONS = 1_000
# Of an id that is none of ours; a longer one is cut in the answer.
LONGEST_TARGET = 200
STATUS = {"POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 204}

manages = requires(Permission.ACCOUNT_USERS_MANAGE, scim_caller)


class BulkRequest(NamedTuple):
    """What a bulk asks for: its operations, and after how many errors the rest is left (None: never)."""

    operations: Sequence[Operation]
    most_errors: int | None


def add_bulk(blueprint: Blueprint) -> None:
    """Add the route of /Bulk."""
    blueprint.add_url_rule("/Bulk", view_func=post_bulk, methods=["POST"], strict_slashes=False)


@manages
def post_bulk(caller: Caller) -> Response:
    """Run many operations; each stands or falls by itself (RFC 7644 section 3.7)."""
    asked = read_bulk(read_long_json())
    outcomes = run_bulk(caller, parts_of(asked.operations, caller), services(), asked.most_errors)
    _note_refused(outcomes)
    return json_response(bulk_body(asked.operations, outcomes, services().public_url))


def _note_refused(outcomes: Outcomes) -> None:
    """Tell the provisioning log how many operations were refused: the answer of the whole is 200 all the same."""
    codes = [outcome.code.value for outcome in outcomes.values() if isinstance(outcome, Refusal)]
    if codes:
        note(f"Of {len(outcomes)} operations {len(codes)} were refused, by {', '.join(sorted(set(codes)))}.")


def read_bulk(body: Mapping[str, Any]) -> BulkRequest:
    """Return what the body of a bulk asks for.

    Raises:
        Refusal: INVALID_SYNTAX or INVALID_VALUE for another message, BODY_TOO_LARGE for too many operations.
    """
    members = members_by_name(body)
    schemas, operations = members.get("schemas", [BULK_REQUEST]), members.get("operations")
    if not isinstance(schemas, list) or BULK_REQUEST.lower() not in [str(urn).lower() for urn in schemas]:
        raise malformed(f"a bulk has the schema {BULK_REQUEST}.")
    if not isinstance(operations, list):
        raise malformed("a bulk has a list of 'Operations'.")
    if len(operations) > MOST_OPERATIONS:
        raise Refusal(Code.BODY_TOO_LARGE, limit=f"{MOST_OPERATIONS} operations (maxOperations)")
    most_errors = members.get("failonerrors")
    if most_errors is not None and (type(most_errors) is not int or most_errors < 1):
        raise invalid("failOnErrors", "'failOnErrors' is a whole number from 1.")
    return BulkRequest(read_operations(operations), most_errors)


def bulk_body(operations: Sequence[Operation], outcomes: Outcomes, public_url: str) -> str:
    """Return the BulkResponse: a result for each operation that ran, in the order of the request."""
    made = {
        f"{PREFIX}{each.bulk_id}": outcome.id
        for each in operations
        if each.method == "POST" and isinstance(outcome := outcomes.get(each.number), Written)
    }
    results = [_result(each, outcomes[each.number], made, public_url) for each in operations if each.number in outcomes]
    return dumps({"schemas": [BULK_RESPONSE], "Operations": results})


def _result(
    operation: Operation, outcome: Written | Refusal, made: Mapping[str, str], public_url: str
) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    # A POST that failed has none; any other operation has one, be it that of nothing (section 3.7).
    target = outcome.id if isinstance(outcome, Written) else made.get(operation.target, operation.target)
    if target:
        shown["location"] = location_of(operation.resource, quote(target[:LONGEST_TARGET], safe=":"), public_url)
    if operation.method:
        shown["method"] = operation.method
    if operation.bulk_id is not None:
        shown["bulkId"] = operation.bulk_id
    if isinstance(outcome, Refusal):
        answer = error_answer(outcome)
        return shown | {"status": str(answer.status), "response": json.loads(answer.body)}
    if outcome.version is not None:
        shown["version"] = etag(outcome.version)
    return shown | {"status": str(STATUS[operation.method])}
