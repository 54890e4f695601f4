"""Constraint of the database -> refusal of the domain, in one table.

Uniqueness is decided by the index and by nothing else: a look before the insert would be one more query and could
still lose a race. What a refusal wants to say beyond its code is taken from the values that were to be written.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from provisioning.domain.errors import Code, Refusal, not_found

Values = Mapping[str, object]

REFUSED_BY: dict[str, Callable[[Values], Refusal]] = {
    "ux_environments_cloud_name": lambda values: Refusal(
        Code.CLOUD_NAME_TAKEN, "cloud_name", name=values.get("cloud_name", "")
    ),
    "ux_groups_external_id": lambda values: Refusal(
        Code.EXTERNAL_ID_TAKEN, "external_id", external_id=values.get("external_id", "")
    ),
    "ux_groups_name": lambda values: Refusal(Code.GROUP_NAME_TAKEN, "name", name=values.get("name", "")),
    "ux_scim_connections_name": lambda values: Refusal(Code.CONNECTION_NAME_TAKEN, "name", name=values.get("name", "")),
    "ux_users_email": lambda values: Refusal(Code.EMAIL_TAKEN, "email", email=values.get("email", "")),
    "ux_users_external_id": lambda values: Refusal(
        Code.EXTERNAL_ID_TAKEN, "external_id", external_id=values.get("external_id", "")
    ),
    "ux_users_user_name": lambda values: Refusal(
        Code.USER_NAME_TAKEN, "user_name", user_name=values.get("user_name", "")
    ),
    "fk_user_environments_environment": lambda _: not_found("Product environment"),
    "fk_group_members_user": lambda _: not_found("User"),
    "fk_group_members_group": lambda _: not_found("Group"),
    # The connection behind a request was removed while the request was under way.
    "fk_groups_connection": lambda _: Refusal(Code.CREDENTIAL_INVALID),
    "fk_saml_links_connection": lambda _: Refusal(Code.CONNECTION_DISABLED),
    "fk_saml_requests_connection": lambda _: Refusal(Code.CONNECTION_DISABLED),
    "fk_saml_spent_connection": lambda _: Refusal(Code.CONNECTION_DISABLED),
    "fk_users_connection": lambda _: Refusal(Code.CREDENTIAL_INVALID),
    "saml_spent_pkey": lambda _: Refusal(Code.SAML_REPLAYED),
    "saml_links_pkey": lambda _: Refusal(Code.SAML_EMAIL_TAKEN),
    "ck_users_root": lambda _: Refusal(Code.ROOT_USER_PROTECTED, detail="it always keeps its access."),
    "ux_users_root": lambda _: Refusal(Code.ROOT_USER_PROTECTED, detail="an account has exactly one."),
}


@contextmanager
def refusing(values: Values) -> Iterator[None]:
    """Turn a constraint violated inside into the refusal that is meant; the fault itself where none is.

    Args:
        values: the values that are being written, for the sentence.
    """
    try:
        yield
    except IntegrityError as error:
        refusal = refusal_of(error, values)
        if refusal is None:
            raise
        raise refusal from error


def refusal_of(error: IntegrityError, values: Values) -> Refusal | None:
    """Return the refusal that a violated constraint means, None where none is meant.

    Args:
        error: the fault as SQLAlchemy hands it on.
        values: the values that were to be written, for the sentence.
    """
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    return REFUSED_BY[name](values) if name in REFUSED_BY else None
