"""What every SCIM attribute is like: the traits of RFC 7643 section 7 as data, for our five schemas.

Everything that depends on an attribute reads this table: what is published at /Schemas, what shape a body must have,
what a filter may name, what a PATCH may change and what an answer may show. So an attribute is added in one place.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from provisioning.domain import users

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = users.ENTERPRISE_USER
ACCOUNT_USER = "urn:gatelodge:scim:schemas:extension:account:1.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ACCOUNT_GROUP = "urn:gatelodge:scim:schemas:extension:account:1.0:Group"


@dataclass(frozen=True)
class Trait:
    """One attribute, as RFC 7643 section 7 describes it.

    Attributes:
        name: canonical spelling.
        type: string, boolean, dateTime, reference, binary or complex.
        sub: sub-attributes of a complex one.
    """

    name: str
    description: str
    type: str = "string"
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub: tuple["Trait", ...] = ()

    @property
    def is_read_only(self) -> bool:
        """Whether clients cannot set it at all."""
        return self.mutability == "readOnly"

    @property
    def is_credential(self) -> bool:
        """Whether it is a credential, which no request ever sets (SCM-3)."""
        return self.name == "password"

    @property
    def is_hidden(self) -> bool:
        """Whether it is never shown, so that no filter or sort on it may tell anything (SCM-7)."""
        return self.returned == "never"

    @cached_property
    def element(self) -> "Trait":
        """The trait of one element of a multi-valued attribute."""
        return replace(self, multi_valued=False)

    @cached_property
    def settable(self) -> Mapping[str, "Trait"]:
        """The sub-attributes that clients may send, by lower-cased name."""
        return settable_of(self.sub)

    @property
    def is_complex(self) -> bool:
        """Whether its values are objects."""
        return self.type == "complex"

    def find(self, name: str) -> "Trait | None":
        """Return the sub-attribute of that name in any letter case, None where there is none."""
        return named(self.sub, name)


def settable_of(traits: Iterable[Trait]) -> Mapping[str, Trait]:
    """Return the attributes that a body may set, by lower-cased name: not what only the server sets, no credential."""
    return {trait.name.lower(): trait for trait in traits if not trait.is_read_only and not trait.is_credential}


@dataclass(frozen=True)
class SchemaTable:
    """One schema: its URN, what it is called, its attributes."""

    urn: str
    name: str
    description: str
    traits: tuple[Trait, ...]

    @cached_property
    def settable(self) -> Mapping[str, Trait]:
        """The attributes that clients may send, by lower-cased name."""
        return settable_of(self.traits)


@dataclass(frozen=True)
class ResourceType:
    """One resource type: its core schema and its extensions, none of which is required."""

    name: str
    endpoint: str
    description: str
    core: SchemaTable
    extensions: tuple[SchemaTable, ...]

    @property
    def tables(self) -> Iterator[SchemaTable]:
        """The core schema, then each extension."""
        yield self.core
        yield from self.extensions

    @cached_property
    def settable(self) -> Mapping[str, Trait]:
        """The core and common attributes that clients may send, by lower-cased name."""
        return settable_of((*COMMON, *self.core.traits))

    def extension(self, urn: str) -> SchemaTable | None:
        """Return the extension of that URN in any letter case, None where there is none."""
        wanted = urn.lower()
        return next((table for table in self.extensions if table.urn.lower() == wanted), None)

    def find(self, urn: str | None, name: str) -> Trait | None:
        """Return an attribute by its name in any letter case.

        Args:
            urn: the schema that the client named; None where it named none, which means core and common attributes.
            name: attribute name without sub-attribute.
        """
        if urn is None or urn.lower() == self.core.urn.lower():
            return named(self.core.traits, name) or named(COMMON, name)
        table = self.extension(urn)
        return named(table.traits, name) if table else None


def named(traits: tuple[Trait, ...], name: str) -> Trait | None:
    """Return the trait of that name in any letter case, None where there is none."""
    wanted = name.lower()
    return next((trait for trait in traits if trait.name.lower() == wanted), None)


def _read_only(name: str, description: str, **traits: object) -> Trait:
    return Trait(name, description, mutability="readOnly", **traits)  # type: ignore[arg-type]


def _plural(
    name: str, description: str, value: Trait | None, types: tuple[str, ...] = (), more: tuple[Trait, ...] = ()
) -> Trait:
    """Return a multi-valued complex attribute with the usual sub-attributes of RFC 7643 section 2.4."""
    sub = (
        *((value,) if value else ()),
        *more,
        Trait("display", "A name of the value, for people."),
        Trait("type", "A label of the value's use.", canonical_values=types),
        Trait("primary", "Whether this is the preferred value; at most one is.", type="boolean"),
    )
    return Trait(name, description, type="complex", multi_valued=True, sub=sub)


COMMON = (
    _read_only(
        "schemas",
        "The schemas that the resource's attributes come from.",
        type="reference",
        multi_valued=True,
        returned="always",
        reference_types=("uri",),
    ),
    _read_only("id", "Our id of the resource.", case_exact=True, returned="always", uniqueness="server"),
    Trait("externalId", "The client's id of the resource.", case_exact=True),
    _read_only(
        "meta",
        "Facts about the resource itself.",
        type="complex",
        sub=(
            _read_only("resourceType", "The name of the resource type.", case_exact=True),
            _read_only("created", "When the resource was made.", type="dateTime"),
            _read_only("lastModified", "When the resource was last changed.", type="dateTime"),
            _read_only(
                "location", "The address of the resource.", type="reference", case_exact=True, reference_types=("uri",)
            ),
            _read_only("version", "The version of the resource, equal to its ETag.", case_exact=True),
        ),
    ),
)

_WORK_HOME = ("work", "home", "other")

USER = SchemaTable(
    CORE_USER,
    "User",
    "A person of the account.",
    (
        Trait("userName", "The identity provider's name of the person.", required=True, uniqueness="server"),
        Trait(
            "name",
            "The parts of the person's name.",
            type="complex",
            sub=(
                Trait("formatted", "The full name as it is written."),
                Trait("familyName", "The last name."),
                Trait("givenName", "The first name."),
                Trait("middleName", "The middle names."),
                Trait("honorificPrefix", "A title before the name."),
                Trait("honorificSuffix", "A suffix behind the name."),
            ),
        ),
        Trait("displayName", "The name that is shown."),
        Trait("nickName", "A casual name."),
        Trait("profileUrl", "A page about the person.", type="reference", reference_types=("external",)),
        Trait("title", "The title at work."),
        Trait("userType", "The relation to the organisation."),
        Trait("preferredLanguage", "The preferred languages."),
        Trait("locale", "The locale for dates, numbers and currencies."),
        Trait("timezone", "The time zone."),
        Trait("active", "False ends every access at once; true gives it back.", type="boolean"),
        Trait("password", "Accepted and thrown away; nothing sets one.", mutability="writeOnly", returned="never"),
        _plural("emails", "Email addresses.", Trait("value", "The address."), _WORK_HOME),
        _plural(
            "phoneNumbers",
            "Telephone numbers.",
            Trait("value", "The number."),
            ("work", "home", "mobile", "fax", "pager", "other"),
        ),
        _plural(
            "ims",
            "Addresses for instant messages.",
            Trait("value", "The address."),
            ("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
        ),
        _plural(
            "photos",
            "Pictures of the person.",
            Trait("value", "Where the picture is.", type="reference", reference_types=("external",)),
            ("photo", "thumbnail"),
        ),
        _plural(
            "addresses",
            "Postal addresses.",
            None,
            _WORK_HOME,
            (
                Trait("formatted", "The whole address as it is written."),
                Trait("streetAddress", "Street and number."),
                Trait("locality", "The town."),
                Trait("region", "The state or region."),
                Trait("postalCode", "The postal code."),
                Trait("country", "The country."),
            ),
        ),
        _read_only(
            "groups",
            "The groups that the person is in.",
            type="complex",
            multi_valued=True,
            sub=(
                _read_only("value", "The group's id.", case_exact=True),
                _read_only(
                    "$ref", "The group's address.", type="reference", case_exact=True, reference_types=("Group",)
                ),
                _read_only("display", "The group's displayName."),
                _read_only("type", "How the person is in the group.", canonical_values=("direct", "indirect")),
            ),
        ),
        _plural("entitlements", "What the person is entitled to, in the directory's words.", Trait("value", "A word.")),
        _plural("roles", "Roles in the directory's words; known ones give a role here.", Trait("value", "A word.")),
        _plural(
            "x509Certificates",
            "Certificates of the person.",
            Trait("value", "The certificate, DER in base64.", type="binary", case_exact=True),
        ),
    ),
)

ENTERPRISE = SchemaTable(
    ENTERPRISE_USER,
    "EnterpriseUser",
    "Where the person stands in an organisation.",
    (
        Trait("employeeNumber", "The number of the employee."),
        Trait("costCenter", "The cost center."),
        Trait("organization", "The organisation."),
        Trait("division", "The division."),
        Trait("department", "The department."),
        Trait(
            "manager",
            "The person's manager.",
            type="complex",
            sub=(
                Trait("value", "The id of the manager.", case_exact=True),
                Trait(
                    "$ref", "The address of the manager.", type="reference", case_exact=True, reference_types=("User",)
                ),
                _read_only("displayName", "The displayName of the manager."),
            ),
        ),
    ),
)

# The names of ROLE-2's permissions on the wire -> in the domain.
MEDIA_LIBRARY_NAMES: Mapping[str, str] = {
    "createCollection": "create_collection",
    "shareCollection": "share_collection",
    "showDeliveryUrl": "show_delivery_url",
    "moderateAsset": "moderate_asset",
    "createProof": "create_proof",
}

ACCOUNT = SchemaTable(
    ACCOUNT_USER,
    "AccountUser",
    "What the person is in this account.",
    (
        _read_only("role", "The role that the person has."),
        _read_only("root", "Whether this is the root user of the account.", type="boolean"),
        _read_only(
            "status",
            "The state of the person's access.",
            canonical_values=("pending", "active", "password_reset_pending", "disabled"),
        ),
        _read_only("allProductEnvironments", "Whether all product environments are open.", type="boolean"),
        _read_only(
            "productEnvironments",
            "The product environments that are open where not all are, at most 30.",
            type="complex",
            multi_valued=True,
            sub=(
                _read_only("value", "The product environment's id.", case_exact=True),
                _read_only("display", "The product environment's name.", case_exact=True),
            ),
        ),
        _read_only(
            "mediaLibraryPermissions",
            "The extra permissions of a Media Library user.",
            type="complex",
            sub=tuple(
                _read_only(name, f"Whether the person has '{word}'.", type="boolean")
                for name, word in MEDIA_LIBRARY_NAMES.items()
            ),
        ),
        Trait(
            "sendInvitation",
            "Whether an invitation is mailed when the person is made; without effect later.",
            type="boolean",
            mutability="writeOnly",
            returned="never",
        ),
        _read_only("twoFactorEnrolled", "Whether the person has set up a second factor.", type="boolean"),
        _read_only("managedBy", "The id of the connection that holds the record.", case_exact=True),
    ),
)

GROUP = SchemaTable(
    CORE_GROUP,
    "Group",
    "A group of the account.",
    (
        Trait("displayName", "The name of the group.", required=True, uniqueness="server"),
        Trait(
            "members",
            "The members of the group.",
            type="complex",
            multi_valued=True,
            sub=(
                Trait("value", "The member's id.", case_exact=True, mutability="immutable"),
                Trait(
                    "$ref",
                    "The member's address.",
                    type="reference",
                    case_exact=True,
                    mutability="immutable",
                    reference_types=("User", "Group"),
                ),
                Trait("type", "What the member is.", mutability="immutable", canonical_values=("User", "Group")),
                _read_only("display", "The member's displayName."),
            ),
        ),
    ),
)

ACCOUNT_OF_GROUP = SchemaTable(
    ACCOUNT_GROUP,
    "AccountGroup",
    "What the group is in this account.",
    (_read_only("managedBy", "The id of the connection that holds the record.", case_exact=True),),
)

USERS = ResourceType("User", "/Users", "People of the account.", USER, (ENTERPRISE, ACCOUNT))
GROUPS = ResourceType("Group", "/Groups", "Groups of the account.", GROUP, (ACCOUNT_OF_GROUP,))
RESOURCE_TYPES = (USERS, GROUPS)
