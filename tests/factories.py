"""Short ways to what tests need over and over: callers of each kind, and users made by the actions themselves."""

from datetime import UTC, datetime

from provisioning.actions.accounts import MadeAccount
from provisioning.actions.activity import list_activity
from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.services import Services
from provisioning.actions.users import create_user
from provisioning.domain.activity import Entry
from provisioning.domain.activity_query import ActivityQuery
from provisioning.domain.caller import Caller, Credential, WayIn
from provisioning.domain.provisioning_log import BodyState, LoggedRequest
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser, User
from tests.actions.forgotten import pay_resets

# Where the clock of the tests begins.
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


def key_caller(account: MadeAccount, role: Role = Role.MASTER_ADMIN) -> Caller:
    """An account key of a role."""
    return Caller(
        account=account.account.id,
        way_in=WayIn.PROVISIONING_API,
        credential=Credential.ACCOUNT_KEY,
        id=account.key.key.id,
        name="key",
        role=role,
    )


def person(user: User, *, session: str | None = None, proved_at: datetime | None = START) -> Caller:
    """A user in the Console, who has just proved who they are."""
    return Caller(
        account=user.account_id,
        way_in=WayIn.CONSOLE,
        credential=Credential.SESSION,
        id=user.id,
        name=user.email or "",
        role=user.role,
        is_root=user.is_root,
        session=session,
        proved_at=proved_at,
    )


def scim_caller_of(account: MadeAccount, services: Services) -> Caller:
    """The SCIM token that was made with the account, found as the door finds it."""
    return find_scim_caller(account.token.text, None, services)


def make_user(
    caller: Caller, services: Services, email: str = "dana@acme.example", role: Role = Role.MEDIA_LIBRARY_USER,
    **fields: object,
) -> User:  # fmt: skip
    """A user made by the action; pending."""
    command = NewUser(email=email, first_name="Dana", last_name="Roe", role=role, **fields)
    return create_user(caller, command, services).user


def link_secret(services: Services, sql, user: User) -> str:
    """The newest link's secret of a user, decrypted as the mail job does; resets that were asked for are answered."""
    pay_resets(services)
    rows = sql(
        "select id, secret from outbox where payload->>'user_id' = %s and secret is not null order by id desc", user.id
    )
    row_id, secret = rows[0]
    return services.cipher.decrypt(secret, f"outbox/secret/{row_id}")


def refused_request(account: MadeAccount, request_id: str, at: datetime, **fields: object) -> LoggedRequest:
    """A POST of a user that was refused as the name was taken; nobody has the name now. `fields` override."""
    usual: dict[str, object] = {
        "account_id": account.account.id,
        "id": request_id,
        "at": at,
        "connection_id": account.token.token.connection_id,
        "token_id": account.token.token.id,
        "address": "192.0.2.7",
        "method": "POST",
        "path": "/Users",
        "query": "",
        "body": '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"again@acme.example"}',
        "body_state": BodyState.KEPT,
        "if_match": None,
        "status": 409,
        "code": "user_name_taken",
        "answer": "A user with the userName 'again@acme.example' exists in this account.",
        "milliseconds": 3.2,
        "resource_id": None,
    }
    return LoggedRequest(**(usual | fields))  # type: ignore[arg-type]


def report_of(caller: Caller, services: Services, **filters: object) -> list[Entry]:
    """What the activity report holds, newest first, but for the entries of reading it."""
    found = list_activity(caller, ActivityQuery(**{"limit": 200, **filters}), services).entries
    return [entry for entry in found if entry.kind != "activity.read"]


def make_active(services: Services, sql, user: User, password: str = PASSWORD) -> User:
    """The user, who has accepted the invitation and set a password."""
    return set_password_by_link(link_secret(services, sql, user), password, None, services)
