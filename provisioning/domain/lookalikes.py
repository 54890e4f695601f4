"""IDN-7: whether a name or an email looks like that of an administrator, though another person stands behind it.

People read shapes, not code points: a Cyrillic А, a Greek Α and an A are one letter to them, and so are 0 and O, 1 and
l, or rn and m. The skeleton of a text has one letter for each shape (the idea of Unicode's technical standard 39, cut
to the letters that scripts in daily use share with Latin). Two texts of one skeleton can be taken for one another.
Nothing is refused for it, as namesakes exist: who adds the person is warned.
"""

from collections.abc import Iterable

from provisioning.domain.comparison import comparison_key
from provisioning.domain.users import User

# A Latin letter -> what is read as it, after folding: Cyrillic, Greek, Armenian, digits and signs.
READ_AS = {
    "a": "аαɑ",
    "b": "ьЬβƅ",
    "c": "сϲᴄ",
    "d": "ԁɗ",
    "e": "еєεҽ",
    "g": "ɡց",
    "h": "һհ",
    "i": "іıɩιӏ1l|!ⅼ",
    "j": "јϳ",
    "k": "кκ",
    "m": "мϻ",
    "n": "ոηп",
    "o": "оοσօ0",
    "p": "рρ",
    "q": "ԛգ",
    "r": "гᴦ",
    "s": "ѕꜱ5$",
    "t": "тτ",
    "u": "υսц",
    "v": "νѵ",
    "w": "ԝωш",
    "x": "хχ×",
    "y": "уүγ",
    "z": "ᴢʐ",
}
LETTERS = str.maketrans({shape: letter for letter, shapes in READ_AS.items() for shape in shapes})
PAIRS = (("rn", "m"), ("vv", "w"))
# Blanks, dots and hyphens are looked over.
LOOKED_OVER = str.maketrans("", "", " .-_'’·")


def skeleton(text: str) -> str:
    """Return the form by which texts are compared as people see them; '' for a text without letters."""
    seen = comparison_key(text).translate(LETTERS).translate(LOOKED_OVER)
    for pair, letter in PAIRS:
        seen = seen.replace(pair, letter)
    return seen


def looks_like(user: User, administrators: Iterable[User]) -> User | None:
    """Return an administrator for whom a user can be taken, by name or by email; None where there is none."""
    own = _skeletons(user)
    others = (each for each in administrators if each.id != user.id)
    return next((each for each in others if own & _skeletons(each)), None)


def _skeletons(user: User) -> frozenset[str]:
    """Return the skeletons of a user's names and email; the email's name and domain count together."""
    texts = (user.display_name, user.full_name, user.email or "")
    return frozenset(skeleton(text) for text in texts if skeleton(text))
