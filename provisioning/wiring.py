"""Settings -> Services, made once a process: the only place where clock, randomness and the environment are read."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from uuid_utils.compat import uuid7

from provisioning.actions.services import Services, unmeasured
from provisioning.certificates import make_sp_key
from provisioning.common_passwords import is_common
from provisioning.encryption import Cipher, Signer
from provisioning.hashing import Hasher, waiting_places
from provisioning.identity_providers import IdentityProviders
from provisioning.one_time_codes import OneTimeCodes
from provisioning.outgoing import Outgoing, allowed_by
from provisioning.request_log import ImmediateLog
from provisioning.scim.representation import user_document, user_folded
from provisioning.settings import Settings
from provisioning.store.engine import open_database
from provisioning.store.provisioning_log import write_requests

# Connections beside those that the web's threads need: health checks and the writer of the provisioning log.
SPARE_CONNECTIONS = 2


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a UUIDv7 as text: ids sort by the time of making."""
    return str(uuid7())


def new_connection_id() -> str:
    """Return a UUIDv4 as text: the ids of connections stand in public addresses and tell nothing."""
    return str(uuid4())


def services_from(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    measure: Callable[[str, float], None] = unmeasured,
    make_log: type[ImmediateLog] = ImmediateLog,
) -> Services:
    """Return the services of a process.

    Args:
        settings: checked.
        now: the clock; tests hand in their own.
        measure: notes how long a stage took; processes with metrics hand in theirs.
        make_log: who writes the provisioning log; a web process hands in the one that writes behind the answers.
    """
    outgoing = Outgoing(allowed_by(settings))
    database = open_database(
        settings.database_url,
        pool_size=settings.web_threads + SPARE_CONNECTIONS,
        prepare=settings.prepared_statements,
    )
    return Services(
        database=database,
        now=now,
        random=os.urandom,
        new_id=new_id,
        new_connection_id=new_connection_id,
        hasher=Hasher(settings.password_hash_memory, most_waiting=waiting_places(settings.web_threads)),
        cipher=Cipher(settings.encryption_keys(), os.urandom),
        signer=Signer(settings.encryption_keys()),
        outgoing=outgoing,
        providers=IdentityProviders(outgoing),
        one_time_codes=OneTimeCodes(),
        public_url=settings.public_url.rstrip("/"),
        is_common_password=is_common,
        render_user=user_document,
        fold_user=user_folded,
        make_sp_key=lambda entity_id: make_sp_key(entity_id, now()),
        request_log=make_log(partial(write_requests, database), measure),
        measure=measure,
    )
