"""What a login asks beside the password, what is remembered between its steps, and what slows guessing (2FA, LGN)."""

from sqlalchemy import ARRAY, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from provisioning.store.tables.columns import account_column, id_column, metadata, moment, reference

# The seed is encrypted and bound to its row (OPS-2); without `confirmed_at` a set-up was only begun.
second_factors = Table(
    "second_factors",
    metadata,
    account_column(),
    id_column("user_id"),
    Column("seed", LargeBinary, nullable=False),
    Column("last_step", Integer, nullable=False),
    moment("created_at", optional=False),
    moment("confirmed_at"),
    reference("users", "user_id", name="fk_second_factors_user"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    account_column(),
    id_column(),
    Column("user_id", Text, nullable=False),
    Column("code_hash", Text, nullable=False),
    moment("used_at"),
    reference("users", "user_id", name="fk_recovery_codes_user"),
    Index("ix_recovery_codes_user", "account_id", "user_id"),
)

# A login of one user between its password and its session: what was proved is written here, by us alone (LGN-3).
second_steps = Table(
    "second_steps",
    metadata,
    account_column(),
    id_column(),
    Column("secret_hash", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("proved", ARRAY(Text), nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    moment("created_at", optional=False),
    moment("expires_at", optional=False),
    moment("used_at"),
    reference("users", "user_id", name="fk_second_steps_user"),
    Index("ux_second_steps_secret", "secret_hash", unique=True),
    Index("ix_second_steps_user", "account_id", "user_id"),
)

# One cookie stands for a browser, which several people may have logged in with: several rows of one secret.
devices = Table(
    "devices",
    metadata,
    account_column(),
    id_column(),
    Column("user_id", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    moment("created_at", optional=False),
    moment("last_used_at", optional=False),
    reference("users", "user_id", name="fk_devices_user"),
    Index("ix_devices_secret", "secret_hash"),
    Index("ix_devices_user", "account_id", "user_id"),
)

# Counters of tries. Those of a network address and of what was typed as an email are of no account: account_id ''.
login_tries = Table(
    "login_tries",
    metadata,
    account_column(),
    Column("counter", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("tries", Integer, nullable=False),
    moment("last_at", optional=False),
    moment("open_at", optional=False),
    Index("ix_login_tries_last", "last_at"),
)
