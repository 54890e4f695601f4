"""What users and groups can be asked for in a filter or a sort: the allow-list of paths, each with where its value is.

Names that are asked for often have a column with an index; what else a user has is in `users.folded`: the resource with
lower-cased names, and with texts as comparison keys wherever letter case does not count. The paths are those of
`provisioning.domain.search`; the SCIM door's traits table names the same ones, and a test compares the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, Text, and_, case, exists, func, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB, array

from provisioning.domain.users import ENTERPRISE_USER
from provisioning.store.tables.access import environments, user_environments
from provisioning.store.tables.groups import group_children, group_members, groups
from provisioning.store.tables.users import user_emails, users

CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:group"
ENTERPRISE = ENTERPRISE_USER.lower()
ACCOUNT = "urn:gatelodge:scim:schemas:extension:account:1.0:user"
ACCOUNT_GROUP = "urn:gatelodge:scim:schemas:extension:account:1.0:group"

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a row that can be compared.

    Attributes:
        value: what texts and moments are compared with.
        is_exact: letter case counts; else `value` is a comparison key.
        json: the value as jsonb where it is kept so; what booleans are compared with.
    """

    value: ColumnElement[Any]
    is_exact: bool = False
    json: ColumnElement[Any] | None = None


Fields = Callable[[str], Field]


@dataclass(frozen=True, slots=True)
class Source:
    """Where elements of a multi-valued attribute come from.

    Attributes:
        rows: the FROM clause.
        join: what ties its rows to the resource.
        fields: sub-attribute -> its value in one row; '' where the element itself is the value.
        order: the order in which elements are shown, so that there is a first one; None where it is that of the rows.
    """

    rows: FromClause
    join: Condition
    fields: Mapping[str, Field]
    order: ColumnElement[Any] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be asked of one resource type.

    Attributes:
        table: where its resources are.
        is_live: what holds for those that are listed.
        id: the column that breaks ties.
        fields: path -> value, for attributes with one value.
        plural: path -> sources of elements, for multi-valued ones.
        shortcuts: path -> condition that follows from equality with a key and has an index.
    """

    table: Table
    is_live: Condition
    id: ColumnElement[Any]
    fields: Mapping[str, Field]
    plural: Mapping[str, tuple[Source, ...]]
    shortcuts: Mapping[str, Callable[[ColumnElement[Any]], Condition]]


SINGLE = (
    "active", "displayname", "name.formatted", "name.familyname", "name.givenname", "name.middlename",
    "name.honorificprefix", "name.honorificsuffix", "nickname", "profileurl", "title", "usertype", "preferredlanguage",
    "locale", "timezone",
    f"{ENTERPRISE}:employeenumber", f"{ENTERPRISE}:costcenter", f"{ENTERPRISE}:organization", f"{ENTERPRISE}:division",
    f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value",
    f"{ACCOUNT}:role", f"{ACCOUNT}:root", f"{ACCOUNT}:status", f"{ACCOUNT}:allproductenvironments",
    f"{ACCOUNT}:medialibrarypermissions.createcollection", f"{ACCOUNT}:medialibrarypermissions.sharecollection",
    f"{ACCOUNT}:medialibrarypermissions.showdeliveryurl", f"{ACCOUNT}:medialibrarypermissions.moderateasset",
    f"{ACCOUNT}:medialibrarypermissions.createproof", f"{ACCOUNT}:twofactorenrolled", f"{ACCOUNT}:managedby",
    "name", f"{ENTERPRISE}:manager", f"{ACCOUNT}:medialibrarypermissions",
)  # fmt: skip
USUAL = frozenset({"value", "display", "type", "primary"})
POSTAL = frozenset({"formatted", "streetaddress", "locality", "region", "postalcode", "country"})
# Multi-valued attributes kept in `folded` -> their sub-attributes.
PLURAL = {
    "emails": USUAL,
    "phonenumbers": USUAL,
    "ims": USUAL,
    "photos": USUAL,
    "addresses": (USUAL - {"value"}) | POSTAL,
    "entitlements": USUAL,
    "roles": USUAL,
    "x509certificates": USUAL,
}
EXACT = frozenset(
    {
        f"{ENTERPRISE}:manager.value",
        f"{ACCOUNT}:managedby",
        "x509certificates.value",
    }
)


def _kept(path: str) -> ColumnElement[Any]:
    """Return the jsonb of a path in `users.folded`."""
    urn, _, name = path.rpartition(":")
    expression: ColumnElement[Any] = users.c.folded[urn] if urn else users.c.folded
    for step in name.split("."):
        expression = expression[step]
    return expression


def _single(path: str) -> Field:
    kept: Any = _kept(path)
    return Field(kept.astext, path in EXACT, kept)


def _elements(path: str, subs: frozenset[str]) -> tuple[Source, ...]:
    rows: Any = func.jsonb_array_elements(_kept(path), type_=JSONB).column_valued("element")
    fields = {sub: Field(rows[sub].astext, f"{path}.{sub}" in EXACT, rows[sub]) for sub in subs}
    return (Source(rows.scalar_alias, true(), fields),)


def _kept_texts(path: str) -> tuple[Source, ...]:
    rows: Any = func.jsonb_array_elements_text(_kept(path), type_=Text).column_valued("element")
    return (Source(rows.scalar_alias, true(), {"": Field(rows)}),)


def _texts(values: ColumnElement[Any]) -> tuple[Source, ...]:
    """Return the elements of an array of keys."""
    rows: Any = func.unnest(values, type_=Text).column_valued("element")
    return (Source(rows.scalar_alias, true(), {"": Field(rows)}),)


def _meta(resource: str, table: Table) -> dict[str, Field]:
    return {
        "id": Field(table.c.id, True),
        "externalid": Field(table.c.external_id, True),
        "meta": Field(literal(resource), True),
        "meta.resourcetype": Field(literal(resource), True),
        "meta.created": Field(table.c.created_at),
        "meta.lastmodified": Field(table.c.updated_at),
        "meta.version": Field(func.concat('W/"', table.c.version, '"', type_=Text), True),
    }


def _groups_of_user() -> tuple[Source, ...]:
    join = and_(
        group_members.c.account_id == users.c.account_id,
        group_members.c.user_id == users.c.id,
        groups.c.account_id == group_members.c.account_id,
        groups.c.id == group_members.c.group_id,
    )
    fields = {
        "value": Field(groups.c.id, True),
        "display": Field(groups.c.name_key),
        "type": Field(literal("direct")),
    }
    return (Source(group_members.join(groups, literal(True)), join, fields, groups.c.id),)


def _environments_of_user() -> tuple[Source, ...]:
    join = and_(
        user_environments.c.account_id == users.c.account_id,
        user_environments.c.user_id == users.c.id,
        environments.c.account_id == user_environments.c.account_id,
        environments.c.id == user_environments.c.environment_id,
    )
    fields = {"value": Field(environments.c.id, True), "display": Field(environments.c.name, True)}
    return (Source(user_environments.join(environments, literal(True)), join, fields, environments.c.id),)


def _members_of_group() -> tuple[Source, ...]:
    people = and_(
        group_members.c.account_id == groups.c.account_id,
        group_members.c.group_id == groups.c.id,
        users.c.account_id == group_members.c.account_id,
        users.c.id == group_members.c.user_id,
    )
    child = groups.alias("child")
    children = and_(
        group_children.c.account_id == groups.c.account_id,
        group_children.c.group_id == groups.c.id,
        child.c.account_id == group_children.c.account_id,
        child.c.id == group_children.c.child_id,
    )
    return (
        Source(group_members.join(users, literal(True)), people, _member(users.c.id, "user", _kept_name()), users.c.id),
        Source(
            group_children.join(child, literal(True)),
            children,
            _member(child.c.id, "group", child.c.name_key),
            child.c.id,
        ),
    )


def _member(id_: ColumnElement[Any], kind: str, display: ColumnElement[Any]) -> dict[str, Field]:
    return {"value": Field(id_, True), "type": Field(literal(kind)), "display": Field(display)}


def _kept_name() -> ColumnElement[Any]:
    kept: Any = _kept("displayname")
    return kept.astext  # type: ignore[no-any-return]


def _has_address(key: ColumnElement[Any]) -> Condition:
    return exists(
        select(literal(1)).where(
            user_emails.c.account_id == users.c.account_id,
            user_emails.c.user_id == users.c.id,
            user_emails.c.value_key == key,
        )
    )


def _has_name(key: ColumnElement[Any]) -> Condition:
    """Where a displayName is set it is the name that the user is shown by, which has an index."""
    return users.c.name_key == key


def _of_manager() -> dict[str, Field]:
    """Return what is shown of a manager who is a user of the account, and is kept with that user; `$ref` by its id."""
    boss = users.alias("boss")
    name: Any = boss.c.folded["displayname"]
    known = and_(
        boss.c.account_id == users.c.account_id,
        boss.c.inactive_at.is_(None),
        boss.c.id == users.c.folded[ENTERPRISE, "manager", "value"].astext,
    )
    return {
        f"{ENTERPRISE}:manager.$ref": Field(select(boss.c.id).where(known).scalar_subquery(), True),
        f"{ENTERPRISE}:manager.displayname": Field(select(name.astext).where(known).scalar_subquery()),
    }


USER = Shape(
    table=users,
    is_live=users.c.inactive_at.is_(None),
    id=users.c.id,
    fields={
        **{path: _single(path) for path in SINGLE},
        **_of_manager(),
        **_meta("User", users),
        "username": Field(users.c.user_name_key),
    },
    plural={
        **{path: _elements(path, subs) for path, subs in PLURAL.items()},
        "groups": _groups_of_user(),
        f"{ACCOUNT}:productenvironments": _environments_of_user(),
        "schemas": _kept_texts("schemas"),
    },
    shortcuts={"emails.value": _has_address, "displayname": _has_name},
)
GROUP = Shape(
    table=groups,
    is_live=true(),
    id=groups.c.id,
    fields={
        **_meta("Group", groups),
        "displayname": Field(groups.c.name_key),
        f"{ACCOUNT_GROUP}:managedby": Field(groups.c.connection_id, True),
    },
    plural={
        "members": _members_of_group(),
        "schemas": _texts(
            case(
                (groups.c.connection_id.is_(None), array([literal(CORE_GROUP)])),
                else_=array([literal(CORE_GROUP), literal(ACCOUNT_GROUP)]),
            )
        ),
    },
    shortcuts={},
)
