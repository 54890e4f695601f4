"""Keys of identity providers: only those of the connection's own certificates, and only strong ones (XML-6, SAM-2).

A certificate is a carrier of a key here; that it expired warns an administrator and stops nobody (Meta 2.4.1.1).
"""

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from saml.errors import SamlCode, SamlError

FEWEST_RSA_BITS = 2048
MOST_RSA_BITS = 16384  # beyond this one verification takes too long
USABLE = "The connection has a key that may sign: RSA of 2048 bits or more, or a NIST curve of 256 or more."
CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
PEM_BEGIN = "-----BEGIN CERTIFICATE-----"
MOST_KEPT = 1024  # certificates a process remembers, by their own text: a changed connection never meets an old key


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that may sign.

    Attributes:
        kind: 'RSA' or 'EC'.
        public_pem: the key alone, for xmlsec.
        fingerprint: SHA-256 of the certificate, in hexadecimal.
        not_after: end of the certificate, aware.
    """

    kind: str
    public_pem: bytes
    fingerprint: str
    not_after: datetime


@lru_cache(maxsize=MOST_KEPT)
def trusted_key(certificate: str) -> TrustedKey | None:
    """Return the key of one certificate, None where it cannot be read or is too weak.

    Args:
        certificate: PEM, or DER in base64 as metadata has it.
    """
    try:
        loaded = load_certificate(certificate)
        public = loaded.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    kind = _kind(public)
    if kind is None:
        return None
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return TrustedKey(kind, pem, loaded.fingerprint(hashes.SHA256()).hex(), loaded.not_valid_after_utc)


def trusted_keys(certificates: Iterable[str]) -> tuple[TrustedKey, ...]:
    """Return the usable keys of a connection; a connection without one verifies nothing and refuses all (SAM-2).

    Raises:
        SamlError: NO_KEY.
    """
    keys = tuple(key for certificate in certificates if (key := trusted_key(certificate)) is not None)
    if not keys:
        raise SamlError(SamlCode.NO_KEY, "usable_key", USABLE)
    return keys


def load_certificate(certificate: str) -> x509.Certificate:
    """Return the certificate of a PEM or base64 text; raises ValueError where it is neither."""
    if PEM_BEGIN in certificate:
        return x509.load_pem_x509_certificate(certificate.encode("ascii", "replace"))
    compact = "".join(certificate.split()).encode("ascii", "replace")
    return x509.load_der_x509_certificate(binascii.a2b_base64(compact, strict_mode=True))


def _kind(public: object) -> str | None:
    if isinstance(public, rsa.RSAPublicKey) and FEWEST_RSA_BITS <= public.key_size <= MOST_RSA_BITS:
        return "RSA"
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in CURVES:
        return "EC"
    return None
