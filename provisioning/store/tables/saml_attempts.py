"""Every attempt to log in through an organisation, for 30 days (saml.md 10).

Nothing points here and nothing is pointed at: an attempt outlives the connection and the user that it names. It never
holds a message, a key, a cookie or a RelayState.
"""

from sqlalchemy import Boolean, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import account_column, id_column, metadata, moment

saml_attempts = Table(
    "saml_attempts",
    metadata,
    account_column(),
    id_column(),
    moment("at", optional=False),
    Column("connection_id", Text, nullable=False),
    # What the person's page shows, and the administrator finds the attempt by.
    Column("reference", Text, nullable=False),
    # login, test, logout.
    Column("kind", Text, nullable=False),
    # 'accepted', or the refusal's code.
    Column("outcome", Text, nullable=False),
    # Whether a key of the connection had signed it: only such attempts say anything about a known person.
    Column("signed", Boolean, nullable=False),
    Column("user_id", Text),
    Column("subject_hash", Text),
    # The failed check, expected and received, ids, issuer, fingerprint, algorithm, skew, attribute names, address.
    Column("facts", JSONB, nullable=False),
    Index("ix_saml_attempts_at", "account_id", "connection_id", "at", "id"),
    Index("ix_saml_attempts_reference", "account_id", "reference"),
    # By time alone: what is old enough to go, over all accounts.
    Index("ix_saml_attempts_old", "at"),
)
