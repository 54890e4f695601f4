"""The Console's static files, held in memory and addressed by their content.

The address of a file holds the hash of what is in it, so a browser may keep it for ever and still gets the new one
after an upgrade. Names are looked up in a table, never on disk, so no path can lead out of the folder.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from provisioning.guard.require import public

FOLDER = Path(__file__).parent / "static"
HASH_LENGTH = 16
FOR_EVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
ICON = "icon.svg"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file: its bytes, media type and the hash that stands in its address."""

    data: bytes
    media_type: str
    version: str


def read_assets(folder: Path) -> dict[str, Asset]:
    """Return every static file below a folder by its path there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in MEDIA_TYPES:
            data = path.read_bytes()
            version = hashlib.sha256(data).hexdigest()[:HASH_LENGTH]
            found[path.relative_to(folder).as_posix()] = Asset(data, MEDIA_TYPES[path.suffix], version)
    return found


ASSETS = read_assets(FOLDER)


def asset_url(name: str) -> str:
    """Return the address of a static file, for templates."""
    return f"/static/{ASSETS[name].version}/{name}"


def add_assets(blueprint: Blueprint) -> None:
    """Add the addresses of static files."""
    blueprint.add_url_rule("/static/<version>/<path:name>", view_func=get_asset, methods=["GET"])
    blueprint.add_url_rule("/favicon.ico", view_func=get_icon, methods=["GET"])


@public("style, scripts and pictures hold nothing of anybody")
def get_asset(version: str, name: str) -> Response:
    """Answer a static file; an address of another version is not found, so no cache keeps the wrong one."""
    asset = ASSETS.get(name)
    if asset is None or asset.version != version:
        abort(404)
    return _answer(asset)


@public("browsers ask for it on their own")
def get_icon() -> Response:
    """Answer the icon at the address that browsers try first."""
    response = _answer(ASSETS[ICON])
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _answer(asset: Asset) -> Response:
    response = Response(asset.data, content_type=asset.media_type)
    response.headers["Cache-Control"] = FOR_EVER
    response.set_etag(asset.version)
    return response.make_conditional(request)
