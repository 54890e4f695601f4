"""Secrets that must be read back: AES-256-GCM under the operator's versioned keys, bound to their place (OPS-2).

A secret carries the version of its key in front; its table, column and row are additional data, so that a value copied
to another row does not decrypt there. The same keys make those that sign exports of the activity report (AUD-3).
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
SIGNING = b"gatelodge activity exports"


class CannotDecrypt(Exception):
    """A secret at rest is damaged, in another place, or of a key that is gone."""


class Cipher:
    """Encrypts and decrypts texts.

    Args:
        keys: version -> 32 bytes, the newest first.
        random: source of randomness.
    """

    def __init__(self, keys: Mapping[str, bytes], random: Callable[[int], bytes]) -> None:
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._newest = next(iter(keys))
        self._random = random

    def encrypt(self, text: str, place: str) -> bytes:
        """Return a text encrypted for a place `table/column/row`."""
        nonce = self._random(NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, text.encode(), place.encode())
        return self._newest.encode() + b":" + nonce + sealed

    @property
    def newest_begins(self) -> bytes:
        """What every secret under the newest key begins with."""
        return self._newest.encode() + b":"

    def renewed(self, data: bytes, place: str) -> bytes | None:
        """Return a secret encrypted under the newest key, None where it cannot be read at this place."""
        text = self.opened(data, place)
        return None if text is None else self.encrypt(text, place)

    def opened(self, data: bytes, place: str) -> str | None:
        """Return the text behind bytes that anybody may have handed in, None where they are not sealed for a place."""
        try:
            return self.decrypt(data, place)
        except (CannotDecrypt, ValueError):  # Bytes too few to hold a nonce are a ValueError.
            return None

    def decrypt(self, data: bytes, place: str) -> str:
        """Return the text behind `encrypt` for the same place.

        Raises:
            CannotDecrypt: wrong place, damaged, or an unknown key.
        """
        version, _, rest = bytes(data).partition(b":")
        cipher = self._ciphers.get(version.decode("ascii", "replace"))
        if cipher is None:
            raise CannotDecrypt("the key of this secret is not configured")
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place.encode()).decode()
        except InvalidTag:
            raise CannotDecrypt("this secret is damaged or belongs elsewhere") from None


class Signer:
    """Signs exports of the activity report with Ed25519 (RFC 8032), by keys made for this alone from the operator's.

    Args:
        keys: version -> 32 bytes, the newest first.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        seeds = {version: hmac.digest(key, SIGNING, hashlib.sha256) for version, key in keys.items()}
        self._keys = {version: Ed25519PrivateKey.from_private_bytes(seed) for version, seed in seeds.items()}
        self._newest = next(iter(keys))

    def sign(self, data: bytes) -> tuple[str, str]:
        """Return the version of the key and the signature in base64."""
        return self._newest, b64encode(self._keys[self._newest].sign(data)).decode()

    def is_right(self, data: bytes, version: str, signature: str) -> bool:
        """Return whether a signature is of one of the operator's keys and of these bytes."""
        key = self._keys.get(version)
        if key is None:
            return False
        try:
            key.public_key().verify(b64decode(signature, validate=True), data)
        except (ValueError, InvalidSignature):
            return False
        return True
