"""Basic credentials of an account key -> Caller, within the account that the path names (API-1, KEY-4)."""

import base64
import binascii

from flask import request

from provisioning.actions.activity import note_foreign_account
from provisioning.actions.keys import find_key_caller
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, not_found
from provisioning.guard.context import client_address, services
from provisioning.guard.pace import in_pace


def account_key_caller() -> Caller:
    """Return the caller behind the request's account key.

    Raises:
        Refusal: CREDENTIAL_INVALID for a missing or bad key; NOT_FOUND for a good key on another account's path, as
            for an account that does not exist (ACC-1); TOO_MANY_REQUESTS.
    """
    key, secret = _basic_credentials()
    caller = in_pace(lambda: find_key_caller(key, secret, client_address(), services()))
    account_id = (request.view_args or {}).get("account_id")
    if account_id is not None and account_id != caller.account:
        note_foreign_account(caller, services())
        raise not_found("Account")
    return caller


def _basic_credentials() -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise Refusal(Code.CREDENTIAL_INVALID)
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as fault:
        raise Refusal(Code.CREDENTIAL_INVALID) from fault
    key, _, secret = text.partition(":")
    return key, secret
