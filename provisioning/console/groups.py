"""Groups: the list, one group's page with its members, and the forms that make, rename, fill and delete it (GRP)."""

from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.groups import (
    GroupEdit,
    NewGroup,
    add_member,
    create_group,
    delete_group,
    edit_group,
    remove_member,
    show_group,
)
from provisioning.actions.searches import search_groups
from provisioning.actions.user_table import UserTable, user_table
from provisioning.console.decisions import Decision, decision_page
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, Form, Trimmed, attempt, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.words import counted
from provisioning.domain.caller import Caller
from provisioning.domain.groups import Group, GroupChanges
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.search import Comparison, Operator, Query
from provisioning.domain.user_table import TableQuery
from provisioning.domain.users import require_text
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

GROUPS = "/groups"
PAGE = 50
MOST_FOUND = 10
LAST_PAGE = 10_000


class GroupForm(Form):
    """A group's name; the rules judge it."""

    name = Trimmed(load_default="")


def add_groups(blueprint: Blueprint) -> None:
    """Add the routes of groups."""
    one = f"{GROUPS}/<group_id>"
    add_routes(
        blueprint,
        (GROUPS, "GET", show_groups),
        (f"{GROUPS}/new", "GET", show_new),
        (f"{GROUPS}/new", "POST", post_new),
        (one, "GET", show_one),
        (one, "POST", post_name),
        (f"{one}/members", "POST", post_member),
        (f"{one}/delete", "GET", confirm_deletion),
        (f"{one}/delete", "POST", post_deletion),
    )


@requires(Permission.ACCOUNT_GROUPS_READ, session_caller)
def show_groups(caller: Caller) -> Response:
    """Show one page of the groups by name, each with its number of members (GRP-1)."""
    text, number = request.args.get("q", "").strip(), _page_number()
    require_text("search", text)
    node = Comparison("displayname", Operator.CO, text) if text else None
    query = Query(node, sort_path="displayname", offset=(number - 1) * PAGE, count=PAGE)
    found = search_groups(caller, query, services(), with_members=False)
    return page(
        "groups.html",
        caller=caller,
        groups=[view.group for view in found.items],
        total=found.total,
        text=text,
        earlier=_beside(text, number - 1) if number > 1 else None,
        later=_beside(text, number + 1) if number * PAGE < found.total else None,
        may_manage=is_allowed(caller, Permission.ACCOUNT_GROUPS_MANAGE),
    )


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def show_new(caller: Caller) -> Response:
    """Show the form of a new group."""
    return form_page("group_new.html", None, caller=caller, form=Filled())


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def post_new(caller: Caller) -> Response:
    """Make a group and lead to its page."""
    form = read_form(GroupForm(), request.form)
    made = attempt(form, lambda: create_group(caller, NewGroup(form.values["name"]), services()), ("name",))
    if made is None:
        return form_page("group_new.html", form.code, caller=caller, form=form)
    response = lead_to(f"{GROUPS}/{made.group.id}")
    leave_notice(response, "group_made")
    return response


@requires(Permission.ACCOUNT_GROUPS_READ, session_caller)
def show_one(caller: Caller, group_id: str) -> Response:
    """Show a group with one page of its members, searched by name or email (GRP-1)."""
    return _group_page(caller, show_group(caller, group_id, services(), with_members=False).group, Filled())


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def post_name(caller: Caller, group_id: str) -> Response:
    """Rename a group (GRP-5)."""
    form = read_form(GroupForm(), request.form)
    renaming = GroupEdit(changes=GroupChanges(name=form.values["name"]))
    renamed = attempt(
        form, lambda: edit_group(caller, group_id, lambda _: renaming, services(), with_members=False), ("name",)
    )
    if renamed is None:
        return _group_page(caller, show_group(caller, group_id, services(), with_members=False).group, form)
    response = lead_to(f"{GROUPS}/{renamed.group.id}")
    leave_notice(response, "group_renamed")
    return response


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def post_member(caller: Caller, group_id: str) -> Response:
    """Put the user behind the pressed button in, or take it out."""
    adds = "add" in request.form
    user_id = request.form.get("add" if adds else "remove", "")
    require_text("user", user_id)
    (add_member if adds else remove_member)(caller, group_id, user_id, services())
    group = show_group(caller, group_id, services(), with_members=False).group
    query = urlencode({"find": request.form["find"]}) if adds and request.form.get("find") else ""
    response = lead_to(f"{GROUPS}/{group.id}" + (f"?{query}" if query else ""))
    leave_notice(response, "member_added" if adds else "member_removed", group.member_count)
    return response


@requires(Permission.ACCOUNT_GROUPS_READ, session_caller)
def confirm_deletion(caller: Caller, group_id: str) -> Response:
    """Say how many people lose what before a group is deleted (GRP-5)."""
    group = show_group(caller, group_id, services(), with_members=False).group
    return decision_page(caller, _deletion(group))


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def post_deletion(caller: Caller, group_id: str) -> Response:
    """Delete a group."""
    group = show_group(caller, group_id, services(), with_members=False).group
    delete_group(caller, group_id, services())
    response = lead_to(GROUPS)
    leave_notice(response, "group_deleted", group.member_count)
    return response


def _deletion(group: Group) -> Decision:
    return Decision(
        question=f"Delete the group {group.name}?",
        consequences=(
            f"{counted(group.member_count, 'member loses', 'members lose')} at once what the group gave them.",
            "The users themselves stay, with their roles and their other groups.",
            "The group cannot be brought back; its name can be given to a new one.",
        ),
        title="Delete group",
        back=f"{GROUPS}/{group.id}",
        trail=((GROUPS, "Groups"), (f"{GROUPS}/{group.id}", group.name)),
        is_danger=True,
    )


def _group_page(caller: Caller, group: Group, form: Filled) -> Response:
    asked = {name: request.args.get(name, "").strip() for name in ("q", "after", "before", "find")}
    members = user_table(
        caller, TableQuery(asked["q"], group_id=group.id, after=asked["after"], before=asked["before"]), services()
    )
    candidates = TableQuery(asked["find"], outside_group_id=group.id, size=MOST_FOUND)
    return form_page(
        "group.html",
        form.code,
        caller=caller,
        form=form,
        group=group,
        members=members,
        text=asked["q"],
        find=asked["find"],
        found=user_table(caller, candidates, services()) if asked["find"] else None,
        earlier=_member_page(group, asked["q"], members, "before") if members.has_earlier else None,
        later=_member_page(group, asked["q"], members, "after") if members.has_later else None,
        may_manage=is_allowed(caller, Permission.ACCOUNT_GROUPS_MANAGE, group),
    )


def _member_page(group: Group, text: str, members: UserTable, side: str) -> str:
    neighbour = members.rows[0 if side == "before" else -1].view.user.id if members.rows else ""
    return f"{GROUPS}/{group.id}?{urlencode({'q': text, side: neighbour})}"


def _page_number() -> int:
    """Return the number of the page that the address asks for; anything odd asks for the first."""
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= len(str(LAST_PAGE)) else 1


def _beside(text: str, number: int) -> str:
    return f"{GROUPS}?{urlencode({'q': text, 'page': number} if text else {'page': number})}"
