"""The SCIM door: its routes are in users.py, groups.py, lists.py, bulk.py and discovery.py, its answers are made here.

Routes are thin: credential, body, action, answer. Errors of all of them, also of addresses that no route knows, come
from the one table of errors.py.
"""

from flask import Blueprint, Response

from provisioning.domain.errors import Refusal
from provisioning.guard.door import Door, registering
from provisioning.scim.bulk import add_bulk
from provisioning.scim.discovery import add_discovery
from provisioning.scim.errors import error_answer, error_body
from provisioning.scim.groups import add_groups
from provisioning.scim.lists import add_lists
from provisioning.scim.log import log_requests
from provisioning.scim.representation import BASE_PATH
from provisioning.scim.responses import json_response
from provisioning.scim.users import add_users


def make_blueprint() -> Blueprint:
    """Return the blueprint with all SCIM routes; one slash at the end of an address is tolerated."""
    blueprint = Blueprint("scim", __name__, url_prefix=BASE_PATH)
    log_requests(blueprint)
    add_discovery(blueprint)
    add_users(blueprint)
    add_groups(blueprint)
    add_lists(blueprint)
    add_bulk(blueprint)
    return blueprint


def refused(refusal: Refusal) -> Response:
    """Return a refusal in SCIM's form."""
    made = error_answer(refusal)
    return json_response(made.body, made.status, made.headers)


def faulted(status: int, reference: str) -> Response:
    """Return a fault of ours; it tells nothing but the reference under which it is logged (LIM-7)."""
    return json_response(error_body(status, f"The service failed. Reference: {reference}"), status)


SCIM_DOOR = Door((f"{BASE_PATH}/", BASE_PATH), registering(make_blueprint()), refused, faulted)
