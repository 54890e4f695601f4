"""A person with a browser that runs no scripts: follows links, fills in forms, and reads what the page says.

It knows pages as people do, by the labels on them, and sends a form with everything that stands in it, hidden fields
too; so a page that forgets its token or a field fails here as it would for a person.
"""

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from provisioning.guard.cookie import SESSION

ORIGIN = "http://127.0.0.1:8080"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@dataclass
class Page:
    """What came back: the answer, where it stands, and its tree."""

    response: TestResponse
    path: str
    tree: Any = field(repr=False)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """What the page says, with single blanks."""
        return " ".join(self.tree.text_content().split())

    @property
    def title(self) -> str:
        """The text of the main heading."""
        return " ".join(self.tree.xpath("//h1")[0].text_content().split())

    @property
    def notice(self) -> str:
        """The line that says what happened, without the links in it, '' where there is none."""
        found = self.tree.xpath("//main//p[contains(@class, 'notice good')]")
        return " ".join("".join(found[0].xpath(".//text()[not(ancestor::a)]")).split()) if found else ""

    @property
    def code(self) -> str | None:
        """The stable code of a refusal."""
        return self.response.headers.get("Gatelodge-Error")

    def errors(self) -> dict[str, str]:
        """Sentences beside fields, by the field's id."""
        found = self.tree.xpath("//*[contains(@class, 'field-error')]")
        return {each.get("id").removesuffix("-error"): " ".join(each.text_content().split()) for each in found}

    def forms(self, action: str | None = None) -> list[Any]:
        """The forms of the page, those that post before others; only those of one action."""
        found = [each for each in self.tree.forms if action is None or each.action == action]
        return sorted(found, key=lambda form: form.method != "POST")

    def row_of(self, name: str) -> Any:
        """The row of the table that names somebody."""
        return next(row for row in self.tree.xpath("//tbody/tr") if name in row.text_content())


class ConsoleClient:
    """One browser.

    Args:
        client: a test client; each browser has its own, with its own cookies.
    """

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: Page | None = None

    def get(self, path: str, **options: Any) -> Page:
        """Go to an address, through every redirect."""
        return self._landed(self.client.get(path, base_url=ORIGIN, follow_redirects=True, **options))

    def submit(self, action: str, *, page: Page | None = None, headers: Any = None, **typed: Any) -> Page:
        """Send the form of the page that leads to `action`, with some of its fields filled in.

        Lists fill in fields that stand on the page more than once. None takes a field away.
        """
        shown = page or self.page
        assert shown is not None
        form = shown.forms(action)[0]
        values: dict[str, Any] = {}
        for name, value in form.form_values():
            values.setdefault(name, []).append(value)
        values.update({name: value if isinstance(value, list) else [value] for name, value in typed.items()})
        sent = {name: value for name, value in values.items() if value != [None]}
        options = {"content_type": form.get("enctype")} if form.get("enctype") else {}
        return self.post(action, sent, headers=headers, **options)

    def post(self, path: str, values: dict[str, Any], headers: Any = None, **options: Any) -> Page:
        """Send values to an address as a form of our own page does, and follow where it leads."""
        return self._landed(
            self.client.post(
                path, data=values, base_url=ORIGIN, headers=headers or SAME_ORIGIN, follow_redirects=True, **options
            )
        )

    def log_in(self, email: str, password: str, path: str = "/login") -> Page:
        """Log in by the two steps of the login page."""
        self.get(path)
        self.submit("/login", email=email)
        return self.submit("/login", password=password)

    def log_out(self) -> Page:
        """Log out by the button of the frame."""
        return self.submit("/logout")

    def do(self, user_id: str, slug: str) -> Page:
        """Do one act on a user: open its confirmation, and confirm."""
        path = f"/users/{user_id}/{slug}"
        self.get(path)
        return self.submit(path)

    @property
    def session(self) -> str | None:
        """The value of the session cookie."""
        cookie = self.client.get_cookie(SESSION, domain="127.0.0.1")
        return cookie.value if cookie else None

    def _landed(self, response: TestResponse) -> Page:
        data = response.get_data()
        tree = html.document_fromstring(data.decode() or "<html></html>")
        self.page = Page(response, response.request.path, tree)
        return self.page
