"""Decrypts an EncryptedAssertion to bytes, which are then read as a message of their own (XML-7, saml.md 5.3).

The toolkit moves what it decrypted into its own tree and renames prefixes there, so that signatures inside no longer
fit; and xmlsec follows whatever a KeyInfo points to. Hence the few algorithms that are allowed are done here, by
`cryptography`, on values alone. Every failure is one and the same refusal, and a key that cannot be unwrapped is
replaced by one that nobody can guess, so that both kinds of failure take the same way.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from saml import names as n
from saml.errors import SamlCode, SamlError
from saml.message import Element, children, decode, only, text_of

MOST_RECIPIENTS = 4
GCM_NONCE = 12

# The checks of this step by name, in the order they are made, with what each demands and why. The person sees one and
# the same page for all of them; of those after a key was tried the detail is the same too.
DEMANDS: Mapping[str, str] = {
    "assertion_is_encrypted": "The assertion is encrypted, where the connection wants that.",
    "encrypted_data_present": "The EncryptedAssertion holds one EncryptedData.",
    "content_algorithm": "AES-GCM; CBC only where the connection allows it and the Response around is signed.",
    "cipher_value_present": "Cipher text stands in the message; an address to fetch it from is none.",
    "encrypted_key_count": "One to four EncryptedKeys, inside or beside the data.",
    "key_transport": "RSA-OAEP; PKCS#1 v1.5 never, not even as an option.",
    "oaep_digest": "A digest and a mask of OAEP that we know.",
    "our_key_is_rsa": "Our own key is an RSA key.",
    "decrypted": "One of our keys opens one of the wrapped keys, and that key opens the content.",
}


def _open_gcm(key: bytes, sealed: bytes) -> bytes:
    """AES-GCM as Enc 1.1, 5.2.4 has it: 96 bits of nonce, cipher text, 128 bits of tag."""
    return AESGCM(key).decrypt(sealed[:GCM_NONCE], sealed[GCM_NONCE:], None)


def _open_aes_cbc(key: bytes, sealed: bytes) -> bytes:
    return _open_cbc(algorithms.AES(key), 16, sealed)


def _open_triple_des(key: bytes, sealed: bytes) -> bytes:
    return _open_cbc(TripleDES(key), 8, sealed)


def _open_cbc(algorithm: CipherAlgorithm, block: int, sealed: bytes) -> bytes:
    """CBC with the padding of Enc 1.1, 5.2: the last octet counts the padding, the others may be anything."""
    opener = Cipher(algorithm, modes.CBC(sealed[:block])).decryptor()
    padded = opener.update(sealed[block:]) + opener.finalize()
    count = padded[-1]
    if not 1 <= count <= block:
        raise ValueError("padding")
    return padded[:-count]


@dataclass(frozen=True, slots=True)
class Content:
    """An algorithm of the content: its key's length in bytes, whether it is CBC, and how it is opened."""

    key_bytes: int
    is_cbc: bool
    open: Callable[[bytes, bytes], bytes]


CONTENTS: Mapping[str, Content] = {
    f"{n.XENC11}aes128-gcm": Content(16, False, _open_gcm),
    f"{n.XENC11}aes192-gcm": Content(24, False, _open_gcm),
    f"{n.XENC11}aes256-gcm": Content(32, False, _open_gcm),
    f"{n.XENC}aes128-cbc": Content(16, True, _open_aes_cbc),
    f"{n.XENC}aes192-cbc": Content(24, True, _open_aes_cbc),
    f"{n.XENC}aes256-cbc": Content(32, True, _open_aes_cbc),
    f"{n.XENC}tripledes-cbc": Content(24, True, _open_triple_des),
}

OAEP_MGF1P = f"{n.XENC}rsa-oaep-mgf1p"
OAEP_11 = f"{n.XENC11}rsa-oaep"
KEY_TRANSPORTS = frozenset({OAEP_MGF1P, OAEP_11})  # PKCS#1 v1.5 never, not even as an option

# SHA-1 inside OAEP is no signature and no collision matters there (XML-7).
OAEP_DIGESTS: Mapping[str, type[hashes.HashAlgorithm]] = {
    f"{n.DS}sha1": hashes.SHA1,
    f"{n.XENC}sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    f"{n.XENC}sha512": hashes.SHA512,
}
OAEP_MASKS: Mapping[str, type[hashes.HashAlgorithm]] = {
    f"{n.XENC11}mgf1sha1": hashes.SHA1,
    f"{n.XENC11}mgf1sha256": hashes.SHA256,
    f"{n.XENC11}mgf1sha384": hashes.SHA384,
    f"{n.XENC11}mgf1sha512": hashes.SHA512,
}


def decrypt(encrypted: Element, private_keys: Iterable[str], cbc_allowed: bool) -> bytes:
    """Return the plain octets of an EncryptedAssertion.

    Keys are loaded for each message and kept no longer; loading one costs a tenth of using it.

    Args:
        encrypted: the EncryptedAssertion element; from a verified Response where that is signed.
        private_keys: PEM of our decryption keys; two during a rollover (saml.md 7), and whichever fits is used.
        cbc_allowed: True only where the connection says so and the Response around is signed (Jager, Somorovsky 2011).

    Raises:
        SamlError: DECRYPTION, the same for every cause but a refused algorithm's name in the administrators' detail.
    """
    data = only(encrypted, n.ENCRYPTED_DATA)
    if data is None:
        raise failed("encrypted_data_present")
    content = _content_algorithm(data, cbc_allowed)
    sealed = _cipher_value(data)
    wrapped_keys = _wrapped_keys(encrypted, data)
    for private in map(_loaded, private_keys):
        for wrapped in wrapped_keys:
            key = _unwrapped(private, wrapped, content.key_bytes)
            try:
                return content.open(key, sealed)
            except (InvalidTag, ValueError, IndexError):
                continue
    raise failed("decrypted")


def failed(check: str, expected: str = "", received: str = "") -> SamlError:
    """Return the one refusal of whatever goes wrong with encryption.

    Args:
        check: one of DEMANDS, or the check that the plain text failed.
    """
    return SamlError(SamlCode.DECRYPTION, check, expected or DEMANDS.get(check, ""), received)


def _loaded(private_key: str) -> rsa.RSAPrivateKey:
    # Our own key, sealed at rest since we made it; proving its primes anew would cost ten times the decryption.
    loaded = serialization.load_pem_private_key(private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise failed("our_key_is_rsa")
    return loaded


def _algorithm(element: Element) -> str:
    return _of(only(element, n.ENCRYPTION_METHOD))


def _of(method: Element | None) -> str:
    """The name of a method; '' where there is none, which no table has."""
    return "" if method is None else method.get("Algorithm") or ""


def _content_algorithm(data: Element, cbc_allowed: bool) -> Content:
    name = _algorithm(data)
    content = CONTENTS.get(name)
    if content is None or (content.is_cbc and not cbc_allowed):
        allowed = [uri for uri, known in CONTENTS.items() if cbc_allowed or not known.is_cbc]
        raise failed("content_algorithm", " ".join(allowed), name)
    return content


def _cipher_value(element: Element) -> bytes:
    """The octets of a CipherValue; a CipherReference, which asks to be fetched, is none."""
    data = only(element, n.CIPHER_DATA)
    value = only(data, n.CIPHER_VALUE) if data is not None else None
    if value is None:
        raise failed("cipher_value_present")
    return decode(text_of(value))


def _wrapped_keys(encrypted: Element, data: Element) -> list[Element]:
    """The EncryptedKeys inside the data's KeyInfo and beside the data (Core 6.1), a few at most."""
    info = only(data, n.KEY_INFO)
    found = [*(children(info, n.ENCRYPTED_KEY) if info is not None else []), *children(encrypted, n.ENCRYPTED_KEY)]
    if not 0 < len(found) <= MOST_RECIPIENTS:
        raise failed("encrypted_key_count", f"1 to {MOST_RECIPIENTS}", str(len(found)))
    for wrapped in found:
        if _algorithm(wrapped) not in KEY_TRANSPORTS:
            raise failed("key_transport", " ".join(sorted(KEY_TRANSPORTS)), _algorithm(wrapped))
    return found


def _unwrapped(private: rsa.RSAPrivateKey, wrapped: Element, key_bytes: int) -> bytes:
    """The content key, or a secret substitute of the same length where the wrapped one is not for us."""
    sealed = _cipher_value(wrapped)
    secret = str(private.private_numbers().d).encode()
    substitute = hmac.digest(secret, sealed, hashlib.sha256)[:key_bytes]
    try:
        key = private.decrypt(sealed, _oaep(wrapped))
    except ValueError:
        return substitute
    return key if len(key) == key_bytes else substitute


def _oaep(wrapped: Element) -> padding.OAEP:
    """OAEP with the digest and mask that the message names; Enc 1.1, 5.5.2: SHA-1 where it names none."""
    (method,) = children(wrapped, n.ENCRYPTION_METHOD)  # `_wrapped_keys` has read its name
    digest = _named(OAEP_DIGESTS, only(method, n.DIGEST_METHOD), f"{n.DS}sha1")
    mask = _named(OAEP_MASKS, only(method, n.MGF), f"{n.XENC11}mgf1sha1")
    if method.get("Algorithm") == OAEP_MGF1P:
        mask = hashes.SHA1
    label = only(method, n.OAEP_PARAMS)
    return padding.OAEP(padding.MGF1(mask()), digest(), decode(text_of(label)) if label is not None else None)


def _named(
    table: Mapping[str, type[hashes.HashAlgorithm]], element: Element | None, default: str
) -> type[hashes.HashAlgorithm]:
    name = default if element is None else _of(element)
    if name not in table:
        raise failed("oaep_digest", " ".join(table), name)
    return table[name]
