"""An identity provider's metadata: given for a new SAML connection, or in place of what a present one has (SAM-9).

It is given by its address, as text, or as a file, whichever people have. What is given replaces addresses, entity id
and keys at once: it is an administrator with a fresh proof who decides that, never a refresh by itself.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.identity_providers import ProviderSource, read_provider
from provisioning.actions.sso_settings import connect, show_connection, update_connection
from provisioning.console.certificates import certificates_of
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, Form, Trimmed, attempt, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to
from provisioning.console.proof import ask_before
from provisioning.console.sign_in_settings import SIGN_IN
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.permissions import Permission
from provisioning.domain.sso import Connection, IdentityProvider
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

# What the product calls the field when it refuses metadata.
SOURCE = ("metadata", "idp_metadata", "idp_metadata_url", "certificates")
NO_TEXT = "This file is no text in UTF-8. Choose the XML file that your identity provider offers."
ONE_WAY = "Give the metadata in one way: by its address, as text, or as a file."


class MetadataForm(Form):
    """Where the identity provider's metadata is: an address, or the document itself; a file is read beside it."""

    metadata_url = Trimmed(load_default="")
    document = Trimmed(load_default="")


def add_saml_metadata(blueprint: Blueprint) -> None:
    """Add the routes of metadata."""
    one = f"{SIGN_IN}/<connection_id>/metadata"
    add_routes(
        blueprint,
        (f"{SIGN_IN}/new", "GET", show_new_saml),
        (f"{SIGN_IN}/new", "POST", post_new_saml),
        (one, "GET", show_saml_metadata),
        (one, "POST", post_saml_metadata),
    )


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def show_new_saml(caller: Caller) -> Response:
    """Ask for the identity provider's metadata; whoever sees the form has proved who they are."""
    ask_before(caller)
    return form_page("saml_new.html", None, caller=caller, form=Filled())


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def post_new_saml(caller: Caller) -> Response:
    """Make a connection from metadata, switched off until somebody switches it on."""
    form = _read()

    def make() -> Connection:
        return connect(caller, _provider(caller, form, None), {"enabled": False}, services())

    made = attempt(form, make, SOURCE) if form.is_good else None
    if made is None:
        return form_page("saml_new.html", form.code, caller=caller, form=form)
    response = lead_to(f"{SIGN_IN}/{made.id}")
    leave_notice(response, "saml_made")
    return response


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def show_saml_metadata(caller: Caller, connection_id: str) -> Response:
    """Ask for metadata in place of what a connection has."""
    ask_before(caller)
    return _metadata_page(caller, show_connection(caller, connection_id, services()), Filled())


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def post_saml_metadata(caller: Caller, connection_id: str) -> Response:
    """Put other metadata in place; settings and people stay. Where a key for it is known, it has to be signed."""
    before = show_connection(caller, connection_id, services())
    form = _read(before.metadata_url)

    def replace() -> Connection:
        provider = _provider(caller, form, before.metadata_certificate)
        return update_connection(caller, before.id, {}, services(), provider)

    saved = attempt(form, replace, SOURCE) if form.is_good else None
    if saved is None:
        return _metadata_page(caller, before, form)
    response = lead_to(f"{SIGN_IN}/{saved.id}")
    leave_notice(response, "saml_metadata_replaced", len(saved.certificates))
    return response


def _read(present: str | None = None) -> Filled:
    """Return the form with the text of a chosen file among its values; none or several ways are refused.

    Args:
        present: the address that stands in the form from the beginning; it gives way to a text or file.
    """
    form = read_form(MetadataForm(), request.form)
    sent = request.files.get("file")
    data = sent.read() if sent is not None else b""
    try:
        form.values["file"] = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        form.refuse("file", invalid("file", NO_TEXT))
        return form
    if form.values["metadata_url"] == present and (form.values["document"] or form.values["file"]):
        form.values["metadata_url"] = ""
    if sum(bool(form.values[name]) for name in ("metadata_url", "document", "file")) != 1:
        form.refuse("", invalid("metadata", ONE_WAY))
    return form


def _provider(caller: Caller, form: Filled, pinned: str | None) -> IdentityProvider:
    values = form.values
    source = ProviderSource(values["document"] or values["file"] or None, values["metadata_url"] or None)
    return read_provider(caller, source, pinned, services())


def _metadata_page(caller: Caller, connection: Connection, form: Filled) -> Response:
    certificates = certificates_of(connection, services())
    return form_page(
        "saml_metadata.html", form.code, caller=caller, form=form, connection=connection, certificates=certificates
    )
