"""As whom a server runs, by who asks and where its files lie."""

import os
import pwd
from pathlib import Path

import pytest

from embedded import identity

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses")
PROGRAM = Path("/bin/sh")


def names(folder: Path, program: Path = PROGRAM) -> str:
    chosen = identity.choose(folder, program)
    return pwd.getpwuid(chosen.uid).pw_name if chosen.kind == "user" else chosen.kind


def test_root_becomes_the_first_usual_user_who_reaches_folder_and_program(open_folder: Path) -> None:
    assert names(open_folder) == next(name for name in ("postgres", "nobody") if identity_exists(name))


def identity_exists(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())


def test_a_private_folder_of_root_asks_for_a_namespace(private_folder: Path) -> None:
    inner = private_folder / "data"
    inner.mkdir(mode=0o755)
    assert names(inner) == "namespace"


def test_a_private_program_asks_for_a_namespace(open_folder: Path, private_folder: Path) -> None:
    program = private_folder / "program"
    program.touch(mode=0o755)
    assert names(open_folder, program) == "namespace"


def test_a_private_folder_of_somebody_is_worked_in_as_its_owner(open_folder: Path) -> None:
    owner = pwd.getpwnam("daemon")
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, owner.pw_uid, owner.pw_gid)
    assert names(home) == "daemon"


def test_a_link_is_judged_by_where_it_leads(open_folder: Path, private_folder: Path) -> None:
    target = private_folder / "program"
    target.touch(mode=0o755)
    (open_folder / "program").symlink_to(target)
    assert names(open_folder, open_folder / "program") == "namespace"


def test_giving_a_folder_away_covers_all_below_and_nothing_above(open_folder: Path) -> None:
    given = open_folder / "given"
    (given / "below").mkdir(parents=True)
    (given / "below" / "file").touch()
    outside = open_folder / "outside"
    outside.touch()
    (given / "link").symlink_to(outside)
    identity.give(given, identity.Identity("user", 65534, 65534))
    owners = {path.lstat().st_uid for path in (given, *given.rglob("*"))}
    assert owners == {65534}
    assert {open_folder.stat().st_uid, outside.stat().st_uid} == {0}
