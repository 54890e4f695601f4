"""Where a browser may be sent: https, and the few exceptions that the operator makes (NET-1)."""

import pytest

from provisioning.settings import Settings
from saml.addresses import allowed_addresses


def settings(public_url: str, outgoing_allow: str = "") -> Settings:
    return Settings(
        database_url="postgresql://x",
        redis_url="redis://x",
        mail_url="maildir:/x",
        public_url=public_url,
        secret_key="x",
        outgoing_allow=outgoing_allow,
    )


@pytest.mark.rule("NET-1")
def test_https_is_allowed_and_plain_http_is_not() -> None:
    may_use = allowed_addresses(settings("https://gate.example"))
    assert may_use("https://idp.example/sso?a=1")
    for url in ("http://idp.example/", "http://127.0.0.1/", "javascript:x", "https://a:b@idp.example/", "ftp://x/", ""):
        assert not may_use(url)


@pytest.mark.rule("NET-1")
def test_http_on_loopback_is_allowed_only_where_we_are_there_ourselves() -> None:
    may_use = allowed_addresses(settings("http://127.0.0.1:8080"))
    assert may_use("http://localhost:9/sso")
    assert may_use("http://[::1]:9/sso")
    assert not may_use("http://idp.example/sso")
    assert not allowed_addresses(settings("https://localhost"))("http://localhost:9/sso")


@pytest.mark.rule("NET-1")
def test_the_operator_lists_inner_hosts_by_name_or_network() -> None:
    may_use = allowed_addresses(settings("https://gate.example", "idp.inner, 10.1.0.0/16"))
    assert may_use("http://idp.inner:8080/sso")
    assert may_use("http://10.1.2.3/sso")
    assert not may_use("http://10.2.0.1/sso")
    assert not may_use("http://other.inner/sso")
    assert not may_use("http://evil@idp.inner/sso")
