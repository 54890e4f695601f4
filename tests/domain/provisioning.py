"""Logged requests for tests without a database."""

import json
from datetime import UTC, datetime
from typing import Any

from provisioning.domain.provisioning_log import BodyState, LoggedRequest

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ID = "0190a1b2-0000-7000-8000-00000000000a"
OTHER_ID = "0190a1b2-0000-7000-8000-00000000000b"


def a_request(method: str = "GET", path: str = "/Users", body: Any = None, **fields: Any) -> LoggedRequest:
    """A request that was done; `fields` override."""
    segments = path.strip("/").split("/")
    usual: dict[str, Any] = {
        "account_id": "a1",
        "id": "r1",
        "at": AT,
        "connection_id": "c1",
        "token_id": "gst_1",
        "address": None,
        "method": method,
        "path": path,
        "query": "",
        "body": None if body is None else json.dumps(body),
        "body_state": BodyState.NONE if body is None else BodyState.KEPT,
        "if_match": None,
        "status": 200,
        "code": None,
        "answer": None,
        "milliseconds": 1.0,
        "resource_id": segments[1] if len(segments) > 1 else None,
    }
    return LoggedRequest(**(usual | fields))


def a_patch(*operations: dict[str, Any], path: str = f"/Users/{ID}", **fields: Any) -> LoggedRequest:
    """A PATCH with these operations."""
    return a_request("PATCH", path, {"Operations": list(operations)}, **fields)
