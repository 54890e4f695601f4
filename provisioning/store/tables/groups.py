"""Groups; membership is a table, so one member costs the same at 10 and at 50,000."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import (
    account_column,
    account_reference,
    id_column,
    metadata,
    moment,
    reference,
)

groups = Table(
    "groups",
    metadata,
    account_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("external_id", Text),
    Column("connection_id", Text),
    Column("version", Integer, nullable=False),
    Column("member_count", Integer, nullable=False),
    Column("attributes", JSONB, nullable=False),
    moment("created_at", optional=False),
    moment("updated_at", optional=False),
    account_reference("fk_groups_account"),
    ForeignKeyConstraint(
        ["account_id", "connection_id"],
        ["scim_connections.account_id", "scim_connections.id"],
        name="fk_groups_connection",
    ),
    Index("ux_groups_name", "account_id", "name_key", unique=True),
    Index("ux_groups_external_id", "account_id", "external_id", "connection_id", unique=True),
)

group_members = Table(
    "group_members",
    metadata,
    account_column(),
    id_column("group_id"),
    id_column("user_id"),
    reference("groups", "group_id", name="fk_group_members_group"),
    reference("users", "user_id", name="fk_group_members_user"),
    Index("ix_group_members_user", "account_id", "user_id"),
)

# Groups in groups are kept and shown, and give their members nothing.
group_children = Table(
    "group_children",
    metadata,
    account_column(),
    id_column("group_id"),
    id_column("child_id"),
    reference("groups", "group_id", name="fk_group_children_group"),
    reference("groups", "child_id", name="fk_group_children_child"),
    Index("ix_group_children_child", "account_id", "child_id"),
)
