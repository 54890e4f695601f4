"""Forms that change something: sent by our own page, in this browser, by the person who saw it (WEB-1).

Two independent checks. The browser says where a request comes from (`Sec-Fetch-Site`, `Origin`), and the form carries
a token that only our page could give it: a keyed hash of the session's cookie, or, before there is a session, of a
cookie made for the form. The token cannot be computed from what a browser shows, is dead with the cookie it is bound
to, and differs at each showing, so that compression tells nothing of it.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from flask import g, request
from werkzeug.wrappers import Response

from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.keys import RANDOM_BYTES, secret_hash
from provisioning.guard.context import services, settings
from provisioning.guard.cookie import SESSION, read_cookie, set_cookie

FORM = "gatelodge_form"
FIELD = "csrf_token"
FORM_TYPE = "application/x-www-form-urlencoded"
FILE_TYPE = "multipart/form-data"
# Forms that a file can be chosen in; no other is taken in the form that files need.
FILE_FORMS = frozenset({"console.post_new_saml", "console.post_saml_metadata"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PURPOSE = b"gatelodge console forms"
NONCE_BYTES = 12
TOO_OLD = "This form is too old, or was not sent from our own page. Load the page again and send it once more."


def form_token() -> str:
    """Return a token for a form of the page that is being made."""
    nonce = _text(services().random(NONCE_BYTES))
    return f"{nonce}.{_signed(nonce, _bound_to() or _new_form_secret(), _keys()[0])}"


def keep_form_secret(response: Response) -> None:
    """Give the browser the cookie that a form's token was bound to, where one had to be made."""
    secret = g.get(FORM)
    if secret is not None:
        set_cookie(response, FORM, secret, max_age=None)


def require_own_form() -> None:
    """Refuse a request that changes something and is not a form of our own page; runs before every such route.

    Raises:
        Refusal: MEDIA_TYPE, NOT_ALLOWED for another origin, INVALID_VALUE for a missing or foreign token.
    """
    if request.method in SAFE_METHODS:
        return
    if not _is_same_origin():
        raise Refusal(Code.NOT_ALLOWED)
    if request.mimetype != (FILE_TYPE if request.endpoint in FILE_FORMS else FORM_TYPE):
        raise Refusal(Code.MEDIA_TYPE)
    if not _is_token(request.form.get(FIELD, "")):
        raise invalid(FIELD, TOO_OLD)


def _is_same_origin() -> bool:
    """Whether the browser says that our own page sent the request.

    As no page of ours sends a referrer, browsers send `Origin: null` with its forms; then `Sec-Fetch-Site` alone
    tells. Without either header (a browser of before 2020, a script) the token alone decides.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    # That the host of the request is ours was checked before (guard/browser.py).
    return origin == f"{'https' if settings().is_https else 'http'}://{request.host}"


def _is_token(token: str) -> bool:
    nonce, _, signature = token.partition(".")
    bound_to = _bound_to()
    if bound_to is None or not token.isascii():
        return False
    return any(hmac.compare_digest(signature, _signed(nonce, bound_to, key)) for key in _keys())


def _bound_to() -> str | None:
    """Return what tokens of this browser are bound to: its session's cookie, else the cookie of its form."""
    for name in (SESSION, FORM):
        secret = read_cookie(name)
        if secret is not None:
            return f"{name}:{secret_hash(secret)}"
    return None


def _new_form_secret() -> str:
    """Return what the tokens of a page shown to a new browser are bound to; one secret serves the whole page."""
    if FORM not in g:
        setattr(g, FORM, _text(services().random(RANDOM_BYTES)))
    return f"{FORM}:{secret_hash(g.get(FORM))}"


def _signed(nonce: str, bound_to: str, key: bytes) -> str:
    return _text(hmac.digest(key, f"{nonce}.{bound_to}".encode(), hashlib.sha256))


def _keys() -> list[bytes]:
    """Return the keys for tokens, newest first, each made for this purpose from a key of the settings."""
    return [hmac.digest(key, PURPOSE, hashlib.sha256) for key in settings().encryption_keys().values()]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
