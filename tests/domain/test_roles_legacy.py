"""ROLE: the fixed roles, what a directory's words give, and the Media Library user's extra permissions."""

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import (
    DEFAULT_ROLE,
    DEFAULT_ROLE_CAP,
    MEDIA_LIBRARY_PERMISSIONS,
    ROLE_NAMES,
    Role,
    grantable_by,
    highest,
    require_media_library_role,
)
from tests.domain.people import a_user, the_root

ALL = frozenset(Role)


@pytest.mark.rule("ROLE-1")
def test_there_are_seven_roles_each_with_a_name_for_people():
    assert {role.value: ROLE_NAMES[role] for role in Role} == {
        "master_admin": "Master admin",
        "admin": "Admin",
        "technical_admin": "Technical admin",
        "billing": "Billing",
        "reports": "Reports",
        "media_library_admin": "Media Library admin",
        "media_library_user": "Media Library user",
    }
    assert DEFAULT_ROLE is Role.MEDIA_LIBRARY_USER


@pytest.mark.rule("ROLE-1", "ROOT-3")
def test_a_user_has_exactly_one_role_and_the_root_user_none():
    assert a_user().role in ALL
    assert the_root().role is None


@pytest.mark.rule("USR-3", "AUZ-3")
@pytest.mark.parametrize("role", [*Role, None])
def test_who_manages_users_gives_roles_up_to_their_own(role):
    gives = {Role.MASTER_ADMIN: ALL, Role.ADMIN: ALL - {Role.MASTER_ADMIN, Role.BILLING}}
    assert grantable_by(role) == gives.get(role, frozenset())


@pytest.mark.rule("SCM-1")
def test_a_connections_cap_leaves_out_whoever_reaches_the_account():
    assert {"technical_admin", "reports", "media_library_admin", "media_library_user"} == DEFAULT_ROLE_CAP


@pytest.mark.rule("ROLE-1")
@pytest.mark.parametrize(
    ("roles", "found"),
    [([], None), ([Role.REPORTS], Role.REPORTS), ([Role.REPORTS, Role.ADMIN, Role.BILLING], Role.ADMIN),
     ([Role.MEDIA_LIBRARY_USER, Role.MEDIA_LIBRARY_ADMIN], Role.MEDIA_LIBRARY_ADMIN), (list(Role), Role.MASTER_ADMIN)],
)  # fmt: skip
def test_of_several_roles_the_highest_is_meant(roles, found):
    assert highest(roles) is found
    assert highest(reversed(roles)) is found


@pytest.mark.rule("ROLE-2")
@pytest.mark.parametrize("role", [*Role, None])
def test_the_extra_permissions_are_for_media_library_users(role):
    require_media_library_role(role, [])
    for permission in MEDIA_LIBRARY_PERMISSIONS:
        if role is Role.MEDIA_LIBRARY_USER:
            require_media_library_role(role, [permission])
        else:
            with pytest.raises(Refusal) as refused:
                require_media_library_role(role, [permission])
            assert refused.value.code is Code.MEDIA_LIBRARY_PERMISSIONS
