"""`gatelodge`: everything an operator does, and the one place where a command's faults become words.

A command that is refused changes nothing, says the refusal's stable code and its sentence on stderr, and exits with 1.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version

import click

from embedded import EmbeddedError
from provisioning.commands import account, activity, check, key, parts, saml, scim, scim_token, secrets, up, user
from provisioning.commands.output import fail
from provisioning.domain.errors import Refusal, Refusals
from provisioning.encryption import CannotDecrypt
from provisioning.settings import SettingsError
from provisioning.store.engine import QueryCancelled, Unavailable


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("gatelodge"), prog_name="gatelodge")
def gatelodge() -> None:
    """Self-hosted SCIM and SAML identity provisioning."""


COMMANDS = (
    account.account,
    activity.activity,
    check.check,
    key.key,
    parts.migrate,
    parts.relay,
    parts.web,
    parts.worker,
    saml.saml,
    scim.scim_connection,
    scim_token.scim_token,
    secrets.reencrypt_all,
    up.up,
    user.user,
)
for command in COMMANDS:
    gatelodge.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0; 1 where it was refused or could not be done; 2 where it was not understood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: list[str]) -> int:
    """Run one command; its exit status."""
    if any("\ud800" <= letter <= "\udfff" for argument in arguments for letter in argument):
        fail("invalid_value", "The arguments are not UTF-8.")
        return 1
    try:
        outcome = gatelodge.main(arguments, prog_name="gatelodge", standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except click.exceptions.Abort:
        fail("stopped", "Nothing was done.")
        return 1
    except Refusals as refused:
        for refusal in refused.rows.values():
            fail(refusal.code, refusal.sentence)
        return 1
    except FAULTS as fault:
        fail(*said(fault))
        return 1
    return outcome if isinstance(outcome, int) else 0


FAULTS = (Refusal, SettingsError, EmbeddedError, Unavailable, QueryCancelled, CannotDecrypt, OSError)


def said(fault: BaseException) -> tuple[str, str]:
    """Return the code and the sentence of a fault that is nobody's mistake in the program."""
    if isinstance(fault, Refusal):
        return fault.code.value, fault.sentence
    table: tuple[tuple[type[BaseException], str, str], ...] = (
        (SettingsError, "configuration", str(fault)),
        (EmbeddedError, "not_started", str(fault)),
        (Unavailable, "database_unavailable", "The database cannot be reached. Does it run? Is DATABASE_URL right?"),
        (QueryCancelled, "too_many_results", "The database took too long."),
        (CannotDecrypt, "configuration", f"GATELODGE_SECRET_KEY does not fit this database: {fault}."),
    )
    found = next(((code, text) for kind, code, text in table if isinstance(fault, kind)), None)
    return found or ("not_possible", str(fault))


if __name__ == "__main__":
    main()
