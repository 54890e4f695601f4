"""INV: which mail a new user is owed, cell by cell, and whom an invitation can be sent to again."""

from datetime import timedelta
from itertools import product

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import (
    LIFETIME,
    MOST_AT_A_TIME,
    MailKind,
    Purpose,
    SamlState,
    invitation_is_offered,
    mail_owed,
    require_invitable,
)
from provisioning.domain.roles_legacy import Role
from tests.domain.people import NOW, a_user, the_root

OTHERS = sorted(set(Role) - {Role.MASTER_ADMIN})
# The table of INV-1, every cell written out: (SAML login, Enforce, master admin, 'Send invitation email') -> mail.
CELLS = {
    (False, False, False, False): MailKind.INVITATION,
    (False, False, False, True): MailKind.INVITATION,
    (False, False, True, False): MailKind.INVITATION,
    (False, False, True, True): MailKind.INVITATION,
    (False, True, False, False): MailKind.INVITATION,
    (False, True, False, True): MailKind.INVITATION,
    (False, True, True, False): MailKind.INVITATION,
    (False, True, True, True): MailKind.INVITATION,
    (True, False, False, False): MailKind.CONFIRMATION,
    (True, False, False, True): MailKind.INVITATION,
    (True, False, True, False): MailKind.INVITATION,
    (True, False, True, True): MailKind.INVITATION,
    (True, True, False, False): MailKind.CONFIRMATION,
    (True, True, False, True): MailKind.CONFIRMATION,
    (True, True, True, False): MailKind.INVITATION,
    (True, True, True, True): MailKind.INVITATION,
}


@pytest.mark.rule("INV-1")
def test_the_table_has_every_cell():
    assert set(CELLS) == set(product([False, True], repeat=4))


@pytest.mark.rule("INV-1", "SSO-4")
@pytest.mark.parametrize(("cell", "mail"), CELLS.items())
def test_each_cell_gives_its_mail_for_every_role(cell, mail):
    enabled, enforced, is_master_admin, chosen = cell
    for role in [Role.MASTER_ADMIN] if is_master_admin else [*OTHERS, None]:
        assert mail_owed(SamlState(enabled, enforced), role, chosen) is mail


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize(
    ("saml", "offered"),
    [((False, False), False), ((False, True), False), ((True, False), True), ((True, True), False)],
)
def test_the_choice_is_offered_only_where_it_decides(saml, offered):
    assert invitation_is_offered(SamlState(*saml)) is offered


@pytest.mark.rule("INV-2", "LNK-6")
def test_an_invitation_lives_seven_days_a_reset_one_hour_and_a_change_of_email_a_day():
    assert {
        Purpose.INVITATION: timedelta(days=7),
        Purpose.PASSWORD_RESET: timedelta(hours=1),
        Purpose.EMAIL_CHANGE: timedelta(hours=24),
    } == LIFETIME
    assert set(LIFETIME) == set(Purpose)


@pytest.mark.rule("USR-2")
def test_five_are_invited_at_a_time():
    assert MOST_AT_A_TIME == 5


OFF = SamlState(enabled=False, enforced=False)
ENFORCED = SamlState(enabled=True, enforced=True)
PENDING = {"accepted_at": None, "has_password": False}
# (user, SAML state) -> why no invitation is sent again, None where it is.
AGAIN = [
    (a_user(**PENDING), OFF, None),
    (a_user(**PENDING), SamlState(enabled=True, enforced=False), None),
    (a_user(**PENDING, email=None, user_name="dana"), OFF, "no email"),
    (a_user(**PENDING, disabled_at=NOW), OFF, "disabled"),
    (a_user(accepted_at=None, has_password=True), OFF, "has set a password"),
    (a_user(**PENDING), ENFORCED, "through the organisation"),
    (a_user(**PENDING, role=Role.ADMIN), ENFORCED, "through the organisation"),
    (a_user(**PENDING, role=Role.MASTER_ADMIN), ENFORCED, None),
    (the_root(**PENDING), ENFORCED, None),
]


@pytest.mark.rule("INV-1", "INV-2", "PWD-3")
@pytest.mark.parametrize(("user", "saml", "why_not"), AGAIN)
def test_an_invitation_is_sent_again_only_to_who_can_use_it(user, saml, why_not):
    if why_not is None:
        require_invitable(user, saml)
        return
    with pytest.raises(Refusal, match=why_not) as refused:
        require_invitable(user, saml)
    assert refused.value.code is Code.NOT_OWED


@pytest.mark.rule("INV-3")
def test_each_kind_of_mail_is_known_by_one_name():
    assert set(MailKind) >= {"invitation", "confirmation", "password_reset"}
    assert len({kind.value for kind in MailKind}) == len(MailKind)
    assert all(kind.value == kind.name.lower() for kind in MailKind)
