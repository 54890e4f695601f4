"""The corpus of hostile messages: each attack, the code that must refuse it, and the settings it is tried under.

Wherever an attack replaces the person, it is Eve in Ada's place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from saml.errors import SamlCode
from tests.saml.attacks import encryption, signatures, text, wrapping
from tests.saml.attacks.common import Attack


@dataclass(frozen=True)
class Case:
    """One attack, the code that refuses it, and the settings it is tried under."""

    attack: Attack
    code: SamlCode
    settings: Mapping[str, Any] = field(default_factory=dict)


def _cases(code: SamlCode, *attacks: Attack, **settings: Any) -> list[Case]:
    return [Case(attack, code, settings) for attack in attacks]


CORPUS: tuple[Case, ...] = (
    *_cases(
        SamlCode.SHAPE,
        wrapping.xsw1,
        wrapping.xsw2,
        wrapping.xsw3,
        wrapping.xsw4,
        wrapping.xsw5,
        wrapping.xsw6,
        wrapping.xsw7,
        wrapping.xsw8,
    ),
    *_cases(
        SamlCode.SHAPE,
        wrapping.evil_first_with_the_same_id,
        wrapping.assertion_of_another_namespace,
        wrapping.nested_response,
    ),
    *_cases(
        SamlCode.SHAPE,
        wrapping.evil_in_advice,
        signatures.detached_signature,
        signatures.two_signatures_in_one,
        signatures.duplicate_id,
    ),
    *_cases(
        SamlCode.SHAPE,
        signatures.id_in_another_spelling,
        signatures.reference_to_elsewhere,
        signatures.empty_reference,
        signatures.two_references,
    ),
    *_cases(
        SamlCode.SHAPE,
        signatures.two_signed_infos,
        signatures.manifest,
        signatures.empty_canonicalisation_by_transform,
        signatures.nested_xpath,
    ),
    *_cases(
        SamlCode.SHAPE,
        signatures.xslt_transform,
        signatures.inclusive_transform,
        signatures.no_enveloped_transform,
        signatures.inclusive_signed_info,
    ),
    *_cases(
        SamlCode.SHAPE,
        signatures.hmac_cut_to_one_bit,
        text.element_in_name_id,
        signatures.metadata_itself,
        signatures.logout_request_itself,
    ),
    *_cases(
        SamlCode.SHAPE,
        signatures.bare_assertion,
        encryption.encrypted_beside_plain,
        text.unknown_condition,
        text.encrypted_id,
    ),
    *_cases(SamlCode.SHAPE, text.response_in_lower_case, text.response_of_saml1, encryption.retrieval_method),
    *_cases(
        SamlCode.SIGNATURE,
        signatures.name_changed,
        signatures.attribute_changed,
        signatures.digest_renewed,
        signatures.empty_digest_value,
    ),
    *_cases(
        SamlCode.SIGNATURE,
        signatures.signature_of_the_metadata,
        signatures.empty_signature_value,
        signatures.signed_by_a_stranger,
        signatures.key_in_the_message,
    ),
    *_cases(
        SamlCode.SIGNATURE, signatures.our_certificate_named_strangers_key, text.signature_by_another_prefix_and_key
    ),
    *_cases(
        SamlCode.SIGNATURE,
        encryption.encrypted_and_signed_by_a_stranger,
        encryption.encrypted_into_a_response_signed_before,
    ),
    *_cases(SamlCode.UNSIGNED, signatures.unsigned, encryption.encrypted_unsigned),
    *_cases(
        SamlCode.ALGORITHM,
        signatures.rsa_sha1,
        signatures.rsa_md5,
        signatures.sha1_digest,
        signatures.md5_digest,
        signatures.hmac_with_the_public_key,
        signatures.rsa_pss,
        signatures.no_method,
    ),
    *_cases(SamlCode.NO_KEY, signatures.ec_method_with_an_rsa_key),
    *_cases(
        SamlCode.UNREADABLE, signatures.empty_canonicalisation, text.comment_in_name_id, text.comment_in_digest_value
    ),
    *_cases(
        SamlCode.UNREADABLE, text.comment_before_the_root, text.comment_after_the_root, text.processing_instruction
    ),
    *_cases(
        SamlCode.UNREADABLE,
        text.instruction_in_name_id,
        text.doctype,
        text.entity_in_name_id,
        text.external_entity,
        text.external_dtd,
    ),
    *_cases(
        SamlCode.UNREADABLE,
        text.billion_laughs,
        text.unknown_entity,
        text.relative_namespace,
        text.relative_namespace_inside,
    ),
    *_cases(
        SamlCode.UNREADABLE, text.undeclared_prefix, text.too_large, text.far_too_large, text.too_deep, text.bottomless
    ),
    *_cases(
        SamlCode.UNREADABLE,
        text.too_many_elements,
        text.too_many_attributes,
        text.too_many_namespaces,
        text.long_namespace,
    ),
    *_cases(
        SamlCode.UNREADABLE,
        text.not_base64,
        text.base64_with_a_tail,
        text.url_safe_base64,
        text.not_ascii,
        text.nothing,
    ),
    *_cases(
        SamlCode.UNREADABLE,
        text.only_white_space,
        text.utf16,
        text.utf16_without_mark,
        text.latin1,
        text.utf7,
        text.bad_utf8,
        text.overlong_utf8,
    ),
    *_cases(
        SamlCode.UNREADABLE,
        text.nul,
        text.xml_1_1,
        text.two_documents,
        text.json_text,
        text.cut_short,
        text.no_xml_at_all,
    ),
    *_cases(
        SamlCode.DECRYPTION,
        encryption.encrypted_for_somebody_else,
        encryption.encrypted_by_pkcs1,
        encryption.encrypted_by_cbc,
    ),
    *_cases(SamlCode.DECRYPTION, encryption.encrypted_by_cbc_in_an_unsigned_response, allow_cbc=True),
    *_cases(
        SamlCode.DECRYPTION,
        encryption.cipher_text_flipped,
        encryption.wrapped_key_flipped,
        encryption.cipher_text_emptied,
        encryption.cipher_reference,
    ),
    *_cases(
        SamlCode.DECRYPTION,
        encryption.no_wrapped_key,
        encryption.encrypted_blank,
        encryption.encrypted_garbage,
        encryption.encrypted_doctype,
    ),
    *_cases(SamlCode.DECRYPTION, encryption.encrypted_response, encryption.encrypted_two_assertions),
)
