"""What a browser is called: 'Firefox on Windows' in place of its user agent, so that people know their own (OUT-4).

A table from words in the user agent to names, the first that fits; a browser that claims to be several, as all do, is
found by what only it says, so the order matters. It helps to recognise and is never a check: anybody sends any text.
"""

from collections.abc import Sequence

NAMES = Sequence[tuple[str, str]]

BROWSERS: NAMES = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS: NAMES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
UNKNOWN_BROWSER, UNKNOWN_DEVICE = "A browser", "Unknown device"


def device_name(user_agent: str | None) -> str:
    """Return what the browser of a user agent is called, as far as it says."""
    browser, system = _first(BROWSERS, user_agent or ""), _first(SYSTEMS, user_agent or "")
    if browser is None and system is None:
        return UNKNOWN_DEVICE
    return f"{browser or UNKNOWN_BROWSER} on {system}" if system else str(browser)


def _first(names: NAMES, user_agent: str) -> str | None:
    return next((name for word, name in names if word in user_agent), None)
