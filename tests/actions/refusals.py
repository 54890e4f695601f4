"""Short ways to ask which refusal an action answers with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from provisioning.domain.errors import Code, Refusal


def code_of(action: Callable[[], object]) -> Code:
    """The code of the refusal; an action that refuses nothing fails the test."""
    with pytest.raises(Refusal) as refused:
        action()
    return refused.value.code


@contextmanager
def refused(code: Code) -> Iterator[None]:
    """What is inside is refused with this code."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code is code
