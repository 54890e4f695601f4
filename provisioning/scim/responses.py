"""Answers of the SCIM door: media type, entity tag, address; and the versions that a request is conditional on."""

from collections.abc import Mapping

from flask import Response, request

from provisioning.scim.errors import MEDIA_TYPE
from provisioning.scim.etags import accepted_versions, etag, is_not_modified


def json_response(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON text under SCIM's media type (RFC 7644 section 3.1)."""
    return Response(body, status, dict(headers or {}), content_type=MEDIA_TYPE)


def resource_response(body: str, version: int, *, created_at: str | None = None) -> Response:
    """Return one resource with its entity tag; 201 and its address where it was just made.

    Args:
        body: rendered.
        version: the resource's.
        created_at: the new resource's address.
    """
    headers = {"ETag": etag(version)} | ({"Location": created_at} if created_at else {})
    return json_response(body, 201 if created_at else 200, headers)


def asked_versions() -> frozenset[int] | None:
    """Return the versions that the request accepts by `If-Match`, None for any."""
    return accepted_versions(request.headers.get("If-Match"))


def not_modified(version: int) -> Response | None:
    """Return the answer to a client that has this version already (RFC 7644 section 3.14), else None."""
    if not is_not_modified(request.headers.get("If-None-Match"), version):
        return None
    return Response(status=304, headers={"ETag": etag(version)})


def empty(version: int | None = None) -> Response:
    """Return an answer without a body."""
    made = Response(status=204, headers={"ETag": etag(version)} if version is not None else {})
    del made.headers["Content-Type"]
    return made
