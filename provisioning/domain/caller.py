"""Who asks: a plain value cut loose from web, database and time, handed to every action as its first argument."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection


class WayIn(StrEnum):
    """The doors of the product, as they stand in the activity report."""

    CONSOLE = "console"
    PROVISIONING_API = "provisioning_api"
    SCIM = "scim"
    SAML = "saml"
    COMMAND_LINE = "command_line"
    WORKER = "worker"


class Credential(StrEnum):
    """What the caller showed at the door; `credentials.py` says what each may carry at all."""

    SESSION = "session"
    ACCOUNT_KEY = "account_key"
    SCIM_TOKEN = "scim_token"  # noqa: S105 - the name of a kind, not a token.
    ASSERTION = "assertion"
    LINK = "link"
    NONE = "none"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who asks.

    Attributes:
        account: id of the account within which everything is looked up (ACC-1).
        way_in: the door.
        credential: what was shown.
        id: id of the user, key, token or SAML connection; `operator` for the shell; '' for nobody yet.
        name: text for the activity report (email, key name), never a secret.
        role: legacy role of a person or key; None for the root user, tokens and the operator.
        is_root: True for the root user's own session.
        connection: the SCIM connection behind a SCIM token.
        address: network address, None where there is none.
        session: id of the session behind a session credential.
        reason: the operator's reason (OPS-5).
        proved_at: when the person behind a session last proved who they are (SES-4); None for other credentials.
        time_zone: in which the person sees dates (USR-10).
    """

    account: str
    way_in: WayIn
    credential: Credential
    id: str = ""
    name: str = ""
    role: Role | None = None
    is_root: bool = False
    connection: ScimConnection | None = None
    address: str | None = None
    session: str | None = None
    reason: str | None = None
    proved_at: datetime | None = None
    time_zone: str = "UTC"

    @property
    def is_operator(self) -> bool:
        """Whether the operator asks, from the shell."""
        return self.credential is Credential.SHELL

    @property
    def is_directory(self) -> bool:
        """Whether an identity provider pushes (SCIM or SAML provisioning), so that ROOT-6 and SCM-4 hold."""
        return self.credential in (Credential.SCIM_TOKEN, Credential.ASSERTION)


def operator(account: str, reason: str | None = None) -> Caller:
    """Return the caller that the command line makes for one account ('' where none exists yet)."""
    return Caller(
        account=account,
        way_in=WayIn.COMMAND_LINE,
        credential=Credential.SHELL,
        id="operator",
        name="operator",
        reason=reason or "not given",
    )


def nobody(way_in: WayIn, address: str | None, account: str = "") -> Caller:
    """Return the caller of somebody who has not proved anything yet (login pages, links)."""
    return Caller(account=account, way_in=way_in, credential=Credential.NONE, address=address)
