"""The document against the answers: schemathesis makes requests of it, right ones and wrong ones, on a real database.

A status that the document does not name, a body of another shape or media type, and any 5xx is a fault. Deletes go to
made-up ids, so that what is asked about stays there; what the calls do to what exists is the other tests' matter.
"""

import logging
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.doors.api import basic
from tests.rest.things import things_of

CHECKS = [
    content_type_conformance, not_a_server_error, response_headers_conformance, response_schema_conformance,
    status_code_conformance,
]  # fmt: skip
SHORT, LONG = 4, 150


@pytest.fixture
def operations(app, api, account, services) -> Any:
    """Every call of the document, and a function that sends one case of it with the account's key."""
    ids = things_of(api, account, services) | {"account_id": account.account.id}
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.config.generation.with_security_parameters = False
    headers = basic(account.key.key.id, account.key.secret)

    def send(case: Any, real: bool) -> None:
        named = {name: ids[name] for name in case.path_parameters or () if name in ids}
        kept = named if real and case.method.upper() != "DELETE" else {"account_id": ids["account_id"]}
        case.path_parameters = {**(case.path_parameters or {}), **(kept if named else {})}
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    return [result.ok() for result in schema.get_all_operations()], send


def fuzz(operations: Any, examples: int, subtests: Any) -> None:
    found, send = operations
    assert len(found) >= 48
    for operation in found:
        right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

        @given(case=right | wrong, real=strategies.booleans())
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def answers_as_documented(case: Any, real: bool) -> None:
            send(case, real)

        with subtests.test(operation.label):
            answers_as_documented()


@pytest.fixture(autouse=True)
def quiet(caplog: Any) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.mark.rule("LIM-7", "LIM-3")
def test_every_call_answers_as_the_document_says(operations, subtests):
    fuzz(operations, SHORT, subtests)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.rule("LIM-7", "LIM-3")
def test_every_call_answers_as_the_document_says_at_length(operations, subtests):
    fuzz(operations, LONG, subtests)
