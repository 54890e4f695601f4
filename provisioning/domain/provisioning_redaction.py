"""SCM-8, SCM-9: what of a request may be kept. Names that a schema knows stand with their values; all else is hidden.

A list of what to hide would have to know every place where somebody could put a secret. So the list says what may be
shown: the attributes that the schemas know, passwords apart, and the words of the protocol. An unknown attribute keeps
its name, so that an administrator sees what was sent in vain, and loses its value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

HIDDEN = "[hidden]"
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not"})
COMPARISONS = OPERATORS - {"pr", "and", "or", "not"}
BRACKETS = frozenset("()[],")
LITERALS = frozenset({"true", "false", "null"})
# What messages of RFC 7644 are made of, beside attributes.
MESSAGE_NAMES = frozenset({
    "schemas", "operations", "op", "path", "value", "failonerrors", "bulkid", "method", "data", "version", "filter",
    "sortby", "sortorder", "startindex", "count", "cursor", "attributes", "excludedattributes", "id", "meta",
    "resourcetype", "created", "lastmodified", "location",
})  # fmt: skip
PATH_WORDS = frozenset({
    "users", "groups", "bulk", "me", ".search", "schemas", "resourcetypes", "serviceproviderconfig", "user", "group",
})  # fmt: skip
NUMBER_PARAMETERS = frozenset({"startindex", "count"})
NAME_PARAMETERS = frozenset({"sortby", "attributes", "excludedattributes"})
CREDENTIAL_PARAMETERS = frozenset({"access_token", "token"})
# Members of messages that have one of a few words.
FIXED_WORDS: Mapping[str, frozenset[str]] = {
    "op": frozenset({"add", "replace", "remove"}),
    "method": frozenset({"post", "put", "patch", "delete"}),
}
READ_CLOSELY = frozenset({"path", "value", "filter", *FIXED_WORDS})
SORT_ORDERS = frozenset({"ascending", "descending"})
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
# RFC 7643 section 2.1, and the URNs of schemas.
NAME = re.compile(r"[A-Za-z$][\w$.:-]{0,199}", re.ASCII)
NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
CREDENTIAL_NAME = re.compile(r"passw|secret|token|credential", re.I)
# Our own keys and tokens, signed tokens, and what follows the word Bearer, wherever they were pasted.
CREDENTIALS = re.compile(r"\b(?:gst|gls|glk)_\w+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=bearer )\S+", re.I | re.ASCII)
SHORTEST_CREDENTIAL = 16
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|\s+|[()\[\],]|[^\s()\[\],"]+|"')
IN_BRACKETS = re.compile(r"\[.*\]", re.S)
QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Known:
    """What the schemas know.

    Attributes:
        names: lower-cased names of attributes and sub-attributes, credentials apart.
        urns: lower-cased URNs of schemas and messages.
    """

    names: frozenset[str]
    urns: frozenset[str]

    def has(self, path: str) -> bool:
        """Return whether a name, perhaps with its schema before it and a sub-attribute behind it, is known."""
        path = path.lower().strip(".")
        if path in self.urns:
            return True
        urn, _, name = path.rpartition(":")
        return (not urn or urn in self.urns) and all(part in self.names for part in name.split("."))


def known_from(names: Iterable[str], urns: Iterable[str]) -> Known:
    """Return what may be shown: names of attributes (any that sounds like a credential is left out) and of schemas."""
    kept = {name.lower() for name in names if not CREDENTIAL_NAME.search(name)}
    return Known(frozenset(kept | MESSAGE_NAMES), frozenset(urn.lower() for urn in urns))


def shown_path(path: str, known: Known) -> str:
    """Return a path below the door's base: of it stand types of resources, ids of our form and known schemas."""
    return "/".join(part if _is_shown_segment(part, known) else HIDDEN for part in path.split("/"))


def _is_shown_segment(part: str, known: Known) -> bool:
    return not part or part.lower() in PATH_WORDS or part.lower() in known.urns or ID.fullmatch(part) is not None


def shown_query(parameters: Iterable[tuple[str, str]], known: Known) -> str:
    """Return the parameters of an address as one text, `name=value`; of signs only & and % are encoded."""
    shown = (_shown_parameter(name, value, known) for name, value in parameters)
    return "&".join(each.replace("%", "%25").replace("&", "%26") for each in shown)


def _shown_parameter(name: str, value: str, known: Known) -> str:
    word = name.lower()
    if word == "filter":
        return f"{name}={shown_filter(value, known)}"
    if word in NUMBER_PARAMETERS and NUMBER.fullmatch(value):
        return f"{name}={value}"
    if word in NAME_PARAMETERS:
        return f"{name}={','.join(_shown_name(each.strip(), known) for each in value.split(','))}"
    if word == "sortorder" and value.lower() in SORT_ORDERS:
        return f"{name}={value}"
    if word == "cursor" and not value:
        return "cursor="
    is_word = word in MESSAGE_NAMES or word in CREDENTIAL_PARAMETERS
    return f"{name if is_word else HIDDEN}={HIDDEN}"


def _shown_name(name: str, known: Known) -> str:
    return name if known.has(name) else HIDDEN


def shown_filter(text: str, known: Known, *, is_path: bool = False) -> str:
    """Return a filter, or the path of a PATCH, with the values of known attributes and no others.

    Args:
        text: as it was sent, perhaps no filter at all.
        known: what the schemas know.
        is_path: whether names that stand alone are shown though nobody knows them: they are attributes in a body, while
            in an address a lone word may be anything.
    """
    reading = _Reading(known, is_path)
    words = [word for word in TOKENS.findall(text) if not word.isspace()] + [""]
    following = iter(words[1:])
    shown = [" " if piece.isspace() else reading.shown(piece, next(following)) for piece in TOKENS.findall(text)]
    return hide_credentials("".join(shown))


@dataclass(slots=True)
class _Reading:
    """How far a filter was read.

    Attributes:
        said: the word before.
        is_known: whether the attribute that the next literal belongs to is known.
        is_known_outside: the same of the attribute before the bracket that is open.
    """

    known: Known
    is_path: bool
    said: str = ""
    is_known: bool = False
    is_known_outside: bool = True

    def shown(self, piece: str, following: str) -> str:
        """Return a piece as it may be shown, and read on."""
        word, said = piece.lower(), self.said
        self.said = word
        if piece in BRACKETS:
            self.is_known_outside = self.is_known if piece == "[" else self.is_known_outside or piece == "]"
            return piece
        if word in OPERATORS and said not in COMPARISONS:
            return piece
        if said in COMPARISONS or piece.startswith('"'):
            return piece if word in LITERALS or self.is_known else f'"{HIDDEN}"'
        self.is_known = self.is_known_outside and self.known.has(word)
        is_name = self.is_path or following == "[" or following.lower() in OPERATORS
        return piece if self.is_known or (is_name and NAME.fullmatch(piece)) else HIDDEN


@dataclass(slots=True)
class Seen:
    """What came to light while a body was redacted: whether it held a credential."""

    credential: bool = False


def shown_body(value: Any, known: Known, seen: Seen) -> Any:
    """Return a JSON value as it may be kept.

    Args:
        value: of a request's body.
        known: what the schemas know.
        seen: is told of credentials.
    """
    if isinstance(value, dict):
        return dict([_shown_member(str(name), member, value, known, seen) for name, member in value.items()])
    if isinstance(value, list):
        return [shown_body(each, known, seen) for each in value]
    return hide_credentials(value) if isinstance(value, str) else value


def _shown_member(name: str, member: Any, beside: Mapping[str, Any], known: Known, seen: Seen) -> tuple[str, Any]:
    """Return one member of an object; nearly all are attributes, which are told by their name alone."""
    word = name.lower()
    if word in READ_CLOSELY:
        return _shown_word(name, member, beside, known, seen)
    if word in known.names:
        return name, shown_body(member, known, seen)
    return _shown_attribute(name, name, member, known, seen)


def _shown_word(name: str, member: Any, beside: Mapping[str, Any], known: Known, seen: Seen) -> tuple[str, Any]:
    """Return a member that has a meaning of its own in messages; a PATCH's value is shown where its path is known."""
    word = name.lower()
    if word in FIXED_WORDS:
        return name, member if str(member).lower() in FIXED_WORDS[word] else HIDDEN
    members = {other.lower(): value for other, value in beside.items()}
    if word == "path" and isinstance(member, str):
        return name, _shown_address(member, members, known)
    if word == "filter" and isinstance(member, str):
        return name, shown_filter(member, known)
    path = members.get("path") if word == "value" and "op" in members else None
    return _shown_attribute(name, path if isinstance(path, str) else name, member, known, seen)


def _shown_attribute(name: str, path: str, member: Any, known: Known, seen: Seen) -> tuple[str, Any]:
    """Return a member by the attribute that a path leads to, whose name may stand without its value."""
    attribute = IN_BRACKETS.sub("", path.strip()) if "[" in path else path.strip()
    if CREDENTIAL_NAME.search(attribute):
        seen.credential = True
    if known.has(attribute) or not attribute:
        return shown_filter(name, known, is_path=True) if "[" in name else name, shown_body(member, known, seen)
    return (name if NAME.fullmatch(name) else HIDDEN), HIDDEN


def _shown_address(path: str, beside: Mapping[str, Any], known: Known) -> str:
    """Return the path of an operation: of Bulk the address of a resource, of a PATCH an attribute."""
    return shown_path(path, known) if "method" in beside else shown_filter(path, known, is_path=True)


def shown_answer(sentence: str, request: str, known: Known) -> str:
    """Return the sentence of a refusal; what it quotes stands where the redacted request shows it too.

    Args:
        sentence: as it was answered.
        request: the redacted request as one text.
        known: what the schemas know.
    """

    def quoted(found: re.Match[str]) -> str:
        inner = found[1] if found[1] is not None else found[2]
        is_shown = not inner.strip() or known.has(inner) or inner.lower() in OPERATORS or inner in request
        return found[0] if is_shown else found[0].replace(inner, HIDDEN)

    return hide_credentials(QUOTED.sub(quoted, sentence))


def hide_credentials(text: str) -> str:
    """Return a text without what looks like a key or token."""
    if len(text) < SHORTEST_CREDENTIAL:
        return text
    return CREDENTIALS.sub(HIDDEN, text)
