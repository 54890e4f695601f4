"""An identity provider for tests: signs what we ask, also wrongly.

It uses lxml, xmlsec and cryptography directly and nothing of the product, so that a fault of the product is not
mirrored here. A message is built as a tree, edited before it is signed, tampered with after, and posted as base64.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS, "xenc": "http://www.w3.org/2001/04/xmlenc#"}
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

Edit = Callable[[etree._Element], Any]


@dataclass(frozen=True)
class Login:
    """Everything a valid message says; replace what a test wants otherwise."""

    acs_url: str
    sp_entity_id: str
    now: datetime
    in_response_to: str | None = "_request-1"
    name_id: str = "ada@example.com"
    name_id_format: str = EMAIL_FORMAT
    attributes: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {"email": ["ada@example.com"], "firstName": ["Ada"], "lastName": ["Lovelace"]}
    )
    response_id: str = "_response-1"
    assertion_id: str = "_assertion-1"
    lifetime: timedelta = timedelta(minutes=5)
    session_lifetime: timedelta | None = timedelta(hours=8)


def stamp(when: datetime) -> str:
    """An xs:dateTime with Z."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(root: etree._Element) -> str:
    """The form value of a tree."""
    return base64.b64encode(etree.tostring(root)).decode()


class FakeIdp:
    """One identity provider with its own key.

    Args:
        entity_id: its entity id.
        key: 'rsa' or 'ec', or a private key.
        bits: of the RSA key.
    """

    def __init__(self, entity_id: str = "https://idp.example/metadata", key: Any = "rsa", bits: int = 2048) -> None:
        self.entity_id = entity_id
        self.sso_url = "https://idp.example/sso"
        self.key = _make_key(key, bits)
        self.certificate = _self_signed(self.key)

    @property
    def key_pem(self) -> str:
        return private_pem(self.key)

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def certificate_text(self) -> str:
        """DER in base64, as metadata has it."""
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def respond(
        self,
        login: Login,
        sign: Sequence[str] = ("assertion",),
        edit: Edit | None = None,
        tamper: Edit | None = None,
        encrypt: Callable[[bytes], etree._Element] | None = None,
        **how: Any,
    ) -> str:
        """Return a form value: built, edited, signed, encrypted, tampered with.

        Args:
            sign: any of 'assertion' and 'response'.
            how: what `sign_element` takes beside the element.
        """
        root = self.tree(login)
        if edit:
            edit(root)
        if "assertion" in sign:
            self.sign(root.find(f"{{{SAML}}}Assertion"), **how)
        if encrypt:
            replace_by_encrypted(root, encrypt)
        if "response" in sign:
            self.sign(root, **how)
        if tamper:
            tamper(root)
        return encoded(root)

    def sign(self, element: etree._Element | None, **how: Any) -> None:
        """Sign an element with this provider's key."""
        assert element is not None
        sign_element(element, **{"key": self.key_pem, **how})

    def tree(self, login: Login) -> etree._Element:
        """The unsigned Response of a login."""
        return etree.fromstring(self.text(login).encode())

    def text(self, login: Login) -> str:
        """The same, as text."""
        answer = "" if login.in_response_to is None else f"InResponseTo={quoteattr(login.in_response_to)}"
        return f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID={quoteattr(login.response_id)}
 Version="2.0" IssueInstant="{stamp(login.now)}" Destination={quoteattr(login.acs_url)} {answer}>
<saml:Issuer>{escape(self.entity_id)}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
{self._assertion(login, answer)}
</samlp:Response>"""

    def _assertion(self, login: Login, answer: str) -> str:
        end = stamp(login.now + login.lifetime)
        session_end = login.session_lifetime and stamp(login.now + login.session_lifetime)
        session = f'SessionNotOnOrAfter="{session_end}"' if session_end else ""
        return f"""<saml:Assertion ID={quoteattr(login.assertion_id)} Version="2.0" IssueInstant="{stamp(login.now)}">
<saml:Issuer>{escape(self.entity_id)}</saml:Issuer>
<saml:Subject><saml:NameID Format="{login.name_id_format}">{escape(login.name_id)}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData Recipient={quoteattr(login.acs_url)} NotOnOrAfter="{end}" {answer}/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{stamp(login.now - timedelta(seconds=30))}" NotOnOrAfter="{end}">
<saml:AudienceRestriction><saml:Audience>{escape(login.sp_entity_id)}</saml:Audience></saml:AudienceRestriction>
</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{stamp(login.now)}" SessionIndex="_session-1" {session}>
<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>
{_attributes(login.attributes)}</saml:Assertion>"""

    def metadata(self, **parts: str) -> str:
        """Our metadata; `parts` replace named pieces: descriptor, keys, services, attributes of the root."""
        keys = parts.get("keys", key_descriptor(self.certificate_text, 'use="signing"'))
        services = parts.get(
            "services",
            f'<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{self.sso_url}"/>',
        )
        role = parts.get("role", "")
        return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DS}"
 ID="_metadata-1" entityID={quoteattr(self.entity_id)} {parts.get("root", "")}>
<md:IDPSSODescriptor {role} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}{services}
</md:IDPSSODescriptor></md:EntityDescriptor>"""


def _attributes(attributes: Mapping[str, Sequence[str]]) -> str:
    if not attributes:
        return ""
    rows = [
        f"<saml:Attribute Name={quoteattr(name)}>"
        + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in attributes.items()
    ]
    return f"<saml:AttributeStatement>{''.join(rows)}</saml:AttributeStatement>"


def key_descriptor(certificate: str, use: str = "") -> str:
    """A KeyDescriptor with one certificate."""
    return (
        f"<md:KeyDescriptor {use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def sign_element(
    element: etree._Element,
    key: Any,
    method: Any = xmlsec.constants.TransformRsaSha256,
    digest: Any = xmlsec.constants.TransformSha256,
    transforms: Sequence[Any] = (xmlsec.constants.TransformEnveloped, xmlsec.constants.TransformExclC14N),
    canonicalisation: Any = xmlsec.constants.TransformExclC14N,
    uri: str | None = None,
    prefixes: str | None = None,
    info_prefixes: str | None = None,
    key_info: str | None = None,
    at: int = 1,
) -> etree._Element:
    """Put an enveloped signature into an element and return it.

    Args:
        key: PEM of a private key, or an xmlsec.Key.
        uri: of the Reference; '#' and the element's ID unless given.
        prefixes: an inclusive prefix list for the element's canonical form.
        info_prefixes: the same for SignedInfo's.
        key_info: base64 of a certificate to carry in KeyInfo.
        at: position among the children.
    """
    signature = xmlsec.template.create(element, canonicalisation, method, ns="ds")
    element.insert(at, signature)
    wanted = f"#{element.get('ID')}" if uri is None else uri
    reference = xmlsec.template.add_reference(signature, digest, uri=wanted)
    for transform in transforms:
        node = xmlsec.template.add_transform(reference, transform)
        if prefixes and transform == xmlsec.constants.TransformExclC14N:
            xmlsec.template.transform_add_c14n_inclusive_namespaces(node, prefixes.split())
    if info_prefixes:
        method_ = signature.find(f".//{{{DS}}}CanonicalizationMethod")
        etree.SubElement(method_, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=info_prefixes)
    if key_info:
        data = etree.SubElement(xmlsec.template.ensure_key_info(signature), f"{{{DS}}}X509Data")
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = key_info
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatPem) if isinstance(key, str) else key
    if element.get("ID"):
        context.register_id(element, "ID")
    context.sign(signature)
    return signature


def replace_by_encrypted(root: etree._Element, encrypt: Callable[[bytes], etree._Element]) -> None:
    """Put an EncryptedAssertion where the Assertion stood; its plain text is a document of its own."""
    assertion = root.find(f"{{{SAML}}}Assertion")
    holder = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={"saml": SAML})
    holder.append(encrypt(etree.tostring(assertion, with_tail=False)))
    root.replace(assertion, holder)


def encrypt_for(
    certificate_pem: str,
    content: Any = xmlsec.constants.TransformAes256Gcm,
    transport: Any = xmlsec.constants.TransformRsaOaep,
) -> Callable[[bytes], etree._Element]:
    """Return what encrypts octets to a certificate, by xmlsec."""
    sizes = {
        xmlsec.constants.TransformAes128Gcm: (xmlsec.constants.KeyDataAes, 128),
        xmlsec.constants.TransformAes192Gcm: (xmlsec.constants.KeyDataAes, 192),
        xmlsec.constants.TransformAes256Gcm: (xmlsec.constants.KeyDataAes, 256),
        xmlsec.constants.TransformAes128Cbc: (xmlsec.constants.KeyDataAes, 128),
        xmlsec.constants.TransformAes256Cbc: (xmlsec.constants.KeyDataAes, 256),
        xmlsec.constants.TransformDes3Cbc: (xmlsec.constants.KeyDataDes, 192),
    }

    def encrypt(plain: bytes) -> etree._Element:
        holder = etree.Element("holder")
        data = xmlsec.template.encrypted_data_create(
            holder, content, type="http://www.w3.org/2001/04/xmlenc#Element", ns="xenc"
        )
        xmlsec.template.encrypted_data_ensure_cipher_value(data)
        info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
        wrapped = xmlsec.template.add_encrypted_key(info, transport)
        xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_memory(certificate_pem, xmlsec.constants.KeyDataFormatCertPem))
        context = xmlsec.EncryptionContext(manager)
        kind, size = sizes[content]
        context.key = xmlsec.Key.generate(kind, size, xmlsec.constants.KeyDataTypeSession)
        # xmlsec's nodes are not found by lxml's searches until they are parsed anew.
        return etree.fromstring(etree.tostring(context.encrypt_binary(data, plain)))

    return encrypt


def private_pem(key: Any) -> str:
    """PKCS 8 text of a private key."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _make_key(key: Any, bits: int) -> Any:
    if key == "rsa":
        return rsa.generate_private_key(65537, bits)
    return ec.generate_private_key(ec.SECP256R1()) if key == "ec" else key


def _self_signed(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    begin = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin)
    return builder.not_valid_after(begin + timedelta(days=20 * 365)).sign(key, hashes.SHA256())
