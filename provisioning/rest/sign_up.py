"""The two calls of the wire format by which anybody may make an account; here accounts are the operator's to make.

They are answered so that a client which tries them is told why, and not that the address is unknown.
"""

from http import HTTPStatus
from typing import NoReturn

from provisioning.domain.errors import Code, Refusal
from provisioning.guard.require import public
from provisioning.rest.calls import FAULTS, Noun

SIGN_UP = Noun("Sign-up", "Making accounts without credentials, which is switched off.", "/v1_1/provisioning")
REASON = "refuses everybody and reads nothing"


def create_agent_account() -> NoReturn:
    """Make an account for an agent: always refused.

    Accounts are made by the operator's command line, `gatelodge account create`.
    """
    raise Refusal(Code.SIGN_UP_CLOSED)


def create_cloud() -> NoReturn:
    """Make a product environment that somebody claims later: always refused.

    Accounts are made by the operator's command line, `gatelodge account create`.
    """
    raise Refusal(Code.SIGN_UP_CLOSED)


STATUSES = {str(status.value): status.name for status in (HTTPStatus.FORBIDDEN, *FAULTS)}
for path, refusing in (("/agents/accounts", create_agent_account), ("/clouds", create_cloud)):
    view = SIGN_UP.doc(operationId=refusing.__name__, responses=STATUSES, security=[])(refusing)
    SIGN_UP.route(path, methods=["POST"])(public(REASON)(view))
