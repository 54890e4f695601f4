"""Metadata is read for those who manage connections alone, and its certificates are strong ones."""

from dataclasses import replace

import pytest

from provisioning.actions.identity_providers import ProviderSource, checked_certificate, read_provider
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.identity_providers import IdentityProviders
from provisioning.outgoing import Allowed, Outgoing
from saml.sample import CERTIFICATE
from tests.factories import key_caller


class Resolver:
    """Names that are asked for; each has an inner address."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return ["10.0.0.1"]


@pytest.fixture
def resolver(services):
    return Resolver()


@pytest.fixture
def watched(services, resolver):
    """The services with a resolver of ours: no name is looked up outside."""
    return replace(services, providers=IdentityProviders(Outgoing(Allowed(), resolver)))


@pytest.mark.rule("NET-1", "AUZ-1")
def test_an_address_is_looked_up_for_those_who_may_and_inner_ones_are_not_fetched(watched, resolver, account):
    source = ProviderSource(address="https://idp.example/metadata")
    for role, code, asked in (
        (Role.REPORTS, Code.NOT_ALLOWED, []),
        (Role.ADMIN, Code.INVALID_METADATA, ["idp.example"]),
    ):
        with pytest.raises(Refusal) as refused:
            read_provider(key_caller(account, role), source, None, watched)
        assert refused.value.code is code
        assert resolver.asked == asked
    assert "inner address" in refused.value.sentence


@pytest.mark.parametrize("source", [ProviderSource(), ProviderSource("<x/>", "https://idp.example")])
def test_there_is_one_source_and_not_two(watched, resolver, caller, source):
    with pytest.raises(Refusal) as refused:
        read_provider(caller, source, None, watched)
    assert refused.value.code is Code.INVALID_VALUE
    assert resolver.asked == []


@pytest.mark.rule("SAM-2")
def test_a_certificate_is_kept_without_its_frame_and_what_is_none_is_refused(services):
    lines = "\n".join(CERTIFICATE[start : start + 64] for start in range(0, len(CERTIFICATE), 64))
    pem = f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
    for text in (CERTIFICATE, pem, f"  {lines}  "):
        assert checked_certificate("metadata_certificate", text, services) == CERTIFICATE
    for text in ("x", "AAAA", CERTIFICATE[:-8], "\u00e4"):
        with pytest.raises(Refusal) as refused:
            checked_certificate("metadata_certificate", text, services)
        assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "metadata_certificate")
