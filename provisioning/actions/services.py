"""What every action is handed, and the shape that every action has: `verb(caller, command, services) -> view`.

An action opens one unit (one transaction) and nothing else commits. `repeated` runs an action again when the database
asks for it (a deadlock, a serialization failure): as the whole action is one transaction, running it again is safe.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Generic, ParamSpec, Protocol, TypeVar

from provisioning.domain.activity import Entry
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.provisioning_log import LoggedRequest
from provisioning.domain.search import Place
from provisioning.domain.sso import Certificate, IdentityProvider
from provisioning.domain.users import User
from provisioning.domain.webhooks import Answer
from provisioning.store.engine import Conflict, Database
from provisioning.store.unit_of_work import Adapters, Unit, open_reading, open_unit

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
MOST_RUNS = 5


class PasswordHasher(Protocol):
    """Hashes and checks passwords (PWD-4)."""

    def hash(self, password: str) -> str:
        """Return the hash to store."""

    def is_right(self, password: str, stored: str | None) -> bool:
        """Return whether a password fits; without a stored hash the same time is spent (LGN-1)."""

    def needs_rehash(self, stored: str) -> bool:
        """Return whether a hash was made with weaker parameters than today's."""


class SecretCipher(Protocol):
    """Secrets at rest (OPS-2)."""

    def encrypt(self, text: str, place: str) -> bytes:
        """Return a text encrypted for a place."""

    def decrypt(self, data: bytes, place: str) -> str:
        """Return the text again."""

    @property
    def newest_begins(self) -> bytes:
        """What every secret under the newest key begins with."""

    def opened(self, data: bytes, place: str) -> str | None:
        """Return the text behind bytes that anybody may have handed in, None where they are not sealed for a place."""

    def renewed(self, data: bytes, place: str) -> bytes | None:
        """Return a secret encrypted under the newest key, None where it cannot be read at this place."""


class ReportSigner(Protocol):
    """Signatures below exports of the activity report (AUD-3)."""

    def sign(self, data: bytes) -> tuple[str, str]:
        """Return the version of the key and the signature."""

    def is_right(self, data: bytes, version: str, signature: str) -> bool:
        """Return whether a signature is one of ours."""


class Outgoing(Protocol):
    """The one guarded way out (NET-1)."""

    def refusal(self, url: str) -> str | None:
        """Return why an address is none that we would send to, None where it may be."""

    def tell(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """Post a body and return what was answered; an address that is not reached or refused is an answer too."""


class ProviderReader(Protocol):
    """Reads identity providers' metadata and certificates (SAM-2, NET-1)."""

    def document(self, data: bytes, pinned: str | None, now: datetime) -> IdentityProvider:
        """Return what a metadata document says; INVALID_METADATA where it is refused."""

    def address(self, url: str, pinned: str | None, now: datetime) -> IdentityProvider:
        """Return what the metadata behind an address says; INVALID_METADATA where it is not fetched or refused."""

    def certificate(self, text: str) -> Certificate | None:
        """Return a certificate of PEM or base64 text, None where it is none or its key is too weak."""


def unmeasured(_stage: str, _seconds: float) -> None:
    """Measure nothing: what processes without metrics are handed."""


class RequestLog(Protocol):
    """Takes what identity providers asked for, and writes it at once or soon (SCM-9, docs/adr/0011)."""

    def add(self, entry: LoggedRequest) -> None:
        """Take an entry; never raises."""

    def flush(self) -> None:
        """Write what waits."""


def unheard(_entries: Sequence[Entry]) -> None:
    """Hear nothing: what processes without a provisioning log are handed."""


def not_run_here(_caller: Caller, _entry: LoggedRequest, _by: str) -> str:
    """Run no request again: what processes without the doors are handed.

    Raises:
        Refusal: NOT_OFFERED.
    """
    raise Refusal(Code.NOT_OFFERED)


class CodeMaker(Protocol):
    """Codes of authenticator apps (LGN-4)."""

    def code_at(self, seed: str, step: int) -> str:
        """Return the code of a seed at a time step."""

    def set_up_address(self, seed: str, name: str) -> str:
        """Return the address that an app is set up with."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything from outside that actions need, made once in `wiring.py`.

    Attributes:
        database: the connection pool.
        now: the time in UTC.
        random: n -> n random bytes.
        new_id: makes a UUIDv7 text; `new_connection_id` a UUIDv4 text.
        hasher, cipher: passwords and secrets at rest.
        signer: signs exports of the activity report.
        outgoing: sends to webhooks.
        providers: reads identity providers' metadata.
        one_time_codes: codes of authenticator apps.
        public_url: base of every link, without a slash at its end (LNK-5).
        is_common_password: looks a lower-cased password up in the offline list (PWD-4).
        render_user, fold_user: user -> SCIM document and folded form, stored with the row.
        make_sp_key: makes a key pair for a SAML connection: (certificate, private key), both PEM.
        request_log: takes the entries of the provisioning log.
        measure: notes how long a stage of ending an access took, in seconds: `effective`, `settled`, `confirmed`.
        committed: hears what a transaction recorded, once it is committed.
        run_again: (connection's caller, refused request, name of who asked) -> id of the request that repeats it.
    """

    database: Database
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    new_id: Callable[[], str]
    new_connection_id: Callable[[], str]
    hasher: PasswordHasher
    cipher: SecretCipher
    signer: ReportSigner
    outgoing: Outgoing
    providers: ProviderReader
    one_time_codes: CodeMaker
    public_url: str
    is_common_password: Callable[[str], bool]
    render_user: Callable[[User], str]
    fold_user: Callable[[User], Mapping[str, object]]
    make_sp_key: Callable[[str], tuple[str, str]]
    request_log: RequestLog
    measure: Callable[[str, float], None] = unmeasured
    committed: Callable[[Sequence[Entry]], None] = unheard
    run_again: Callable[[Caller, LoggedRequest, str], str] = not_run_here

    def adapters(self) -> Adapters:
        """Return what the unit of work needs of these services."""
        return Adapters(
            new_id=self.new_id,
            now=self.now,
            render=self.render_user,
            fold=self.fold_user,
            encrypt=self.cipher.encrypt,
            decrypt=self.cipher.decrypt,
            measure=self.measure,
        )

    def unit(self, caller: Caller) -> AbstractContextManager[Unit]:
        """Open the one transaction of an action; what it recorded is told once it is committed."""
        return self._told(open_unit(self.database, caller, self.adapters()))

    @contextmanager
    def _told(self, opened: AbstractContextManager[Unit]) -> Iterator[Unit]:
        with opened as unit:
            yield unit
        self.committed(unit.recorded)

    def read(self, caller: Caller) -> AbstractContextManager[Unit]:
        """Open a connection for reads that stand alone."""
        return open_reading(self.database, caller, self.adapters())


@dataclass(frozen=True, slots=True)
class Results(Generic[T]):
    """One page of a list: the true total, the items of this page, and where a walk finds the pages beside it."""

    total: int
    items: tuple[T, ...]
    earlier: Place | None = None
    later: Place | None = None


def repeated(action: Callable[P, R]) -> Callable[P, R]:
    """Return the action, run again where the database asks for it.

    Raises:
        Refusal: TOO_MANY_REQUESTS where others came between every time.
    """

    @wraps(action)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        """Run the action, as often as the database asks for, at most five times."""
        for _ in range(MOST_RUNS):
            try:
                return action(*args, **kwargs)
            except Conflict:
                continue
        raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)

    return run
