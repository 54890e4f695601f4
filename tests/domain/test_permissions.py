"""One vocabulary of permissions."""

import re

import pytest

from provisioning.domain.permissions import Permission

NAME = re.compile(r"(account|environment|operator|self):[a-z_]+:(read|manage)")


@pytest.mark.rule("AUZ-1")
def test_permissions_are_named_alike_and_stand_in_order():
    assert all(NAME.fullmatch(permission) for permission in Permission)
    assert [*Permission] == sorted(Permission)


@pytest.mark.rule("AUZ-1")
def test_the_name_in_the_code_is_the_name_in_the_vocabulary():
    assert {each.name for each in Permission} == {each.value.replace(":", "_").upper() for each in Permission}
