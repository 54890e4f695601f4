"""A bad image fails at start, not at the first login."""

import base64

import pytest

from saml import sample
from saml.self_check import SelfCheckError, check_libraries


def test_the_libraries_of_this_installation_pass() -> None:
    assert "libxml2 2.14" in check_libraries()


def test_a_sample_that_does_not_verify_stops_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled = base64.b64decode(sample.RESPONSE).replace(b">Ada<", b">Eda<")
    monkeypatch.setattr(sample, "RESPONSE", base64.b64encode(spoiled).decode())
    with pytest.raises(SelfCheckError, match="digest_value"):
        check_libraries()
