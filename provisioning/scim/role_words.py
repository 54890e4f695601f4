"""The directory's own words in `roles`: those that give no role here are no fault, but the log says which they were.

A person who should be an administrator and is not is the commonest question of whoever maps roles, and the answer of a
push has no room to say that a word was not known.
"""

from collections.abc import Callable, Sequence

from provisioning.actions.new_users import words_of
from provisioning.domain.caller import Caller
from provisioning.domain.scim_connections import LONGEST_QUOTED
from provisioning.domain.users import NewUser, User, UserChanges
from provisioning.scim.notes import note


def noting_words_of(caller: Caller, command: NewUser) -> NewUser:
    """Return the command for a new user, after noting the words of it that give nothing."""
    _note(caller, words_of(command.attributes))
    return command


def noting_new_words(caller: Caller, edit: Callable[[User], UserChanges]) -> Callable[[User], UserChanges]:
    """Return an edit of a user that also notes the words that it brings and that give nothing."""

    def noting(user: User) -> UserChanges:
        changes = edit(user)
        known = words_of(user.attributes)
        _note(caller, [word for word in words_of(changes.get("attributes", {})) if word not in known])
        return changes

    return noting


def _note(caller: Caller, words: Sequence[str]) -> None:
    if caller.connection is None:
        return
    for word in caller.connection.unknown_words(words):
        note(f"The role word {word[:LONGEST_QUOTED]!r} is mapped to no role and gave nothing.")
