"""ROOT: what the root user is protected from, as a table of verb and field; the same on every way in.

An account must never be left without somebody who can repair it, so no administrator, key, directory or bug may take
the root user's access away. The last line of defence is in the database (a partial unique index and check constraints).
"""

from collections.abc import Iterable

from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import User, Verb

# ROOT-2: refused to everybody, the root user itself included.
NEVER = {
    Verb.DELETE: "it cannot be deleted.",
    Verb.DISABLE: "it cannot be disabled.",
    Verb.FORCE_LOGOUT: "it cannot be logged out by force.",
    Verb.RESET_PASSWORD: "its password cannot be revoked.",
    # Its own second factor it removes as its owner, with a fresh proof (ROOT-7), which is another act.
    Verb.REMOVE_SECOND_FACTOR: "nobody else removes its second factor.",
}

# ROOT-3, ROOT-4: refused to everybody; the other fields are the root user's own to change (ROOT-7).
NEVER_CHANGED = {
    "role": "it cannot be assigned roles.",
    "media_library": "it cannot be assigned permissions.",
    "all_environments": "it always has all product environments.",
    "environment_ids": "it always has all product environments.",
    "active": "it cannot be disabled.",
}


def protect(user: User, verb: Verb) -> None:
    """Refuse a verb on the root user (ROOT-2)."""
    if user.is_root and verb in NEVER:
        raise Refusal(Code.ROOT_USER_PROTECTED, detail=NEVER[verb])


def protect_from_directory(caller: Caller, user: User) -> None:
    """Refuse every push of an identity provider that would write the root user (ROOT-6, SCM-4)."""
    if user.is_root and caller.is_directory:
        raise Refusal(Code.ROOT_USER_PROTECTED, detail="an identity provider cannot change it.")


def protect_fields(caller: Caller, user: User, fields: Iterable[str]) -> None:
    """Refuse changes of the root user's fields: some by anyone, the rest by anyone but itself.

    Args:
        fields: names of `UserChanges` that really change.
    """
    if not user.is_root:
        return
    for field in fields:
        if field in NEVER_CHANGED:
            raise Refusal(Code.ROOT_USER_PROTECTED, field, detail=NEVER_CHANGED[field])
        if caller.id != user.id:
            raise Refusal(Code.ROOT_USER_PROTECTED, field, detail="only the root user changes its own details.")


def protect_membership(caller: Caller, user: User) -> None:
    """Refuse that a directory puts the root user, or a master admin whom it may not touch, into a group or out (SCM-4).

    Args:
        caller: the token of a SCIM connection.
        user: whose membership comes or goes.
    """
    if user.is_root:
        raise Refusal(Code.ROOT_USER_PROTECTED, detail="an identity provider cannot change its groups.")
    may_touch = caller.connection is not None and caller.connection.allow_master_admin
    if user.role is Role.MASTER_ADMIN and not may_touch:
        raise Refusal(Code.ABOVE_OWN_ROLE, whom=f"a user with the role {Role.MASTER_ADMIN.value}")
