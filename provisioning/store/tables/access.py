"""Product environments, their access keys, and which users have chosen ones."""

from sqlalchemy import ARRAY, Boolean, Column, Index, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import (
    account_column,
    account_reference,
    id_column,
    metadata,
    moment,
    reference,
)

environments = Table(
    "environments",
    metadata,
    account_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("cloud_name", Text, nullable=False),
    Column("cloud_name_key", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("custom_attributes", JSONB),
    moment("created_at", optional=False),
    moment("updated_at", optional=False),
    account_reference("fk_environments_account"),
    # A cloud name is unique over all accounts (ENV-1), so this index is one of the few that are global.
    Index("ux_environments_cloud_name", "cloud_name_key", unique=True),
)

user_environments = Table(
    "user_environments",
    metadata,
    account_column(),
    id_column("user_id"),
    id_column("environment_id"),
    reference("users", "user_id", name="fk_user_environments_user"),
    reference("environments", "environment_id", name="fk_user_environments_environment"),
    Index("ix_user_environments_environment", "account_id", "environment_id"),
)

access_keys = Table(
    "access_keys",
    metadata,
    account_column(),
    id_column(),
    Column("environment_id", Text, nullable=False),
    Column("api_key", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("dedicated_for", ARRAY(Text), nullable=False),
    Column("is_first", Boolean, nullable=False),
    moment("created_at", optional=False),
    moment("updated_at", optional=False),
    reference("environments", "environment_id", name="fk_access_keys_environment"),
    Index("ux_access_keys_api_key", "api_key", unique=True),
    Index("ix_access_keys_environment", "account_id", "environment_id"),
)
