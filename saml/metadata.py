"""Metadata: ours out by python3-saml, theirs in by our own parser (saml.md 2, 4, 7; SAM-2, SAM-9).

What an administrator pastes or an address answers is hostile input. A key that is missing, weak or unclear never
switches verification off: metadata without a usable signing key is refused as a whole (Keycloak CVE-2026-16443).
The toolkit's reader is not used: it takes the first of several providers and one binding, and checks no key.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from onelogin.saml2.metadata import OneLogin_Saml2_Metadata
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.sso import Connection, IdentityProvider
from saml import names as n
from saml import shape
from saml.assertion import instant
from saml.errors import SamlCode, SamlError
from saml.keys import trusted_key, trusted_keys
from saml.message import METADATA, Element, children, local_name, parse, text_of
from saml.settings import toolkit_settings
from saml.signature import require_algorithms, signature_of, verify

ENTITY = f"{{{n.MD}}}EntityDescriptor"
ENTITIES = f"{{{n.MD}}}EntitiesDescriptor"
IDP_ROLE = f"{{{n.MD}}}IDPSSODescriptor"
KEY_DESCRIPTOR = f"{{{n.MD}}}KeyDescriptor"
SSO_SERVICE = f"{{{n.MD}}}SingleSignOnService"
SLO_SERVICE = f"{{{n.MD}}}SingleLogoutService"
BINDINGS = (n.REDIRECT_BINDING, n.POST_BINDING)  # in our order of preference
MOST_CERTIFICATES = 20
LONGEST_URL = 2048
LONGEST_ENTITY_ID = 1024  # Meta 2.2.1
XML_TRUE = frozenset({"true", "1"})
MEDIA_TYPE = "application/samlmetadata+xml"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of an identity provider and the binding it speaks."""

    url: str
    binding: str


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """What a connection takes from an identity provider's metadata.

    Attributes:
        certificates: usable signing certificates, DER in base64, without repetition.
        slo: None where it has no logout service.
        wants_signed_requests: WantAuthnRequestsSigned.
        valid_until: when it must have been read again at the latest, None where it does not say.
        cache_for: how long it may be kept, None where it does not say.
    """

    entity_id: str
    sso: Endpoint
    slo: Endpoint | None
    certificates: tuple[str, ...]
    wants_signed_requests: bool
    valid_until: datetime | None
    cache_for: timedelta | None


def sp_metadata(connection: Connection, acs_url: str, sp_entity_id: str) -> bytes:
    """Return our metadata for one connection; it always publishes an encryption key (saml.md 5.3).

    Args:
        acs_url, sp_entity_id: from the configured public URL.
    """
    settings = toolkit_settings(connection, acs_url, sp_entity_id)
    security = settings.get_security_data()
    text = OneLogin_Saml2_Metadata.builder(
        settings.get_sp_data(),
        authnsign=connection.sign_requests,
        wsign=connection.want_signed_assertion,
        valid_until=security["metadataValidUntil"],
        cache_duration=security["metadataCacheDuration"],
    )
    octets = OneLogin_Saml2_Metadata.add_x509_key_descriptors(text, settings.get_sp_cert(), add_encryption=True)
    return octets if isinstance(octets, bytes) else octets.encode()


def https_only(url: str) -> bool:
    """Return whether an address of an identity provider is https, with a host and no credentials in it."""
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def read_idp_metadata(
    data: bytes,
    now: datetime,
    entity_id: str | None = None,
    pinned_certificate: str | None = None,
    may_use: Callable[[str], bool] = https_only,
) -> IdpMetadata:
    """Return the values of one identity provider.

    Args:
        data: the document, 1 MiB at most.
        now: aware; expired metadata is refused.
        entity_id: which one to take of several; without it there must be exactly one.
        pinned_certificate: where given, the document must be signed by its key (SAM-9).
        may_use: which addresses are allowed; https only unless told otherwise (NET-1).

    Raises:
        SamlError: METADATA, with the point in its detail.
    """
    try:
        root = _trusted_root(parse(data, METADATA), pinned_certificate)
        entity = _chosen_entity(root, entity_id)
        return _read(entity, _idp_role(entity), now, may_use)
    except SamlError as error:
        raise refused(error.check, error.expected, error.received) from error
    except Exception as error:
        raise refused("no_unexpected_fault", received=type(error).__name__) from error


def identity_provider(
    data: bytes,
    now: datetime,
    pinned_certificate: str | None = None,
    may_use: Callable[[str], bool] = https_only,
    metadata_url: str | None = None,
) -> IdentityProvider:
    """Return metadata as the actions take it; arguments as of `read_idp_metadata`.

    Args:
        metadata_url: where the document came from, None for a pasted one.

    Raises:
        Refusal: INVALID_METADATA, with the point that failed.
    """
    try:
        found = read_idp_metadata(data, now, pinned_certificate=pinned_certificate, may_use=may_use)
    except SamlError as error:
        raise Refusal(Code.INVALID_METADATA, "metadata", detail=error.admin_detail) from error
    return IdentityProvider(
        entity_id=found.entity_id,
        sso_url=found.sso.url,
        sso_binding=found.sso.binding,
        certificates=found.certificates,
        slo_url=found.slo.url if found.slo is not None else None,
        slo_binding=found.slo.binding if found.slo is not None else None,
        wants_signed_requests=found.wants_signed_requests,
        metadata_url=metadata_url,
    )


def refused(check: str, expected: str = "", received: str = "") -> SamlError:
    """Return the refusal of metadata."""
    return SamlError(SamlCode.METADATA, check, expected, received)


def _trusted_root(root: Element, pinned_certificate: str | None) -> Element:
    """The root, from verified bytes where a certificate is pinned; without one a signature proves nothing."""
    if root.tag not in (ENTITY, ENTITIES):
        raise refused("root_is_a_descriptor", "EntityDescriptor or EntitiesDescriptor", local_name(root))
    if not pinned_certificate:
        return root
    signature = signature_of(root)
    if signature is None:
        raise refused("metadata_is_signed", "a signature by the pinned certificate")
    shape.require_signature(signature)
    require_algorithms(signature)
    return verify(root, trusted_keys([pinned_certificate])).element


def _chosen_entity(root: Element, entity_id: str | None) -> Element:
    found = [
        entity
        for entity in root.iter(ENTITY)
        if children(entity, IDP_ROLE) and entity_id in (None, entity.get("entityID"))
    ]
    if len(found) != 1:
        names = " ".join(str(entity.get("entityID")) for entity in found[:5])
        raise refused("one_identity_provider", entity_id or "exactly one", f"{len(found)}: {names}")
    return found[0]


def _idp_role(entity: Element) -> Element:
    roles = [
        role for role in children(entity, IDP_ROLE) if n.SAMLP in (role.get("protocolSupportEnumeration") or "").split()
    ]
    if len(roles) != 1:
        raise refused("one_saml2_role", "one IDPSSODescriptor for SAML 2.0", str(len(roles)))
    return roles[0]


def _read(entity: Element, role: Element, now: datetime, may_use: Callable[[str], bool]) -> IdpMetadata:
    holders = _from_root_to(role)
    valid_until = min(filter(None, [_end(holder) for holder in holders]), default=None)
    if valid_until is not None and valid_until <= now:
        raise refused("still_valid", f"validUntil after {now}", str(valid_until))
    sso = _endpoint(children(role, SSO_SERVICE), may_use)
    if sso is None:
        raise refused("login_address", "a SingleSignOnService by Redirect or POST")
    return IdpMetadata(
        entity_id=_entity_id(entity),
        sso=sso,
        slo=_endpoint(children(role, SLO_SERVICE), may_use),
        certificates=_signing_certificates(role),
        wants_signed_requests=(role.get("WantAuthnRequestsSigned") or "").strip() in XML_TRUE,
        valid_until=valid_until,
        cache_for=min(filter(None, [_cache_duration(holder) for holder in holders]), default=None),
    )


def _from_root_to(role: Element) -> list[Element]:
    return [role, *role.iterancestors()]


def _end(element: Element) -> datetime | None:
    text = element.get("validUntil")
    found = instant(text)
    if text is not None and found is None:
        raise refused("valid_until", "a time with Z", text)
    return found


def _cache_duration(element: Element) -> timedelta | None:
    text = element.get("cacheDuration")
    if text is None:
        return None
    try:
        return timedelta(seconds=max(0, OneLogin_Saml2_Utils.parse_duration(text, 0)))
    except Exception as error:
        raise refused("cache_duration", "a duration", text) from error


def _entity_id(entity: Element) -> str:
    found = entity.get("entityID") or ""
    if not found.strip() or len(found) > LONGEST_ENTITY_ID or not found.isprintable():
        raise refused("entity_id", f"up to {LONGEST_ENTITY_ID} characters", found)
    return found


def _endpoint(services: Iterable[Element], may_use: Callable[[str], bool]) -> Endpoint | None:
    """The first service of the best binding; an address that may not be used refuses the document."""
    found = [Endpoint(node.get("Location") or "", node.get("Binding") or "") for node in services]
    usable = sorted((node for node in found if node.binding in BINDINGS), key=lambda node: BINDINGS.index(node.binding))
    if not usable:
        return None
    if not is_address(usable[0].url, may_use):
        raise refused("address_is_allowed", "an https address", usable[0].url)
    return usable[0]


def is_address(url: str, may_use: Callable[[str], bool] = https_only) -> bool:
    """Return whether a browser may be sent to this address of an identity provider."""
    try:
        return len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url and may_use(url)
    except ValueError:
        return False


def _signing_certificates(role: Element) -> tuple[str, ...]:
    """Usable certificates of all KeyDescriptors for signing; one without `use` counts for both (Meta 2.4.1.1)."""
    signing = [node for node in children(role, KEY_DESCRIPTOR) if node.get("use") in (None, "signing")]
    texts = ["".join(text_of(node).split()) for key in signing for node in key.iter(n.X509_CERTIFICATE)]
    usable = tuple(dict.fromkeys(text for text in texts[:MOST_CERTIFICATES] if trusted_key(text) is not None))
    if not usable:
        raise refused(
            "usable_signing_key", "a certificate with RSA of 2048 bits or more, or a NIST curve", str(len(texts))
        )
    return usable
