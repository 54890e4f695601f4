"""The pages of this door: a refusal with its reference, the form that carries a request, the question before a change.

They stand alone: whoever cannot log in sees nothing of the Console. All values are escaped by the template; text that
an identity provider wrote is never shown, but the name of the person it sends, as text (WEB-2).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Response, g, make_response, render_template

from provisioning.domain.errors import Refusal
from provisioning.guard.browser import CONTENT_SECURITY_POLICY
from provisioning.guard.context import services
from saml.errors import PAGES, Page, SamlError, page_of
from saml.request import LoginRequest

CODE_HEADER = "Gatelodge-Error"
FAULT = Page(
    500,
    "Something failed here",
    "The service could not answer.",
    "Try again, or give your administrator the reference number below.",
)

STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 34rem; padding: 2rem; margin: 1rem; border: 1px solid GrayText; border-radius: 0.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
.product { margin: 0 0 1rem; font-weight: 600; color: GrayText; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; font-size: 0.9rem; }
dd { margin: 0; overflow-wrap: anywhere; }
button { font: inherit; padding: 0.5rem 1rem; margin-right: 1rem; cursor: pointer; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } }
"""
SUBMIT = "document.forms[0].submit();\n"


def reference() -> str:
    """Return the number by which an administrator finds this request in log and report."""
    return str(g.get("request_id", ""))


def message_refused(error: SamlError) -> Response:
    """Return the page of a refused message."""
    return _refused(PAGES[error.code], error.code.value)


def refused(refusal: Refusal) -> Response:
    """Return the page of a refusal of the domain."""
    response = _refused(page_of(refusal.code, refusal.sentence), refusal.code.value)
    if response.status_code == 429:
        response.headers["Retry-After"] = str(refusal.values.get("retry_after", 1))
    return response


def faulted(status: int, reference_: str) -> Response:
    """Return the page of a fault of ours; it tells nothing but the reference (LIM-7)."""
    return _page(FAULT, status, reference_)


def _refused(page: Page, code: str) -> Response:
    response = _page(page, page.status, reference())
    response.headers[CODE_HEADER] = code
    return response


def _page(page: Page, status: int, reference_: str) -> Response:
    text = render_template("saml/refused.html", page=page, reference=reference_, now=services().now())
    return make_response(text, status)


def request_form(request: LoginRequest) -> Response:
    """Return the page that posts a request to the identity provider, the one origin that its form may go to (WEB-2)."""
    response = make_response(render_template("saml/go.html", request=request))
    parts = urlsplit(request.url)
    target = f"form-action {parts.scheme}://{parts.netloc}"
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace("form-action 'self'", target)
    return response


def question(present: str, coming: str, action: str, fields: Mapping[str, str]) -> Response:
    """Return the page that asks before somebody else's session is replaced (SAM-5).

    Args:
        present: the name of the user who is logged in.
        coming: the name that the identity provider sends.
        action: our own path that the answer goes to.
        fields: hidden fields of the answer.
    """
    text = render_template("saml/replace.html", present=present, coming=coming, action=action, fields=fields)
    return make_response(text)
