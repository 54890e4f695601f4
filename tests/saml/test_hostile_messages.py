"""Every attack of the corpus is refused, for the reason it should be, and soon."""

import time

import pytest

from saml.errors import SamlError
from tests.saml.attacks.corpus import CORPUS, Case
from tests.saml.world import World


@pytest.mark.rule("XML-1", "XML-2", "XML-3", "XML-4", "XML-5", "XML-6", "XML-7", "XML-8")
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.attack.__name__)
def test_a_hostile_message_is_refused(world: World, case: Case) -> None:
    value = case.attack(world)
    begun = time.process_time()
    with pytest.raises(SamlError) as refusal:
        world.read(value, **case.settings)
    assert refusal.value.code is case.code, refusal.value.admin_detail
    assert time.process_time() - begun < 0.5
