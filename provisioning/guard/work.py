"""How much expensive work one process takes on at once (LIM-4); beyond it 429 at once, never a queue.

Every kind of work that can take long (filters that no index answers, lists without an end, exports, XML, passwords) has
a number of places, and all together leave two threads free, so that health and session checks are answered meanwhile.
A directory's everyday look-up (`userName eq "x"`) is answered by an index and takes no place.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial

from flask import Flask, Response, g, request

from provisioning.domain.errors import Code, Refusal
from provisioning.settings import Settings

LEFT_FREE = 2
# One comparison for equality: what directories ask before each write.
LOOK_UP = re.compile(r'\s*[\w.:]+\s+eq\s+(?:"[^"\\]*"|true|false)\s*', re.I)


class Work(StrEnum):
    """The kinds of expensive work."""

    BULK = "bulk"
    EXPORT = "export"
    FILTER = "filter"
    LIST = "list"
    PASSWORD = "password"  # noqa: S105 - a kind of work, not a password.
    XML = "xml"


# How many of a kind run at once; passwords and XML have pools of their own behind these.
PLACES: Mapping[Work, int] = {
    Work.BULK: 4,
    Work.EXPORT: 2,
    Work.FILTER: 4,
    Work.LIST: 4,
    Work.PASSWORD: 6,
    Work.XML: 6,
}
# Endpoint -> what it does. A test holds every name to the URL map.
WORK: Mapping[str, Work] = {
    "Account.get_activity": Work.LIST,
    "console.post_export": Work.EXPORT,
    "console.post_forgot": Work.PASSWORD,
    "console.post_login": Work.PASSWORD,
    "console.post_new_password": Work.PASSWORD,
    "console.post_own_password": Work.PASSWORD,
    "console.post_password": Work.PASSWORD,
    "console.post_proof": Work.PASSWORD,
    "console.show_activity": Work.LIST,
    "console.show_provisioning_advice": Work.LIST,
    "console.show_provisioning_log": Work.LIST,
    "console.show_users": Work.LIST,
    "saml.acs": Work.XML,
    "saml.continue_": Work.XML,
    "scim.list_all": Work.LIST,
    "scim.list_groups": Work.FILTER,
    "scim.list_users": Work.FILTER,
    "scim.post_bulk": Work.BULK,
    "scim.post_search_all": Work.FILTER,
    "scim.post_search_groups": Work.FILTER,
    "scim.post_search_users": Work.FILTER,
    "Provisioning log.list_provisioning_log": Work.LIST,
    "User groups.list_users_of_group": Work.LIST,
    "Users.list_all_users": Work.LIST,
}


class Places:
    """The places of one process.

    Args:
        threads: of the process.
    """

    def __init__(self, threads: int) -> None:
        self._left = max(1, threads - LEFT_FREE)
        self._left_of = {kind: min(number, self._left) for kind, number in PLACES.items()}
        self._lock = threading.Lock()

    def take(self, kind: Work) -> bool:
        """Take a place; False where none is left."""
        with self._lock:
            if not self._left or not self._left_of[kind]:
                return False
            self._left -= 1
            self._left_of[kind] -= 1
            return True

    def give_back(self, kind: Work) -> None:
        """Give a place back."""
        with self._lock:
            self._left += 1
            self._left_of[kind] += 1


def bound_work(app: Flask, settings: Settings) -> None:
    """Give every request of expensive work a place, or refuse it with 429 (LIM-4)."""
    places = Places(settings.web_threads)

    @app.before_request
    def take_place() -> None:
        kind = WORK.get(request.endpoint or "")
        if kind is None or (kind is Work.FILTER and is_look_up(request.args.get("filter"))):
            return
        if not places.take(kind):
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)
        g.place = kind

    @app.after_request
    def keep_while_streaming(response: Response) -> Response:
        """A body that is streamed is work until its last byte."""
        if "place" in g and response.is_streamed:
            ended = _Once(partial(places.give_back, g.pop("place")))
            response.response = _until_the_end(response.iter_encoded(), ended)
            response.call_on_close(ended)
        return response

    @app.teardown_request
    def give_place_back(_fault: BaseException | None) -> None:
        kind = g.pop("place", None)
        if kind is not None:
            places.give_back(kind)


class _Once:
    """Calls something the first time that it is called itself: a stream ends by its last byte, or by being left."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call, self._lock = call, threading.Lock()

    def __call__(self) -> None:
        if self._lock.acquire(blocking=False):
            self._call()


def _until_the_end(parts: Iterable[bytes], ended: Callable[[], None]) -> Iterator[bytes]:
    try:
        yield from parts
    finally:
        ended()


def is_look_up(text: str | None) -> bool:
    """Return whether a SCIM list is cheap: a page without a filter by GET, or one comparison for equality."""
    return request.method == "GET" if text is None else bool(LOOK_UP.fullmatch(text))
