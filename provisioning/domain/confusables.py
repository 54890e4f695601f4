"""IDN-7: names that people take for one another though they are written with other characters.

A small table of letters that look like Latin ones, from the lists of Unicode's technical standard 39 as far as names
use them; enough to tell an administrator 'look twice', which is all that is done with it. Nothing is refused by it.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from provisioning.domain.comparison import comparison_key
from provisioning.domain.users import User

# Each letter of the second text looks like the letter of the same place in the first.
_PAIRS = (
    ("abcehijkmnopqstuwxyz", "авсеһіјкмпорԛѕтцшхуз"),  # Cyrillic
    ("dhlrvw", "ԁнӏгѵԝ"),  # Cyrillic, second choices
    ("abenikuoptvxyw", "αβεηικμορτνχγω"),  # Greek
    ("hnoqu", "հոօգս"),  # Armenian
    ("aigb", "ɑıɡƅ"),  # Latin
    ("olll", "01i|"),  # digits and letters that many typefaces draw alike
)
LOOKALIKES = {ord(other): letter for letters, others in _PAIRS for letter, other in zip(letters, others, strict=True)}
SEQUENCES = (("rn", "m"), ("vv", "w"))
# Marks, control characters and separators: by them alone nobody tells two names apart.
UNSEEN = "MCZ"
# What stands between the parts of a name, and is easily overlooked.
BETWEEN = str.maketrans("", "", " .-_'’\u00a0")


def skeleton(text: str) -> str:
    """Return what is left of a text when everything is taken away by which look-alikes differ."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", comparison_key(text))
        if unicodedata.category(letter)[0] not in UNSEEN
    )
    # Twice, as a Cyrillic i looks like a Latin one, and that like an l.
    found = plain.translate(BETWEEN).translate(LOOKALIKES).translate(LOOKALIKES)
    for seen, meant in SEQUENCES:
        found = found.replace(seen, meant)
    return found


def confusable_with(user: User, administrators: Iterable[User]) -> list[User]:
    """Return the administrators for whom somebody could be taken by name or email, each once.

    Args:
        user: who is being added.
        administrators: those of the account.
    """
    own = _skeletons(user)
    return [each for each in administrators if each.id != user.id and own & _skeletons(each)]


def warnings_of(user: User, mistaken_for: Sequence[User]) -> tuple[str, ...]:
    """Return the sentences for whoever adds a user that could be taken for administrators."""
    return tuple(
        f"{user.name} <{user.email}> can be mistaken for the administrator {each.name} <{each.email}>. Look twice."
        for each in mistaken_for
    )


def _skeletons(user: User) -> set[str]:
    return {skeleton(text) for text in (user.display_name, user.full_name, _readable(user.email)) if text} - {""}


def _readable(email: str | None) -> str:
    """Return an email as people see it: its domain in letters where it is given in its A-label form."""
    local, at, domain = (email or "").rpartition("@")
    try:
        return f"{local}{at}{domain.encode('ascii').decode('idna')}"
    except ValueError:
        return email or ""
