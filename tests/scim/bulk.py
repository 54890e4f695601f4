"""Sending a bulk and reading its answer, for the tests of /Bulk."""

from typing import Any

from scim2_models import BulkResponse, Context, Group, User

from tests.doors.scim import ScimClient

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


def bulk(idp: ScimClient, *operations: Any, **more: Any) -> list[dict]:
    """Send operations as one bulk; their results."""
    answer = idp.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": list(operations), **more})
    assert answer.status_code == 200, answer.text
    body = answer.get_json(force=True)
    assert body["schemas"] == [BULK_RESPONSE]
    if all("method" in result for result in body["Operations"]):
        # A second opinion on every answer but those to what is no operation at all.
        BulkResponse[User | Group].model_validate(body, scim_ctx=Context.BULK_RESPONSE)
    return list(body["Operations"])


def post(bulk_id: str, path: str, data: Any) -> dict:
    return {"method": "POST", "bulkId": bulk_id, "path": path, "data": data}


def new_user(bulk_id: str, name: str = "", **attributes: Any) -> dict:
    """The operation that makes a user, named as its bulkId unless told otherwise."""
    return post(bulk_id, "/Users", {"userName": name or bulk_id, **attributes})


def new_group(bulk_id: str, *members: str, name: str = "", **attributes: Any) -> dict:
    """The operation that makes a group, named as its bulkId unless told otherwise."""
    values = [{"value": member} for member in members]
    return post(bulk_id, "/Groups", {"displayName": name or bulk_id, "members": values, **attributes})


def statuses(results: list[dict]) -> list[str]:
    return [result["status"] for result in results]


def id_of(result: dict) -> str:
    """The id at the end of a result's location."""
    return str(result["location"]).rpartition("/")[2]
