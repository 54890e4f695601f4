"""A refused request run again, through the whole door, as the connection that sent it (SCM-9).

It goes the way of any request, but that its caller is handed in where a token would be read; so nothing that a request
must pass can be forgotten here. It runs in a context of its own: what the asking request knows is not mixed with it.
"""

from contextvars import Context
from urllib.parse import unquote

from flask import Flask
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from provisioning.domain.caller import Caller
from provisioning.domain.provisioning_log import LoggedRequest
from provisioning.guard.scim_bearer import AGAIN, Again
from provisioning.scim.errors import MEDIA_TYPE
from provisioning.scim.representation import BASE_PATH


def run_again(app: Flask, public_url: str, caller: Caller, entry: LoggedRequest, by: str) -> str:
    """Run a request again and return the id of that second request.

    Args:
        app: the application.
        public_url: the address that requests come to.
        caller: the connection, as it is now.
        entry: the request as it is kept.
        by: name of the person or key that asks for it.
    """
    headers = Headers({"If-Match": entry.if_match} if entry.if_match else {})
    builder = EnvironBuilder(
        BASE_PATH + entry.path,
        base_url=public_url,
        method=entry.method,
        query_string=_parameters(entry.query),
        headers=headers,
        data=entry.body.encode() if entry.body is not None else None,
        content_type=MEDIA_TYPE if entry.body is not None else None,
        environ_base={"REMOTE_ADDR": caller.address or "", AGAIN: Again(caller, entry.id, by)},
    )
    _, _, answered = Context().run(run_wsgi_app, app.wsgi_app, builder.get_environ(), buffered=True)
    return answered["X-Request-Id"]


def _parameters(query: str) -> MultiDict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return MultiDict((name, unquote(value)) for name, _, value in pairs)
