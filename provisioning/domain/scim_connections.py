"""API-2, SCM-1, IDN-3: what a SCIM connection is set to do; its tokens act within these settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provisioning.domain.comparison import LONGEST_NAME, comparison_key, has_refused_characters
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.roles_legacy import DEFAULT_ROLE, DEFAULT_ROLE_CAP, Role, highest

MOST_MAPPED_WORDS = 100
LONGEST_QUOTED = 64
ROLE_IDS = frozenset(Role)


class Profile(StrEnum):
    """Which identity provider pushes, and how tolerant the connection is of what identity providers get wrong.

    All but `strict` take what is merely odd, convert or leave it out, and note it; they differ in what the Console
    says to paste at the provider. `strict` refuses it (scim.md sections 2.1, 4.1 and 4.2).
    """

    GENERIC = "generic"
    ENTRA = "entra"
    OKTA = "okta"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class ScimConnection:
    """Settings of one SCIM connection.

    Attributes:
        id: our own random id (SCM-2).
        account_id: the account it belongs to.
        name: for people, unique in the account.
        profile: which identity provider, and tolerance.
        saml_connection: id of the SAML connection of the same identity provider, its partner (IDN-3).
        email_domains: keys of the domains whose existing users it may take over; empty: none (IDN-3).
        allow_master_admin: whether it may touch master admins (SCM-4).
        default_role: role of users whose words give none.
        role_cap: the roles it may give (SCM-1).
        role_map: the directory's own words -> the role that each gives; a role's id needs no row.
        create_on_replace: whether a PATCH `replace` at an element that is not there makes it, as Entra ID expects.
        manage_environments: whether it gives product environments.
        manage_media_library: whether it gives the extra permissions of Media Library users.
        enabled: a switched-off connection refuses its tokens.
    """

    id: str
    account_id: str
    name: str
    profile: Profile = Profile.GENERIC
    saml_connection: str | None = None
    email_domains: tuple[str, ...] = ()
    allow_master_admin: bool = False
    default_role: Role = DEFAULT_ROLE
    role_cap: frozenset[Role] = DEFAULT_ROLE_CAP
    role_map: Mapping[str, Role] = field(default_factory=dict)
    create_on_replace: bool = True
    manage_environments: bool = False
    manage_media_library: bool = False
    enabled: bool = True

    @property
    def is_strict(self) -> bool:
        """Whether what is merely odd is refused instead of noted."""
        return self.profile is Profile.STRICT

    @property
    def creates_on_replace(self) -> bool:
        """Whether a `replace` makes the element that it does not find; RFC 7644 section 3.5.2.3 refuses it."""
        return self.create_on_replace and not self.is_strict

    def role_named(self, word: str) -> Role | None:
        """Return the role that one of the directory's words gives, None for a word that gives nothing.

        The map comes first and takes words in any letter case; the id of a role is taken as it is written.
        """
        key = comparison_key(word) if self.role_map else ""
        mapped = next((role for known, role in self.role_map.items() if comparison_key(known) == key), None)
        return mapped or (Role(word) if word in ROLE_IDS else None)

    def unknown_words(self, words: Iterable[str]) -> list[str]:
        """Return those of some words that give nothing."""
        return [word for word in words if self.role_named(word) is None]

    @property
    def known_words(self) -> list[str]:
        """The words that give a role: the ids of the roles within the cap, then those of the map."""
        return [*(role.value for role in Role if role in self.role_cap), *self.role_map]


def role_given_by_words(connection: ScimConnection, words: Iterable[str]) -> Role:
    """Return the role that a directory's own words give (legacy: the highest of them, else the default).

    Args:
        connection: its map says what a word means, its cap what it may give (SCM-1).
        words: values of the SCIM attribute `roles`.

    Raises:
        Refusal: ROLE_ABOVE_CAP where a word means a role outside the cap; INVALID_VALUE in the strict profile where
            one means none.
    """
    given = list(words)
    named = {role for role in map(connection.role_named, given) if role is not None}
    for role in sorted(named - connection.role_cap):
        raise Refusal(Code.ROLE_ABOVE_CAP, "roles", role=role.value)
    unknown = connection.unknown_words(given)
    if unknown and connection.is_strict:
        known = ", ".join(connection.known_words)
        raise invalid("roles", f"{unknown[0][:LONGEST_QUOTED]!r} gives no role here. These do: {known}.")
    return highest(named) or connection.default_role


def checked_role_map(role_map: Mapping[str, Role], cap: frozenset[Role]) -> dict[str, Role]:
    """Return a role map with its words trimmed; refuse what could never give a role, or could give two.

    Raises:
        Refusal: INVALID_VALUE.
    """
    if len(role_map) > MOST_MAPPED_WORDS:
        raise invalid("role_map", f"role_map has at most {MOST_MAPPED_WORDS} words.")
    found: dict[str, Role] = {}
    for word, role in role_map.items():
        _require_word(word.strip())
        if comparison_key(word) in {comparison_key(known) for known in found}:
            raise invalid("role_map", f"role_map has the word {word[:LONGEST_QUOTED]!r} twice.")
        if role not in cap:
            raise invalid("role_map", f"role_map gives {role.value}, which is not one of the roles in role_cap.")
        found[word.strip()] = role
    return found


def _require_word(word: str) -> None:
    if not word or len(word) > LONGEST_NAME or has_refused_characters(word):
        raise invalid("role_map", f"Each word of role_map has 1 to {LONGEST_NAME} characters that can be seen.")
