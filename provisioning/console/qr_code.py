"""The address that an authenticator app is set up with, as a picture within the page: no script, no request (WEB-2)."""

import segno

SCALE = 5


def qr_picture(address: str) -> str:
    """Return a QR code as the `data:` address of an SVG picture, dark on light in every colour scheme."""
    return str(segno.make(address, error="m").svg_data_uri(scale=SCALE, light="#fff"))
