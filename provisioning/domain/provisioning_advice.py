"""What an identity provider sends, and which of its settings is wrong: the commonest cases as a table (SCM-9).

Each row is one of the pains that directories cause again and again. It is known by one logged request at a time, so
every claim can be shown by the requests that it was read from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from provisioning.domain.errors import Code
from provisioning.domain.provisioning_log import BodyState, LoggedRequest
from provisioning.domain.provisioning_redaction import HIDDEN
from provisioning.domain.provisioning_words import (
    is_about_members,
    member_of,
    number_of_members,
    parameters_of,
    plain_name,
    steps_of,
)
from provisioning.domain.scim_connections import Profile

LOOKED_BACK = timedelta(days=7)
MOST_SHOWN = 5
WHOLE_LIST = 100
LARGEST_PAGE = 1_000
TEXT_BOOLEANS = frozenset({"true", "false"})
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PATHS = frozenset({Code.NO_TARGET.value, Code.INVALID_PATH.value})
TAKEN = frozenset({Code.USER_NAME_TAKEN.value, Code.EMAIL_TAKEN.value, Code.EXTERNAL_ID_TAKEN.value,
                   Code.GROUP_NAME_TAKEN.value})  # fmt: skip
LEFT_OUT = "left out"
PASSWORD_NOTE = "A password or other credential was sent. It was thrown away and sets nothing."  # noqa: S105 - a sentence.
OTHERS = Profile.GENERIC


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: stable.
        sentence: what the provider does and what comes of it.
        mend: what to change there, by the connection's profile; `generic` stands for all that are not named.
        shows: whether a request shows it.
    """

    name: str
    sentence: str
    mend: Mapping[Profile, str]
    shows: Callable[[LoggedRequest], bool]

    def mend_for(self, profile: Profile) -> str:
        """Return what to change at a provider."""
        return self.mend.get(profile, self.mend[OTHERS])


@dataclass(frozen=True, slots=True)
class Advice:
    """A case that was seen: how often, last when, and the ids of the newest requests that show it."""

    case: Case
    count: int
    last_at: datetime
    shown_by: tuple[str, ...]


def advice_from(entries: Iterable[LoggedRequest]) -> list[Advice]:
    """Return the cases that some requests show, the most frequent first.

    Args:
        entries: of one connection, newest first.
    """
    kept = list(entries)
    found = []
    for case in CASES:
        showing = [entry for entry in kept if case.shows(entry)]
        if showing:
            ids = tuple(entry.id for entry in showing[:MOST_SHOWN])
            found.append(Advice(case, len(showing), showing[0].at, ids))
    return sorted(found, key=lambda each: -each.count)


def empties_group(entry: LoggedRequest) -> bool:
    """A list of members that names nobody took everybody out (pain 1)."""
    went = sum(change.removed_count for change in entry.changes)
    came = sum(change.added_count for change in entry.changes)
    return went > 1 and not came and _names_no_members(entry)


def _names_no_members(entry: LoggedRequest) -> bool:
    if entry.method == "PUT":
        return not member_of(entry.json, "members")
    return any(is_about_members(step) and "[" not in step.attribute and not step.value for step in steps_of(entry))


def writes_booleans_as_text(entry: LoggedRequest) -> bool:
    """`"False"` for false (pain 2)."""
    values = [step.value for step in steps_of(entry) if plain_name(step.attribute).lower() == "active"]
    values.append(member_of(entry.json, "active"))
    return any(isinstance(value, str) and value.lower() in TEXT_BOOLEANS for value in values)


def names_paths_in_vain(entry: LoggedRequest) -> bool:
    """A PATCH path that leads nowhere (pain 3)."""
    return entry.code in PATHS


def sends_unknown_attributes(entry: LoggedRequest) -> bool:
    """Attributes or schemas that we do not have (pain 4)."""
    return entry.method in WRITES and bool(unknown_names(entry.json))


def unknown_names(body: Any) -> list[str]:
    """Return the names whose values were hidden in a body, as nobody knows them; passwords apart."""
    if isinstance(body, list):
        return [name for each in body for name in unknown_names(each)]
    if not isinstance(body, dict):
        return []
    found = [name for name, value in body.items() if value == HIDDEN and "password" not in name.lower()]
    return found + [name for value in body.values() for name in unknown_names(value)]


def makes_who_is_there(entry: LoggedRequest) -> bool:
    """Somebody is made who exists already, so the provider does not find people by what it looks for (pain 5)."""
    return entry.method == "POST" and entry.code in TAKEN


def sends_whole_groups(entry: LoggedRequest) -> bool:
    """A large group's members are sent whole for each change (pain 6)."""
    is_group_write = entry.segments[:1] == ("Groups",) and entry.method in ("PUT", "PATCH")
    if is_group_write and entry.body_state is BodyState.TOO_LARGE:
        return True
    members = member_of(entry.json, "members")
    sent = len(members) if entry.method == "PUT" and isinstance(members, list) else 0
    sent += sum(number_of_members(step) for step in steps_of(entry) if is_about_members(step) and step.op == "replace")
    return is_group_write and sent >= WHOLE_LIST


def pages_oddly(entry: LoggedRequest) -> bool:
    """Pages that begin before the first, or are larger than any answer (pain 7)."""
    asked = parameters_of(entry)
    return _number(asked.get("startindex"), 1) < 1 or _number(asked.get("count"), 1) > LARGEST_PAGE


def names_unknown_members(entry: LoggedRequest) -> bool:
    """Members that nobody here is were left out (pain 8)."""
    return any(LEFT_OUT in note and "member" in note.lower() for note in entry.notes)


def filters_in_vain(entry: LoggedRequest) -> bool:
    """A filter on what we do not have, or that is none (pain 9)."""
    return entry.code == Code.INVALID_FILTER


def remembers_who_is_gone(entry: LoggedRequest) -> bool:
    """An id that is nobody's any more (pain 10)."""
    return entry.code == Code.NOT_FOUND and entry.resource_id is not None


def shows_no_good_token(entry: LoggedRequest) -> bool:
    """A token that has ended (pain 10)."""
    return entry.code == Code.CREDENTIAL_INVALID


def sends_passwords(entry: LoggedRequest) -> bool:
    """Passwords, which set nothing (SCM-3)."""
    return PASSWORD_NOTE in entry.notes


def _number(text: str | None, preset: int) -> int:
    try:
        return int(text) if text is not None else preset
    except ValueError:
        return preset


CASES: Sequence[Case] = (
    Case(
        "groups_emptied",
        "A group was sent without any members, and everybody who was in it has left it.",
        {
            Profile.ENTRA: "Add ?aadOptscim062020 to the Tenant URL, so that removals name the member, and assign the "
            "people themselves and not only nested groups to the application.",
            Profile.OKTA: "In Push Groups choose 'Push group memberships immediately', and assign the people to the "
            "application before their groups are pushed.",
            OTHERS: "Have the provider send changes of membership by PATCH. authentik and others send a PUT without "
            "members, which means that nobody is in the group.",
        },
        empties_group,
    ),
    Case(
        "booleans_as_text",
        'True and false are sent as texts. They are understood; other applications may take "False" for true.',
        {
            Profile.ENTRA: "Add ?aadOptscim062020 to the Tenant URL; then Entra sends real booleans.",
            OTHERS: "Map 'active' from a boolean attribute, not from a text.",
        },
        writes_booleans_as_text,
    ),
    Case(
        "paths_in_vain",
        "A change names a place that does not exist, and the whole request was refused.",
        {
            Profile.ENTRA: "In Provisioning > Mappings look for target attributes with a filter in brackets: only 'eq' "
            "joined by 'and' can be made anew, such as emails[type eq \"work\"].value.",
            OTHERS: "Correct the mapping whose target the answer quotes; /Schemas lists every attribute there is.",
        },
        names_paths_in_vain,
    ),
    Case(
        "unknown_attributes",
        "Attributes are sent that this service does not have. They are left out.",
        {
            Profile.ENTRA: "In Provisioning > Mappings remove them, or correct the name of the schema in front of "
            "them: custom attributes need their whole URN.",
            Profile.OKTA: "In the application's Profile Editor remove them, or set their External namespace to the "
            "schema's URN.",
            OTHERS: "Remove their mappings, or correct the URN in front of them; /Schemas lists every attribute.",
        },
        sends_unknown_attributes,
    ),
    Case(
        "made_twice",
        "People or groups are made that exist here already, so every such request is refused.",
        {
            Profile.ENTRA: "In Provisioning > Mappings give userName (for groups displayName) the matching precedence "
            "1, and let its source be the email that people have here.",
            Profile.OKTA: "Let the application user name format be the email, and import users once so that Okta links "
            "them to those who exist.",
            OTHERS: "Have the provider look for people by userName before it makes them, and list their email domain "
            "in this connection, so that it may take them over.",
        },
        makes_who_is_there,
    ),
    Case(
        "whole_groups",
        "The members of large groups are sent whole for each change.",
        {
            Profile.OKTA: "Push the group by name with memberships: Okta then sends who joined and who left.",
            OTHERS: "Have the provider send changes of membership by PATCH with 'add' and 'remove', and read groups "
            "with excludedAttributes=members.",
        },
        sends_whole_groups,
    ),
    Case(
        "odd_pages",
        "Pages are asked for that cannot be: they begin before 1, or hold more than a thousand.",
        {OTHERS: "Set the page size of imports to at most 1000 and let the first page begin at 1."},
        pages_oddly,
    ),
    Case(
        "unknown_members",
        "Groups name members whom nobody here is. They were left out.",
        {
            Profile.ENTRA: "Assign the people themselves to the application, or set the scope to 'Sync only assigned "
            "users and groups' with groups whose people are assigned; nested groups are not read.",
            Profile.OKTA: "Assign to the application whoever is in a pushed group.",
            OTHERS: "Provision the people before the groups that they are in.",
        },
        names_unknown_members,
    ),
    Case(
        "filters_in_vain",
        "People are looked for by something that cannot be asked for, and the request was refused.",
        {
            Profile.ENTRA: 'In Provisioning > Mappings choose userName, externalId or emails[type eq "work"].value '
            "as matching attribute.",
            OTHERS: "Match by userName or externalId.",
        },
        filters_in_vain,
    ),
    Case(
        "gone",
        "Users or groups are named that were deleted here, or never were.",
        {
            Profile.ENTRA: "Use 'Restart provisioning', so that Entra forgets the old ids and looks for people anew.",
            Profile.OKTA: "Remove the people's assignment to the application and assign them again.",
            OTHERS: "Have the provider forget the ids that it remembers and match people anew.",
        },
        remembers_who_is_gone,
    ),
    Case(
        "token_ended",
        "Requests come with a token that is not good any more.",
        {
            Profile.ENTRA: "Make a new token for this connection and put it in as Secret Token.",
            OTHERS: "Make a new token for this connection and put it in at the provider; in the header, never in the "
            "address.",
        },
        shows_no_good_token,
    ),
    Case(
        "passwords",
        "Passwords are sent. They are thrown away: people log in through their organisation or set one here.",
        {
            Profile.OKTA: "Under Provisioning > To App switch 'Sync Password' off.",
            OTHERS: "Remove the mapping of 'password'.",
        },
        sends_passwords,
    ),
)
