"""Documents that an earlier version stored are, after the upgrade, what this version renders."""

import json
from pathlib import Path

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.users import show_user
from provisioning.scim.representation import user_document, user_folded
from provisioning.store.migrations import versions
from tests.doors.authenticator import with_app
from tests.factories import make_active, make_user

SQL = (Path(versions.__file__).parent / "m0003_scim.sql").read_text(encoding="utf-8")
URN = "urn:gatelodge:scim:schemas:extension:account:1.0:User"


def updates() -> list[str]:
    """The statements of the migration that bring rows of users up to date."""
    statements = [statement.strip() for statement in SQL.split(";")]
    return [each[each.index("update users") :] for each in statements if "update users" in each]


@pytest.mark.rule("2FA-1", "ENV-2")
def test_stored_users_know_their_second_factor_and_no_name_of_an_environment(services, account, caller, sql, clock):
    place = create_environment(caller, NewEnvironment(name="Paris"), services).environment.id
    plain = make_user(caller, services, "a@acme.example", environment_ids=(place,))
    enrolled = make_active(services, sql, make_user(caller, services, "b@acme.example"))
    with_app(enrolled, services, clock)
    # As it was before: neither the attribute nor the column, and the ids of product environments in the document.
    for column, urn, name, chosen in (("document", URN, "twoFactorEnrolled", "productEnvironments"),
                                      ("folded", URN.lower(), "twofactorenrolled", "productenvironments")):  # fmt: skip
        old = f"jsonb_set({column}::jsonb #- %s, %s, %s)" + ("::text" if column == "document" else "")
        sql(f"update users set has_second_factor = false, {column} = {old}",
            f"{{{urn},{name}}}", f"{{{urn},{chosen}}}", json.dumps([{"value": place}]))  # fmt: skip
    assert len(updates()) == 2
    for statement in updates():
        sql(statement)
    for user, is_enrolled in ((plain, False), (enrolled, True), (account.root, False)):
        stored = show_user(caller, user.id, services).user
        assert stored.has_second_factor is is_enrolled
        assert json.loads(stored.document) == json.loads(user_document(stored))
        assert sql("select folded from users where id = %s", user.id) == [(user_folded(stored),)]
