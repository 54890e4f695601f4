"""SAML connections on the wire: what a request sets, what an answer shows, and the way between them and the domain."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from provisioning.actions.identity_providers import ProviderSource, checked_certificate
from provisioning.actions.services import Services
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import MOST_CLOCK_TOLERANCE, Connection, UnknownGroups
from provisioning.rest.fields import SENTENCES, Body, Members, choice, said, text, texts, truth, whole
from provisioning.rest.records import always, many
from provisioning.rest.representation import Record, moment
from provisioning.rest.schemas import ROLES

LONGEST_SETTING = 256
LONGEST_CERTIFICATE = 20_000
LONGEST_DOCUMENT = 900_000
LONGEST_ADDRESS = 2048
LONGEST_CAP = 365 * 24 * 3600
MAPPED = ("username", "email", "first_name", "last_name", "role", "groups", "product_environments")
SHOWN_AS_THEY_ARE = (
    "enabled", "enforce", "provisioning", "allow_idp_initiated", "allow_root", "allow_master_admin", "sign_requests",
    "force_authn", "want_signed_response", "want_signed_assertion", "want_encrypted", "allow_cbc", "session_cap",
    "split_commas", "subject_attribute", "metadata_certificate", "clock_tolerance", "name_id_format",
)  # fmt: skip
OURS = ("entity_id", "acs_url", "login_url", "metadata_url", "slo_url")
SOURCE = ("idp_metadata", "idp_metadata_url")
CLEARS = "Null takes it away."


class MappingMembers(Members):
    """Which attribute of an assertion gives which member of a user; null goes back to the common names."""

    username = text(LONGEST_SETTING, allow_none=True)
    email = text(LONGEST_SETTING, allow_none=True)
    first_name = text(LONGEST_SETTING, allow_none=True)
    last_name = text(LONGEST_SETTING, allow_none=True)
    role = text(LONGEST_SETTING, allow_none=True)
    groups = text(LONGEST_SETTING, allow_none=True)
    product_environments = text(LONGEST_SETTING, allow_none=True)


class SamlConnectionMembers(Body):
    """What a request can set of a SAML connection, every member optional."""

    read_only = frozenset({"id", "succeeded_at", "identity_provider", *OURS})
    clearable = frozenset({"session_cap", "subject_attribute", "metadata_certificate"})

    idp_metadata = text(LONGEST_DOCUMENT, **said("The identity provider's metadata, as XML."))
    idp_metadata_url = text(LONGEST_ADDRESS, **said("Or the https address that it is fetched from, this once."))
    enabled = truth(**said("Off: logins through it are refused, and sessions opened through it end."))
    enforce = truth(**said("Whether SAML login is enforced: one switch for the whole account."))
    provisioning = truth(**said("Make unknown people at their first login, and update known ones."))
    allow_idp_initiated = truth(**said("Take logins that did not begin here."))
    allow_root = truth(**said("Let the root user log in through it."))
    allow_master_admin = truth(**said("Let it give the role master_admin."))
    email_domains = texts(**said("Whose present users are linked by their email; empty: nobody's."))
    sign_requests = truth()
    force_authn = truth(**said("Ask the identity provider to prove the person anew."))
    want_signed_response = truth()
    want_signed_assertion = truth()
    want_encrypted = truth()
    allow_cbc = truth(**said("Take AES-CBC too, which others have read."))
    session_cap = whole(1, LONGEST_CAP, **said(f"Longest session in seconds. {CLEARS}"))
    split_commas = truth(**said("Read one value with commas as several."))
    subject_attribute = text(LONGEST_SETTING, **said(f"Attribute that names the person, instead of NameID. {CLEARS}"))
    metadata_certificate = text(LONGEST_CERTIFICATE, **said(f"PEM or base64; metadata must be signed by it. {CLEARS}"))
    clock_tolerance = whole(0, MOST_CLOCK_TOLERANCE, **said("Seconds."))
    name_id_format = text(LONGEST_SETTING)
    default_role = choice(ROLES)
    unknown_groups = choice([each.value for each in UnknownGroups])
    mapping = fields.Nested(
        MappingMembers, error_messages=SENTENCES, **said("Only the names that are sent change; null takes one away.")
    )


class IdentityProviderRecord(Schema):
    """What the metadata said."""

    entity_id = always(fields.String)
    sso_url = always(fields.String)
    sso_binding = always(fields.String)
    slo_url = always(fields.String, allow_none=True)
    metadata_url = always(fields.String, allow_none=True)
    certificates = many(lambda: CertificateRecord())


class CertificateRecord(Schema):
    """A signing certificate of the identity provider."""

    sha256 = always(fields.String)
    expires_at = always(fields.DateTime)


class MappingRecord(Schema):
    """Attributes that were set; null where the common names count."""

    username = always(fields.String, allow_none=True)
    email = always(fields.String, allow_none=True)
    first_name = always(fields.String, allow_none=True)
    last_name = always(fields.String, allow_none=True)
    role = always(fields.String, allow_none=True)
    groups = always(fields.String, allow_none=True)
    product_environments = always(fields.String, allow_none=True)


class SamlConnection(Schema):
    """A SAML connection: what is entered at the identity provider, what came from it, and every setting."""

    id = always(fields.String)
    entity_id = always(fields.String)
    acs_url = always(fields.String)
    login_url = always(fields.String)
    metadata_url = always(fields.String, **said("Of our own metadata."))
    slo_url = always(fields.String)
    succeeded_at = always(fields.DateTime, allow_none=True, **said("When the first login through it succeeded."))
    identity_provider = fields.Nested(IdentityProviderRecord, required=True)
    enabled = always(fields.Boolean)
    enforce = always(fields.Boolean)
    provisioning = always(fields.Boolean)
    allow_idp_initiated = always(fields.Boolean)
    allow_root = always(fields.Boolean)
    allow_master_admin = always(fields.Boolean)
    email_domains = fields.List(fields.String(), required=True)
    sign_requests = always(fields.Boolean)
    force_authn = always(fields.Boolean)
    want_signed_response = always(fields.Boolean)
    want_signed_assertion = always(fields.Boolean)
    want_encrypted = always(fields.Boolean)
    allow_cbc = always(fields.Boolean)
    session_cap = always(fields.Integer, allow_none=True)
    split_commas = always(fields.Boolean)
    subject_attribute = always(fields.String, allow_none=True)
    metadata_certificate = always(fields.String, allow_none=True)
    clock_tolerance = always(fields.Integer)
    name_id_format = always(fields.String)
    default_role = choice(ROLES, required=True)
    unknown_groups = choice([each.value for each in UnknownGroups], required=True)
    mapping = fields.Nested(MappingRecord, required=True)


class SamlConnectionList(Schema):
    """SAML connections."""

    saml_connections = many(SamlConnection)


def saml_record(connection: Connection, services: Services) -> Record:
    """Return a SAML connection; the private key of our side is never shown."""
    base = f"{services.public_url}/saml/{connection.id}"
    return {
        "id": connection.id,
        **dict(zip(OURS, (f"{base}/{end}" for end in ("metadata", "acs", "login", "metadata", "slo")), strict=True)),
        "succeeded_at": moment(connection.succeeded_at) if connection.succeeded_at else None,
        "identity_provider": _provider_record(connection, services),
        **{name: getattr(connection, name) for name in SHOWN_AS_THEY_ARE},
        "email_domains": list(connection.email_domains),
        "default_role": connection.default_role.value,
        "unknown_groups": connection.unknown_groups.value,
        "mapping": {name: connection.mapping.get(name) for name in MAPPED},
    }


def _provider_record(connection: Connection, services: Services) -> Record:
    found = [services.providers.certificate(text) for text in connection.certificates]
    return {
        "entity_id": connection.idp_entity_id,
        "sso_url": connection.sso_url,
        "sso_binding": connection.sso_binding,
        "slo_url": connection.slo_url,
        "metadata_url": connection.metadata_url,
        "certificates": [
            {"sha256": each.sha256, "expires_at": moment(each.expires_at)} for each in found if each is not None
        ],
    }


def source_of(members: Mapping[str, Any]) -> ProviderSource | None:
    """Return where a request has the metadata from, None where it brings none."""
    if not any(name in members for name in SOURCE):
        return None
    return ProviderSource(members.get("idp_metadata"), members.get("idp_metadata_url"))


def saml_changes(members: Mapping[str, Any], mapping: Mapping[str, str], services: Services) -> dict[str, object]:
    """Return the settings that a request changes, as the connection holds them.

    Args:
        members: read by `SamlConnectionMembers`.
        mapping: the present one.
        services: read certificates.
    """
    changes: dict[str, object] = {name: value for name, value in members.items() if name not in SOURCE}
    if members.get("metadata_certificate") is not None:
        changes["metadata_certificate"] = checked_certificate(
            "metadata_certificate", members["metadata_certificate"], services
        )
    if "mapping" in members:
        changes["mapping"] = {name: value for name, value in {**mapping, **members["mapping"]}.items() if value}
    for name, kind in (("default_role", Role), ("unknown_groups", UnknownGroups), ("email_domains", tuple)):
        if name in members:
            changes[name] = kind(members[name])
    return changes
