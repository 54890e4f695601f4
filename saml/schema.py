"""The XML schema of the SAML protocol, from python3-saml's own files, compiled once a process.

The toolkit compiles it anew at each response, which is three quarters of what a response costs there.
"""

import threading
from copy import deepcopy
from functools import cache
from pathlib import Path

from lxml import etree
from onelogin.saml2 import constants

from saml.message import Element, children
from saml.names import ENCRYPTED_ASSERTION

SCHEMAS = Path(constants.__file__).parent / "schemas"
_ONE_AT_A_TIME = threading.Lock()  # a schema object keeps the errors of its last document


@cache
def protocol_schema() -> etree.XMLSchema:
    """Return the compiled schema of protocol messages and assertions."""
    return etree.XMLSchema(etree.parse(str(SCHEMAS / "saml-schema-protocol-2.0.xsd")))


def follows_schema(root: Element) -> bool:
    """Return whether a document whose root is a protocol message or an assertion is valid by the schema.

    An EncryptedAssertion is left out of it: the schema knows nothing of XML Encryption 1.1, and `encryption` looks at
    every part itself.
    """
    schema = protocol_schema()
    document = root.getroottree()
    if children(root, ENCRYPTED_ASSERTION):
        document = deepcopy(document)
        copied = document.getroot()
        for encrypted in children(copied, ENCRYPTED_ASSERTION):
            copied.remove(encrypted)
    with _ONE_AT_A_TIME:
        return bool(schema.validate(document))
