"""The activity report: sentences with filters, the logins of each day, the state of the chain, and the export (ACT)."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.activity import export_activity, list_activity, verify_activity
from provisioning.actions.activity_table import Beside, beside_entries, find_people
from provisioning.console.charts import chart_of
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled
from provisioning.console.proof import ask_before
from provisioning.console.words import KIND_NAMES, OUTCOME_NAMES, WAY_IN_NAMES
from provisioning.domain.activity_export import Form
from provisioning.domain.activity_query import READERS, ActivityQuery, query_from
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import require
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

ACTIVITY = "/activity"
EXPORT = f"{ACTIVITY}/export"
FILTERS = tuple(name for name in READERS if name not in ("cursor", "limit"))
MEDIA_TYPES: Mapping[Form, str] = {Form.JSONL: "application/jsonl; charset=utf-8", Form.CSV: "text/csv; charset=utf-8"}


def add_activity(blueprint: Blueprint) -> None:
    """Add the routes of the activity report."""
    blueprint.add_url_rule(ACTIVITY, view_func=show_activity, methods=["GET"])
    blueprint.add_url_rule(EXPORT, view_func=show_export, methods=["GET"])
    blueprint.add_url_rule(EXPORT, view_func=post_export, methods=["POST"])


@requires(Permission.ACCOUNT_ACTIVITY_READ, session_caller)
def show_activity(caller: Caller) -> Response:
    """Show a page of the report, newest first (ACT-1); a filter that is not understood stands beside its field."""
    asked, form = _asked(), Filled(typed=request.args.to_dict())
    try:
        query = query_from({**asked, "cursor": request.args.get("cursor", "")})
        found = list_activity(caller, query, services())
    except Refusal as refusal:
        if refusal.field is None or refusal.field not in READERS:
            raise
        form.refuse(refusal.field, refusal)
        query = ActivityQuery()
        found = list_activity(caller, query, services())
    who = request.args.get("who", "").strip()
    beside = beside_entries(caller, found.entries, query.person, services())
    return form_page(
        "activity.html",
        form.code,
        caller=caller,
        form=form,
        asked=asked,
        found=found,
        beside=beside,
        chart=chart_of(beside.days),
        person=_person_name(query, beside),
        who=who,
        candidates=find_people(caller, who, services()) if who and not query.person else None,
        later=f"{ACTIVITY}?{urlencode({**asked, 'cursor': found.cursor})}" if found.cursor else None,
        address_with=lambda **changes: _address(ACTIVITY, {**asked, **changes}),
        export_address=_address(EXPORT, asked),
        verdict=verify_activity(caller, services()) if "verify" in request.args else None,
        kinds=KIND_NAMES,
        ways_in=WAY_IN_NAMES,
        outcomes=OUTCOME_NAMES,
    )


@requires(Permission.ACCOUNT_ACTIVITY_READ, session_caller)
def show_export(caller: Caller) -> Response:
    """Ask in which form the report is to be exported, and say what will be in it."""
    require(caller, Permission.ACCOUNT_ACTIVITY_READ)
    ask_before(caller)
    asked = _asked()
    query_from(asked)
    return form_page(
        "activity_export.html", None, caller=caller, form=Filled(), asked=asked, back=_address(ACTIVITY, asked)
    )


@requires(Permission.ACCOUNT_ACTIVITY_READ, session_caller)
def post_export(caller: Caller) -> Response:
    """Answer the report as a file, JSON Lines or CSV, the last line signed (ACT-2)."""
    texts = {name: request.form.get(name, "") for name in FILTERS}
    form = Form.CSV if request.form.get("form") == Form.CSV else Form.JSONL
    lines = export_activity(caller, query_from(texts), form, services())
    response = Response((line.encode() for line in lines), content_type=MEDIA_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="activity.{form.value}"'
    return response


def _asked() -> dict[str, str]:
    """Return the filters that the address holds."""
    return {name: text for name in FILTERS if (text := request.args.get(name, "").strip())}


def _address(path: str, asked: Mapping[str, str]) -> str:
    said = {name: text for name, text in asked.items() if text}
    return f"{path}?{urlencode(said)}" if said else path


def _person_name(query: ActivityQuery, beside: Beside) -> str:
    """Return what to call the person that the page is narrowed to, '' where it is not."""
    user = beside.people.get(query.person or "")
    return user.name if user is not None else query.person or ""
