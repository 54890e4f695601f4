"""Proves at start-up that lxml, xmlsec and python3-saml fit together, so that a bad image fails at deploy.

The wheels of lxml and xmlsec must carry the same libxml2; where they do not, the import of this package fails already.
Beyond that, one stored sample is verified, and the same sample with one letter changed must be refused.
"""

import base64
from datetime import UTC, datetime

from lxml import etree

from provisioning.domain.sso import Connection
from saml import names, sample
from saml.assertion import Assertion
from saml.errors import SamlCode, SamlError
from saml.response import read_response

BASE = "https://gatelodge.example/saml/self-check"
WHEN = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


class SelfCheckError(RuntimeError):
    """The XML libraries of this installation do not do what they must; the service may not start."""


def check_libraries() -> str:
    """Verify the stored sample and refuse its changed twin.

    Returns:
        The versions that passed, for the start-up log.

    Raises:
        SelfCheckError: the sample is refused, or the changed one is not.
    """
    try:
        found = _read(sample.RESPONSE)
    except SamlError as error:
        raise SelfCheckError(f"the signed sample is refused: {error.admin_detail}") from error
    if found.name_id != "ada@example.com":
        raise SelfCheckError("the signed sample is read wrongly")
    _require_refusal()
    return f"lxml {etree.__version__} with libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}"


def _require_refusal() -> None:
    changed = base64.b64decode(sample.RESPONSE).replace(b">ada@example.com<", b">eve@example.com<")
    try:
        _read(base64.b64encode(changed).decode())
    except SamlError as error:
        if error.code is SamlCode.SIGNATURE:
            return
        raise SelfCheckError(f"the changed sample is refused for another reason: {error.admin_detail}") from error
    raise SelfCheckError("the changed sample is accepted")


def _read(post_value: str) -> Assertion:
    connection = Connection(
        id="self-check",
        account_id="self-check",
        idp_entity_id="https://idp.example/metadata",
        sso_url="https://idp.example/sso",
        sso_binding=names.REDIRECT_BINDING,
        certificates=(sample.CERTIFICATE,),
        sp_certificate="",
        sp_private_key="",
    )
    return read_response(post_value, connection, f"{BASE}/acs", f"{BASE}/metadata", WHEN)
