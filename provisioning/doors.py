"""The doors of the product, one line each; the application registers them and answers unknown addresses by them."""

from provisioning.console.blueprint import CONSOLE_DOOR
from provisioning.guard.door import Door
from provisioning.rest.blueprint import REST_DOOR
from provisioning.scim.blueprint import SCIM_DOOR
from saml.views import SAML_DOOR

DOORS: tuple[Door, ...] = (SCIM_DOOR, REST_DOOR, SAML_DOOR, CONSOLE_DOOR)
