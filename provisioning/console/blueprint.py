"""The Console door: its routes stand in the modules beside this one, its refusals become pages here.

Every route of it that changes something takes only our own forms: the check runs before all of them, so that no route
can forget it (WEB-1).
"""

from flask import Blueprint, request

from provisioning.console.account import add_account
from provisioning.console.account_page import add_account_page
from provisioning.console.activity import add_activity
from provisioning.console.api_keys import add_api_keys
from provisioning.console.assets import add_assets
from provisioning.console.errors import error_page, fault_page
from provisioning.console.groups import add_groups
from provisioning.console.invite import add_invite
from provisioning.console.links import add_links
from provisioning.console.login import add_login
from provisioning.console.login_steps import add_login_steps
from provisioning.console.profile import add_profile
from provisioning.console.proof import add_proof
from provisioning.console.provisioning import add_provisioning
from provisioning.console.provisioning_log import add_provisioning_log
from provisioning.console.receipts import add_receipts
from provisioning.console.saml_connections import add_saml_connections
from provisioning.console.saml_metadata import add_saml_metadata
from provisioning.console.second_factor import add_second_factor
from provisioning.console.sign_in_settings import add_sign_in_settings
from provisioning.console.user_acts import add_user_acts
from provisioning.console.user_edit import add_user_edit
from provisioning.console.users import add_users
from provisioning.console.webhook_form import add_webhook_form
from provisioning.console.webhooks import add_webhooks
from provisioning.guard.csrf import require_own_form
from provisioning.guard.door import Door, registering
from provisioning.guard.local_paths import PAGES

MOST_BYTES = 1024 * 1024
# Who adds routes, in the order of the table of pages in docs/console.md.
ROOMS = (
    add_assets,
    add_login,
    add_login_steps,
    add_links,
    add_users,
    add_invite,
    add_user_edit,
    add_receipts,
    add_user_acts,
    add_groups,
    add_sign_in_settings,
    add_saml_connections,
    add_saml_metadata,
    add_provisioning,
    add_provisioning_log,
    add_api_keys,
    add_webhooks,
    add_webhook_form,
    add_activity,
    add_account_page,
    add_account,
    add_profile,
    add_second_factor,
    add_proof,
)


def make_blueprint() -> Blueprint:
    """Return the blueprint with all routes of the Console."""
    blueprint = Blueprint(PAGES, __name__)
    blueprint.before_request(limit_body)
    blueprint.before_request(require_own_form)
    for add in ROOMS:
        add(blueprint)
    return blueprint


def limit_body() -> None:
    """Take no form that is larger than any of ours can be (LIM-1)."""
    request.max_content_length = MOST_BYTES


CONSOLE_DOOR = Door(("/",), registering(make_blueprint()), error_page, fault_page)
