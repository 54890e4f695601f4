"""How a door reaches what the application was made with; below the doors everything is handed on as arguments."""

from typing import cast

from flask import current_app, request

from provisioning.actions.services import Services
from provisioning.settings import Settings

SERVICES = "gatelodge.services"
SETTINGS = "gatelodge.settings"


def services() -> Services:
    """Return the services of the application that answers this request."""
    return cast(Services, current_app.extensions[SERVICES])


def settings() -> Settings:
    """Return the settings of the application that answers this request."""
    return cast(Settings, current_app.extensions[SETTINGS])


def client_address() -> str | None:
    """Return the caller's network address; proxies are believed only as configured (LNK-5)."""
    return request.remote_addr
