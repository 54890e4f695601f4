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

# The look of the Console's pages for people who are not logged in; this door stands alone and cannot share its files.
STYLE = """
:root { color-scheme: light dark; --page: #f6f7fb; --panel: #fff; --line: #dfe2ee; --text: #373c44; --dim: #5a6072;
  --strong: #0172ad; }
@media (prefers-color-scheme: dark) {
  :root { --page: #11141c; --panel: #191d28; --line: #2c3242; --text: #c2c7d0; --dim: #a3a9ba; --strong: #01aaff; } }
body { margin: 0; padding: 8vh 1rem 2rem; min-height: 80vh; display: flex; flex-direction: column; align-items: center;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: 100%; max-width: 30rem; padding: 2rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: 0.9rem; box-shadow: 0 8px 30px rgb(20 30 80 / 7%); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 1.25rem; }
.brand { margin: 0 0 1.25rem; font-weight: 700; font-size: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 1.25rem 0; font-size: 0.9rem;
  color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
strong { overflow-wrap: anywhere; }
a { color: var(--strong); }
button { width: 100%; margin: 0.5rem 0 1rem; padding: 0.6rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: #fff; background: #0172ad; border: 1px solid #0172ad; border-radius: 0.5rem; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0 1rem; } main { padding: 1.25rem; } }
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
