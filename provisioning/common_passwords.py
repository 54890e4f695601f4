"""Whether a password is among the common ones, from an offline list that a library carries (PWD-4).

The list has what people really chose, in lower case. A password that merely repeats a listed one, or adds digits and
signs around it, is as easily guessed and counts as listed.
"""

import re
from functools import cache

from zxcvbn.frequency_lists import FREQUENCY_LISTS

AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
LONGEST_UNIT = 16
FEWEST_DIFFERENT = 5


@cache
def listed() -> frozenset[str]:
    """Return the listed passwords, in lower case."""
    return frozenset(FREQUENCY_LISTS["passwords"])


def is_common(lowered: str) -> bool:
    """Return whether a lower-cased password is listed, repeats a listed one or adds only digits and signs to it."""
    candidates = {lowered, AROUND.sub("", lowered), _unit(lowered), _unit(AROUND.sub("", lowered))}
    return len(set(lowered)) < FEWEST_DIFFERENT or not listed().isdisjoint(candidates - {""})


def _unit(text: str) -> str:
    """Return the shortest text whose repetition the text is; itself where it repeats nothing."""
    for length in range(1, min(LONGEST_UNIT, len(text) // 2) + 1):
        if len(text) % length == 0 and text[:length] * (len(text) // length) == text:
            return text[:length]
    return text
