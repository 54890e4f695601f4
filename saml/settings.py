"""From a connection to python3-saml's settings. What makes the toolkit strict is a constant here, never an option.

The toolkit pastes values into XML text as they are, so each one is escaped on its way in.
"""

from typing import Any
from xml.sax.saxutils import escape

from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from provisioning.domain.sso import Connection
from saml import names

QUOTES = {'"': "&quot;", "'": "&apos;"}

SECURITY: dict[str, Any] = {
    "rejectDeprecatedAlgorithm": True,
    "wantNameId": True,
    "wantAssertionsSigned": False,  # our own check demands a signature over one of the two (saml.md 4)
    "wantMessagesSigned": True,
    "wantAttributeStatement": False,
    "requestedAuthnContext": False,  # asking for a password locks out passkeys and smart cards (AADSTS75011)
    "signatureAlgorithm": OneLogin_Saml2_Constants.RSA_SHA256,
    "digestAlgorithm": OneLogin_Saml2_Constants.SHA256,
    "allowSingleLabelDomains": True,
    "metadataValidUntil": "",
    "metadataCacheDuration": "PT86400S",
}


def toolkit_settings(connection: Connection, acs_url: str, sp_entity_id: str) -> OneLogin_Saml2_Settings:
    """Return the toolkit's settings of one connection.

    Args:
        connection: the identity provider's values and ours.
        acs_url, sp_entity_id: from the configured public URL, never from a request.
    """
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": _escaped(sp_entity_id),
                "assertionConsumerService": {"url": _escaped(acs_url), "binding": names.POST_BINDING},
                "NameIDFormat": _escaped(connection.name_id_format),
                "x509cert": connection.sp_certificate,
                "privateKey": connection.sp_private_key,
            },
            "idp": {
                "entityId": _escaped(connection.idp_entity_id),
                "singleSignOnService": {"url": _escaped(connection.sso_url), "binding": connection.sso_binding},
                "x509certMulti": {"signing": list(connection.certificates)},
            },
            "security": {**SECURITY, "authnRequestsSigned": connection.sign_requests},
        }
    )


def _escaped(value: str) -> str:
    return escape(value, QUOTES)
