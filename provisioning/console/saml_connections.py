"""A SAML connection in steps: our values to copy, the metadata, the attributes, a test login, on and off (SSO-1).

The page of a connection shows; what is typed stands on pages of its own, which ask for a fresh proof before (SES-4).
"""

from flask import Blueprint, request
from marshmallow import fields
from werkzeug.wrappers import Response

from provisioning.actions.sso_settings import disconnect, show_connection, update_connection
from provisioning.console.certificates import WARN_DAYS, certificates_of
from provisioning.console.decisions import Decision, decision_page
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, Form, Trimmed, a_name, attempt, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.proof import ask_before
from provisioning.console.sign_in_settings import SIGN_IN, TRAIL
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.sso import Connection
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

MAPPED = {
    "username": "User name",
    "email": "Email",
    "first_name": "First name",
    "last_name": "Last name",
    "role": "Role",
    "groups": "Groups",
    "product_environments": "Product environments",
}
BESIDE = ("email_domains", "provisioning", "certificates", "default_role")


class SettingsForm(Form):
    """What a connection is set to do, and which attribute holds what."""

    enabled = fields.Boolean(load_default=False)
    provisioning = fields.Boolean(load_default=False)
    email_domains = Trimmed(load_default="")
    username, email, first_name = (Trimmed(load_default="", validate=a_name) for _ in range(3))
    last_name, role, groups, product_environments = (Trimmed(load_default="", validate=a_name) for _ in range(4))


def add_saml_connections(blueprint: Blueprint) -> None:
    """Add the routes of SAML connections."""
    one = f"{SIGN_IN}/<connection_id>"
    add_routes(
        blueprint,
        (one, "GET", show_saml),
        (f"{one}/settings", "GET", show_saml_settings),
        (f"{one}/settings", "POST", post_saml_settings),
        (f"{one}/delete", "GET", confirm_disconnect),
        (f"{one}/delete", "POST", post_disconnect),
    )


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def show_saml(caller: Caller, connection_id: str) -> Response:
    """Show the steps of a connection, each with whether it is done."""
    connection = show_connection(caller, connection_id, services())
    base = f"{services().public_url}/saml/{connection.id}"
    ours = (("entity-id", "Entity ID", f"{base}/metadata"), ("acs", "ACS URL", f"{base}/acs"),
            ("sp-metadata", "Metadata URL", f"{base}/metadata"))  # fmt: skip
    return page(
        "saml_connection.html",
        caller=caller,
        connection=connection,
        ours=ours,
        mapped=MAPPED,
        certificates=certificates_of(connection, services()),
        warn_days=WARN_DAYS,
    )


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def show_saml_settings(caller: Caller, connection_id: str) -> Response:
    """Show the form of what a connection does and which attribute holds what."""
    ask_before(caller)
    return _settings_page(caller, show_connection(caller, connection_id, services()), Filled())


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def post_saml_settings(caller: Caller, connection_id: str) -> Response:
    """Change what a connection does and which attribute holds what."""
    before = show_connection(caller, connection_id, services())
    form = read_form(SettingsForm(), request.form)
    if not form.is_good:
        return _settings_page(caller, before, form)
    values = form.values
    named = {name: values[name] for name in MAPPED if values[name]}
    others = {name: value for name, value in before.mapping.items() if name not in MAPPED}
    changes = {
        "enabled": values["enabled"],
        "provisioning": values["provisioning"],
        "email_domains": tuple(values["email_domains"].replace(",", " ").split()),
        "mapping": {**others, **named},
    }
    if attempt(form, lambda: update_connection(caller, before.id, changes, services()), BESIDE) is None:
        return _settings_page(caller, before, form)
    return _done(f"{SIGN_IN}/{before.id}", "connection_changed")


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def confirm_disconnect(caller: Caller, connection_id: str) -> Response:
    """Say what removing a connection does."""
    connection = show_connection(caller, connection_id, services())
    decision = Decision(
        question=f"Remove the SAML connection {connection.idp_entity_id}?",
        consequences=(
            "Sessions that were opened through it end now.",
            "Nobody can log in through this identity provider any more.",
            "Users stay; who has no password cannot log in until one is set.",
        ),
        title="Remove connection",
        back=f"{SIGN_IN}/{connection.id}",
        trail=(*TRAIL, (f"{SIGN_IN}/{connection.id}", connection.idp_entity_id)),
        is_danger=True,
    )
    return decision_page(caller, decision)


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def post_disconnect(caller: Caller, connection_id: str) -> Response:
    """Remove a connection."""
    disconnect(caller, connection_id, services())
    return _done(SIGN_IN, "saml_removed")


def _settings_page(caller: Caller, connection: Connection, form: Filled) -> Response:
    return form_page("saml_settings.html", form.code, caller=caller, form=form, connection=connection, mapped=MAPPED)


def _done(path: str, notice: str) -> Response:
    response = lead_to(path)
    leave_notice(response, notice)
    return response
