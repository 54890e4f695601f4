"""The provisioning log in words, one request with what it changed, running it again, and advice (SCM-9)."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.provisioning_log import list_requests, read_advice, replay_request, show_request
from provisioning.actions.scim_connections import list_scim_connections
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.words import KIND_NAMES, OUTCOME_NAMES, counted
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.provisioning_log import (
    METHODS,
    READERS,
    BodyState,
    Change,
    LoggedRequest,
    LogQuery,
    log_query_from,
)
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

LOG = "/provisioning/log"
ONE = f"{LOG}/<request_id>"
ADVICE = "/provisioning/advice"
FILTERS = tuple(name for name in READERS if name not in ("cursor", "limit"))
ON_A_PAGE = 50
BODY_WORDS: Mapping[BodyState, str] = {
    BodyState.NONE: "The request had no body.",
    BodyState.NOT_READ: "The body was not read, as the request was refused before.",
    BodyState.TOO_LARGE: "The body was too large to be kept.",
    BodyState.NOT_JSON: "The body was no JSON and was not kept.",
}
manages = requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)


def add_provisioning_log(blueprint: Blueprint) -> None:
    """Add the routes of the log and of the advice."""
    add_routes(
        blueprint,
        (LOG, "GET", show_provisioning_log),
        (ONE, "GET", show_provisioning_request),
        (f"{ONE}/replay", "POST", post_provisioning_replay),
        (ADVICE, "GET", show_provisioning_advice),
    )


@manages
def show_provisioning_log(caller: Caller) -> Response:
    """Show a page of the log, newest first; a filter that is not understood stands beside its field."""
    asked, form = _asked(), Filled(typed=request.args.to_dict())
    try:
        query = log_query_from({**asked, "cursor": request.args.get("cursor", ""), "limit": str(ON_A_PAGE)})
        found = list_requests(caller, query, services())
    except Refusal as refusal:
        if refusal.field is None or refusal.field not in READERS:
            raise
        form.refuse(refusal.field, refusal)
        found = list_requests(caller, LogQuery(limit=ON_A_PAGE), services())
    return form_page(
        "provisioning_log.html",
        form.code,
        caller=caller,
        form=form,
        asked=asked,
        found=found,
        connections={each.id: each.name for each in list_scim_connections(caller, services())},
        methods={each: each for each in METHODS},
        outcomes=OUTCOME_NAMES,
        later=f"{LOG}?{urlencode({**asked, 'cursor': found.cursor})}" if found.cursor else None,
        without_resource=f"{LOG}?{urlencode({**asked, 'resource': ''})}",
    )


@manages
def show_provisioning_request(caller: Caller, request_id: str) -> Response:
    """Show one request: what was asked, what was answered, what changed, and whether it can be run again."""
    told = show_request(caller, request_id, services())
    entry = told.entry
    return page(
        "provisioning_request.html",
        caller=caller,
        told=told,
        entry=entry,
        changes=[(each, change_in_words(each), detail_of_change(each)) for each in entry.changes],
        body=_indented(entry),
        body_words=BODY_WORDS.get(entry.body_state, ""),
        log_path=LOG,
    )


@manages
def post_provisioning_replay(caller: Caller, request_id: str) -> Response:
    """Run a refused request again and show what came of it."""
    made = replay_request(caller, request_id, services())
    response = lead_to(f"{LOG}/{made.entry.id}")
    leave_notice(response, "request_refused_again" if made.entry.is_refused else "request_done")
    return response


@manages
def show_provisioning_advice(caller: Caller) -> Response:
    """Say for each connection what its provider sends, and which setting of it is wrong."""
    found = read_advice(caller, services())
    return page("provisioning_advice.html", caller=caller, found=found, log_path=LOG)


def change_in_words(change: Change) -> str:
    """Return what a change was, as the beginning of a sentence that the name of its target ends."""
    return KIND_NAMES.get(change.kind, change.kind).capitalize()


def detail_of_change(change: Change) -> str:
    """Return which fields changed and how many members came and went, '' for neither."""
    parts = [", ".join(change.fields)] if change.fields else []
    parts += [f"{counted(change.added_count, 'member')} added"] if change.added_count else []
    parts += [f"{counted(change.removed_count, 'member')} removed"] if change.removed_count else []
    return "; ".join(parts)


def _indented(entry: LoggedRequest) -> str | None:
    return json.dumps(entry.json, indent=2, ensure_ascii=False) if entry.body is not None else None


def _asked() -> dict[str, str]:
    """Return the filters that the address holds."""
    return {name: text for name in FILTERS if (text := request.args.get(name, "").strip())}
