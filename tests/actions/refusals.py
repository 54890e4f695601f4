"""One short way to ask which refusal an action answers with."""

from collections.abc import Callable

import pytest

from provisioning.domain.errors import Code, Refusal


def code_of(action: Callable[[], object]) -> Code:
    """The code of the refusal; an action that refuses nothing fails the test."""
    with pytest.raises(Refusal) as refused:
        action()
    return refused.value.code
