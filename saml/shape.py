"""What a Response must look like before any cryptography: tables of named checks (XML-2, XML-4).

Signature wrapping (Somorovsky et al., USENIX Security 2012) needs a second assertion, response or signature somewhere;
there is no place for one here. It comes first because a verifier runs a Reference's transforms before it compares the
signature: 8 KB of nested XPath, signed with any key, cost a minute of CPU (measured with xmlsec 1.3.17).
"""

from collections.abc import Callable, Mapping
from itertools import chain

from lxml import etree

from saml import names as n
from saml.errors import SamlCode, SamlError
from saml.message import Element, children, local_name, only, text_of
from saml.schema import follows_schema

Predicate = Callable[[Element], bool]
Check = tuple[str, Predicate]

ONLY_ONE_PLACE = frozenset({"Response", "Assertion", "EncryptedAssertion"})
NOT_IN_A_SIGNATURE = frozenset({"Object", "Manifest", "SignatureProperties", "RetrievalMethod", "KeyInfoReference"})
MOST_PREFIXES = 64


def root_is_response(root: Element) -> bool:
    """The document is a samlp:Response (XML-2)."""
    return root.tag == n.RESPONSE


def root_is_assertion(root: Element) -> bool:
    """The document, decrypted before, is a saml:Assertion (XML-7)."""
    return root.tag == n.ASSERTION


def responses_and_assertions_in_their_place(root: Element) -> bool:
    """No Response, Assertion or EncryptedAssertion, of any namespace, anywhere but the one direct child (XML-2)."""
    found = [node for node in root.iterdescendants() if local_name(node) in ONLY_ONE_PLACE]
    allowed = children(root, n.ASSERTION) + children(root, n.ENCRYPTED_ASSERTION)
    return len(found) <= 1 and found == allowed


def nothing_inside_like_it(root: Element) -> bool:
    """An assertion, as a document of its own, holds no further one and no Response (XML-2)."""
    return not any(local_name(node) in ONLY_ONE_PLACE for node in root.iterdescendants())


def signatures_in_their_place(root: Element) -> bool:
    """A Signature is a direct child of the Response or its Assertion, at most one in each, and nowhere else (XML-2)."""
    found = [node for node in root.iterdescendants() if local_name(node) == "Signature"]
    holders = [node.getparent() for node in found]
    allowed = [holder is root or _is_assertion_of(root, holder) for holder in holders]
    in_namespace = all(node.tag == n.SIGNATURE for node in found)
    return in_namespace and all(allowed) and len(set(holders)) == len(holders)


def _is_assertion_of(root: Element, holder: Element | None) -> bool:
    return holder is not None and holder.tag == n.ASSERTION and holder.getparent() is root


def ids_are_unique(root: Element) -> bool:
    """All attributes that are an ID in any spelling (ID, Id, id, xml:id) differ in value (XML-2)."""
    values = [value for node in root.iter() for name, value in node.attrib.items() if _is_id(str(name))]
    return len(values) == len(set(values))


def _is_id(name: str) -> bool:
    return etree.QName(name).localname.lower() == "id"


KNOWN_CHILDREN: Mapping[str, frozenset[str]] = {
    n.ASSERTION: frozenset(
        {n.ISSUER, n.SIGNATURE, n.SUBJECT, n.CONDITIONS, n.ADVICE, n.AUTHN_STATEMENT, n.ATTRIBUTE_STATEMENT}
    ),
    n.SUBJECT: frozenset({n.NAME_ID, n.CONFIRMATION}),
    n.CONFIRMATION: frozenset({n.CONFIRMATION_DATA}),
    n.CONFIRMATION_DATA: frozenset(),
    n.NAME_ID: frozenset(),
    n.CONDITIONS: frozenset({n.AUDIENCE_RESTRICTION, n.ONE_TIME_USE, n.PROXY_RESTRICTION}),
    n.AUDIENCE_RESTRICTION: frozenset({n.AUDIENCE}),
    n.ONE_TIME_USE: frozenset(),
    n.PROXY_RESTRICTION: frozenset({n.AUDIENCE}),
    n.AUDIENCE: frozenset(),
    n.AUTHN_STATEMENT: frozenset({n.SUBJECT_LOCALITY, n.AUTHN_CONTEXT}),
    n.SUBJECT_LOCALITY: frozenset(),
    n.AUTHN_CONTEXT: frozenset({n.AUTHN_CONTEXT_CLASS_REF, n.AUTHN_CONTEXT_DECL_REF, n.AUTHENTICATING_AUTHORITY}),
    n.ATTRIBUTE_STATEMENT: frozenset({n.ATTRIBUTE}),
}


def only_known_elements(root: Element) -> bool:
    """Subject, Conditions, AuthnStatement and their parents hold only elements that we know (XML-2)."""
    return all(
        child.tag in KNOWN_CHILDREN[str(node.tag)]
        for node in root.iter()
        if str(node.tag) in KNOWN_CHILDREN
        for child in node
    )


RESPONSE_CHECKS: tuple[Check, ...] = (
    ("root_is_response", root_is_response),
    ("responses_and_assertions_in_their_place", responses_and_assertions_in_their_place),
    ("signatures_in_their_place", signatures_in_their_place),
    ("ids_are_unique", ids_are_unique),
    ("only_known_elements", only_known_elements),
    ("follows_schema", follows_schema),
)

ASSERTION_CHECKS: tuple[Check, ...] = (
    ("root_is_assertion", root_is_assertion),
    ("nothing_inside_like_it", nothing_inside_like_it),
    ("signatures_in_their_place", signatures_in_their_place),
    ("ids_are_unique", ids_are_unique),
    ("only_known_elements", only_known_elements),
    ("follows_schema", follows_schema),
)


def signature_has_its_three_parts(signature: Element) -> bool:
    """SignedInfo, SignatureValue and perhaps KeyInfo: no Object, no Manifest, no second SignedInfo (XML-4)."""
    return _tags(signature) in ([n.SIGNED_INFO, n.SIGNATURE_VALUE], [n.SIGNED_INFO, n.SIGNATURE_VALUE, n.KEY_INFO])


def signed_info_has_one_reference(signature: Element) -> bool:
    """SignedInfo holds its two methods and one Reference (XML-4)."""
    return _tags(signature[0]) == [n.CANONICALIZATION_METHOD, n.SIGNATURE_METHOD, n.REFERENCE]


def reference_has_its_three_parts(signature: Element) -> bool:
    """The Reference holds transforms, digest method and digest value (XML-4)."""
    return _tags(signature[0][2]) == [n.TRANSFORMS, n.DIGEST_METHOD, n.DIGEST_VALUE]


def reference_names_its_parent(signature: Element) -> bool:
    """The Reference's URI is '#' and the ID of the element that holds the signature, never empty (Core 5.4.2)."""
    parent = signature.getparent()
    wanted = parent.get("ID") if parent is not None else None
    return bool(wanted) and signature[0][2].get("URI") == f"#{wanted}"


def transforms_are_the_two(signature: Element) -> bool:
    """Enveloped signature, then exclusive canonicalisation, nothing else (XML-4, Core 5.4.4)."""
    transforms = list(signature[0][2][0])
    if [node.tag for node in transforms] != [n.TRANSFORM, n.TRANSFORM]:
        return False
    enveloped, exclusive = transforms
    return enveloped.get("Algorithm") == n.ENVELOPED and not len(enveloped) and _is_exclusive(exclusive)


def canonicalisation_is_exclusive(signature: Element) -> bool:
    """SignedInfo itself is canonicalised exclusively (XML-4)."""
    return _is_exclusive(signature[0][0])


def methods_have_no_parameters(signature: Element) -> bool:
    """Neither method nor digest carries a parameter, such as a length that cuts an HMAC (XML-6)."""
    info = signature[0]
    return not len(info[1]) and not len(info[2][1])


def values_are_text(signature: Element) -> bool:
    """DigestValue and SignatureValue are text and nothing but text (XML-5, CVE-2025-29775)."""
    return not len(signature[0][2][2]) and not len(signature[1])


def prefix_lists_are_short(signature: Element) -> bool:
    """An inclusive prefix list names few prefixes; each is looked for at each element that is canonicalised (XML-4)."""
    lists = signature.iter(n.INCLUSIVE_NAMESPACES)
    return all(len((node.get("PrefixList") or "").split()) <= MOST_PREFIXES for node in lists)


def nothing_else_is_inside(signature: Element) -> bool:
    """KeyInfo, which nobody here reads, holds nothing that is signed too or asks to be fetched (XML-4, XML-6)."""
    return not any(local_name(node) in NOT_IN_A_SIGNATURE for node in signature.iterdescendants())


SIGNATURE_CHECKS: tuple[Check, ...] = (
    ("signature_has_its_three_parts", signature_has_its_three_parts),
    ("signed_info_has_one_reference", signed_info_has_one_reference),
    ("reference_has_its_three_parts", reference_has_its_three_parts),
    ("reference_names_its_parent", reference_names_its_parent),
    ("transforms_are_the_two", transforms_are_the_two),
    ("canonicalisation_is_exclusive", canonicalisation_is_exclusive),
    ("methods_have_no_parameters", methods_have_no_parameters),
    ("values_are_text", values_are_text),
    ("prefix_lists_are_short", prefix_lists_are_short),
    ("nothing_else_is_inside", nothing_else_is_inside),
)


def _tags(element: Element) -> list[str]:
    return [str(child.tag) for child in element]


def _is_exclusive(method: Element) -> bool:
    """Exclusive canonicalisation, with nothing inside but an inclusive prefix list."""
    parameters = _tags(method)
    return method.get("Algorithm") in n.EXCLUSIVE_FORMS and parameters in ([], [n.INCLUSIVE_NAMESPACES])


def require_response(root: Element) -> None:
    """Refuse a document that is not a Response of the one shape, its signatures included (XML-2, XML-4).

    Raises:
        SamlError: SHAPE.
    """
    _require(RESPONSE_CHECKS, root)
    for signature in chain(children(root, n.SIGNATURE), *(children(node, n.SIGNATURE) for node in root)):
        require_signature(signature)


def require_assertion(root: Element) -> None:
    """Refuse a decrypted document that is not an Assertion of the one shape (XML-7).

    Raises:
        SamlError: SHAPE.
    """
    _require(ASSERTION_CHECKS, root)
    for signature in children(root, n.SIGNATURE):
        require_signature(signature)


def require_signature(signature: Element) -> None:
    """Refuse a Signature element that is more, less or other than XML-4 lets it be.

    Raises:
        SamlError: SHAPE.
    """
    _require(SIGNATURE_CHECKS, signature)


def require_success(root: Element) -> None:
    """Refuse a Response whose top status is anything but exactly Success; an empty value is not (saml.md 5.4).

    Raises:
        SamlError: STATUS, with the codes and the message that came, which only administrators see.
    """
    status = only(root, n.STATUS)
    top = only(status, n.STATUS_CODE) if status is not None else None
    if status is None or top is None or top.get("Value") != n.SUCCESS:
        codes = [node.get("Value") or "" for node in root.iter(n.STATUS_CODE)]
        said = text_of(only(status, n.STATUS_MESSAGE)) if status is not None else ""
        raise SamlError(SamlCode.STATUS, "status_is_success", n.SUCCESS, " / ".join([*codes, said]))


def require_one_assertion(root: Element) -> Element:
    """Return the Assertion or EncryptedAssertion of a Response.

    Raises:
        SamlError: SHAPE, where there is none.
    """
    found = children(root, n.ASSERTION) + children(root, n.ENCRYPTED_ASSERTION)
    if len(found) != 1:
        raise SamlError(SamlCode.SHAPE, "one_assertion", "one assertion", str(len(found)))
    return found[0]


def reason_of(holds: Callable[..., object]) -> str:
    """Return the first sentence of a check's docstring: what it demands and why."""
    return (holds.__doc__ or "").partition("\n")[0]


def _require(checks: tuple[Check, ...], element: Element) -> None:
    for name, holds in checks:
        if not holds(element):
            raise SamlError(SamlCode.SHAPE, name, reason_of(holds))
