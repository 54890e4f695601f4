"""USR-4: which changes of an email wait for a confirmation from the new address, and which hold at once."""

from provisioning.domain.caller import Caller, Credential
from provisioning.domain.users import Status, User, UserChanges


def is_confirmed_first(caller: Caller, user: User, email: str | None) -> bool:
    """Return whether a change of email waits until a link in a mail to the new address was used.

    A person in the Console may mistype an address, or choose one that is not theirs; then nobody could log in any more,
    or the wrong one could. A pending user has nothing to lose: the invitation goes to the new address. An identity
    provider, the account's own script and the operator are the authority.
    """
    typed_by_a_person = caller.credential is Credential.SESSION
    return typed_by_a_person and email is not None and email != user.email and user.status is not Status.PENDING


def is_told(user: User, email: str | None) -> bool:
    """Return whether both addresses are told of a change: a pending user gets a new invitation instead."""
    return email != user.email and user.status is not Status.PENDING


def without_email(changes: UserChanges) -> UserChanges:
    """Return a change set without its email."""
    kept = changes.copy()
    kept.pop("email", None)
    return kept
