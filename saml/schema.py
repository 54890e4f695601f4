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
from saml.names import ENCRYPTED_ASSERTION, EXC_C14N, SAMLP

SCHEMAS = Path(constants.__file__).parent / "schemas"

# Around the toolkit's files: the prefix list of exclusive canonicalisation, which they do not know and identity
# providers send. It has no content.
AROUND = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{EXC_C14N}">
<xs:import namespace="{SAMLP}" schemaLocation="{(SCHEMAS / "saml-schema-protocol-2.0.xsd").as_uri()}"/>
<xs:element name="InclusiveNamespaces"><xs:complexType>
<xs:attribute name="PrefixList" type="xs:string"/></xs:complexType></xs:element></xs:schema>"""
_ONE_AT_A_TIME = threading.Lock()  # a schema object keeps the errors of its last document


@cache
def protocol_schema() -> etree.XMLSchema:
    """Return the compiled schema of protocol messages and assertions."""
    return etree.XMLSchema(etree.fromstring(AROUND))


def follows_schema(root: Element) -> bool:
    """The document, a protocol message or an assertion, is valid by the schemas of SAML.

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
