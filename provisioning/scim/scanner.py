"""Filter text to the tokens of scim2-filter-parser's grammar, within limits and with its precedence repaired.

The library's own lexer knows integers of one digit, no JSON escapes and only URIs of one shape, and its grammar gives
`and` and `or` one precedence. So the tokens are made here: an operator is recognised by its position, a literal is JSON
and typed, and the stream is wrapped in parentheses so that `and` binds tighter than `or`. Length, number of comparisons
and depth are checked on the tokens, before any parser sees them (SCM-7).
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from enum import Enum, auto

from sly.lex import Token

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import DEEPEST, LONGEST_FILTER, MOST_TERMS

BLANKS = re.compile(r"[ \t\f\r\n]*")
WORD = re.compile(r'[^ \t\f\r\n\[\]()"]+')
NAME = r"\$?[A-Za-z][A-Za-z0-9$_-]*"
ATTRIBUTE = re.compile(rf"(?:(?P<uri>[A-Za-z][A-Za-z0-9+.-]*:\S+):)?(?P<name>{NAME})(?:\.(?P<sub>{NAME}))?")
SUB_ATTRIBUTE = re.compile(rf"\.({NAME})")
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"')
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9.])")
CONSTANT = re.compile(r"(true|false|null)(?![A-Za-z0-9$_-])", re.IGNORECASE)
COMPARE = re.compile(r"(eq|ne|co|sw|ew|gt|ge|lt|le|pr)(?![A-Za-z0-9$_-])", re.IGNORECASE)
JOIN = re.compile(r"(and|or)(?![A-Za-z0-9$_-])", re.IGNORECASE)
OPERATORS = frozenset({"EQ", "NE", "CO", "SW", "EW", "GT", "GE", "LT", "LE", "PR"})
CONSTANTS = {"true": True, "false": False, "null": None}


class Expected(Enum):
    """What may stand at a place of the text; the words of the grammar mean something only there."""

    TERM = auto()
    OPERATOR = auto()
    LITERAL = auto()
    JOIN = auto()
    JOIN_OR_SUB_ATTRIBUTE = auto()


def not_understood(detail: str) -> Refusal:
    """Return the refusal of a filter text."""
    return Refusal(Code.INVALID_FILTER, "filter", detail=detail)


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a filter, ready for the library's parser (RFC 7644 section 3.4.2.2).

    Raises:
        Refusal: INVALID_FILTER, with the place where the text stops to make sense.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_FILTER:
        raise not_understood(f"it is longer than {LONGEST_FILTER} bytes.")
    tokens = list(_Scanner(text).tokens())
    _require_limits(tokens)
    return list(_repaired(tokens))


class _Scanner:
    """One pass over one text; `place` moves forward only."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.expected = Expected.TERM
        self.steps: dict[Expected, Callable[[], Iterator[Token]]] = {
            Expected.TERM: self._term,
            Expected.OPERATOR: self._operator,
            Expected.LITERAL: self._literal,
            Expected.JOIN: self._join,
            Expected.JOIN_OR_SUB_ATTRIBUTE: self._join_or_sub_attribute,
        }

    def tokens(self) -> Iterator[Token]:
        """Yield the tokens as the library's grammar names them, values decoded."""
        self._skip_blanks()
        while self.place < len(self.text):
            yield from self.steps[self.expected]()
            self._skip_blanks()

    def _term(self) -> Iterator[Token]:
        if self._peek() == "(":
            yield self._take("LPAREN", Expected.TERM)
            return
        word = self._match(WORD, "an attribute")
        if word.group().lower() == "not" and self._peek_past_blanks() == "(":
            yield token("NOT", "not", word.start())
            return
        yield from self._attribute(word)

    def _attribute(self, word: re.Match[str]) -> Iterator[Token]:
        parts = ATTRIBUTE.fullmatch(word.group())
        if parts is None:
            raise not_understood(f"no attribute's name at character {word.start() + 1}.")
        if parts["uri"] is not None:
            yield token("SCHEMA_URI", parts["uri"], word.start())
        yield token("ATTRNAME", parts["name"], word.start())
        if parts["sub"] is not None:
            yield token("SUBATTR", parts["sub"], word.start())
        self.expected = Expected.OPERATOR

    def _operator(self) -> Iterator[Token]:
        if self._peek() == "[":
            yield self._take("LBRACKET", Expected.TERM)
            return
        found = self._match(COMPARE, "an operator")
        name = found.group().lower()
        yield token(name.upper(), name, found.start())
        self.expected = Expected.JOIN if name == "pr" else Expected.LITERAL

    def _literal(self) -> Iterator[Token]:
        constant = CONSTANT.match(self.text, self.place)
        if constant:
            self.place = constant.end()
            name = constant.group().lower()
            yield token(name.upper(), CONSTANTS[name], constant.start())
        elif self._peek() == '"':
            found = self._match(STRING, "a text in double quotes")
            yield token("COMP_VALUE", _decoded(found), found.start())
        else:
            found = self._match(NUMBER, "a value in JSON form")
            yield token("NUMBER", _number(found), found.start())
        self.expected = Expected.JOIN

    def _join(self) -> Iterator[Token]:
        mark = self._peek()
        if mark == ")":
            yield self._take("RPAREN", Expected.JOIN)
        elif mark == "]":
            yield self._take("RBRACKET", Expected.JOIN_OR_SUB_ATTRIBUTE)
        else:
            found = self._match(JOIN, "'and', 'or' or the end")
            yield token(found.group().upper(), found.group().lower(), found.start())
            self.expected = Expected.TERM

    def _join_or_sub_attribute(self) -> Iterator[Token]:
        found = SUB_ATTRIBUTE.match(self.text, self.place)
        if found is None:
            yield from self._join()
            return
        self.place = found.end()
        yield token("SUBATTR", found.group(1), found.start())
        self.expected = Expected.OPERATOR

    def _match(self, pattern: re.Pattern[str], wanted: str) -> re.Match[str]:
        found = pattern.match(self.text, self.place)
        if found is None:
            raise not_understood(f"{wanted} is expected at character {self.place + 1}.")
        self.place = found.end()
        return found

    def _take(self, kind: str, then: Expected) -> Token:
        self.place += 1
        self.expected = then
        return token(kind, self.text[self.place - 1], self.place - 1)

    def _peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def _peek_past_blanks(self) -> str:
        self._skip_blanks()
        return self._peek()

    def _skip_blanks(self) -> None:
        found = BLANKS.match(self.text, self.place)
        self.place = found.end() if found else self.place


def token(kind: str, value: object, place: int) -> Token:
    """Return one token of the library's grammar."""
    made = Token()
    made.type, made.value, made.lineno, made.index, made.end = kind, value, 1, place, place
    return made


def _decoded(found: re.Match[str]) -> str:
    text = str(json.loads(found.group()))
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise not_understood(f"the text at character {found.start() + 1} holds a character that no value has.")
    return text


def _number(found: re.Match[str]) -> int | float:
    text = found.group()
    if len(text) > 64:
        raise not_understood(f"the number at character {found.start() + 1} is too long.")
    value = float(text)
    if not math.isfinite(value):
        raise not_understood(f"the number at character {found.start() + 1} is too large.")
    return value if set(text) & set(".eE") else int(text)


def _require_limits(tokens: list[Token]) -> None:
    terms = sum(1 for each in tokens if each.type in OPERATORS)
    if terms > MOST_TERMS:
        raise not_understood(f"it has more than {MOST_TERMS} comparisons.")
    depth = 0
    for each in tokens:
        depth += {"LPAREN": 1, "LBRACKET": 1, "RPAREN": -1, "RBRACKET": -1}.get(each.type, 0)
        if depth > DEEPEST:
            raise not_understood(f"it is nested deeper than {DEEPEST}.")


def _repaired(tokens: list[Token]) -> Iterator[Token]:
    """Wrap what stands between two `or` in parentheses, so that `a or b and c` is not read as (a or b) and c."""
    yield token("LPAREN", "(", 0)
    for each in tokens:
        opens, closes = each.type in ("LPAREN", "LBRACKET"), each.type in ("RPAREN", "RBRACKET")
        if closes or each.type == "OR":
            yield token("RPAREN", ")", each.index)
        yield each
        if opens or each.type == "OR":
            yield token("LPAREN", "(", each.index)
    yield token("RPAREN", ")", 0)
