"""As whom the servers run. PostgreSQL refuses to run as root, and root is who many people are on a fresh machine.

Three modes, the first that fits:

1. not root: as oneself;
2. root, and some other user can reach the program and the data folder: as that user; only the server's own folder is
   given to that user;
3. root in a private folder, such as a home with mode 0700: in a user namespace, where root is called user 1000. The
   files stay root's, and nothing on the way to them is opened to others.
"""

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREFERRED_USERS = ("postgres", "nobody")
NAMESPACE_ID = 1000
READ_AND_ENTER, ENTER = 0o5, 0o1


@dataclass(frozen=True)
class Identity:
    """Whom a server runs as: `kind` is same, user or namespace; `uid` and `gid` are those it is to see itself as."""

    kind: str
    uid: int
    gid: int

    def order(self) -> dict[str, str | int]:
        """The identity in the words of `embedded/child.py`."""
        return {"kind": self.kind, "uid": self.uid, "gid": self.gid}

    def owner(self) -> tuple[int, int]:
        """User and group that the server's files must belong to, as everybody else sees them."""
        return (self.uid, self.gid) if self.kind == "user" else (os.geteuid(), os.getegid())


def choose(folder: Path, program: Path) -> Identity:
    """The mode for a server whose files lie below `folder` (absolute) and whose binary is `program`."""
    if os.geteuid() != 0:
        return Identity("same", os.geteuid(), os.getegid())
    for user in _candidates(folder):
        if _reaches(user, folder, ENTER) and _reaches(user, program, READ_AND_ENTER):
            return Identity("user", user.pw_uid, user.pw_gid)
    return Identity("namespace", NAMESPACE_ID, NAMESPACE_ID)


def give(path: Path, identity: Identity) -> None:
    """Make `path` and all below it belong to the identity, where it does not yet; only root has anything to give.

    `path` itself changes hands last, so that a walk that was cut off is done again.
    """
    owner = identity.owner()
    if os.geteuid() != 0 or _owned(path, owner):
        return
    for folder, folders, files in os.walk(path, topdown=False):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), *owner, follow_symlinks=False)
    os.chown(path, *owner)


def _owned(path: Path, owner: tuple[int, int]) -> bool:
    status = path.stat()
    return (status.st_uid, status.st_gid) == owner


def _candidates(folder: Path) -> Iterator[pwd.struct_passwd]:
    """The users worth trying: the usual two, then whoever owns the folder (root at work in somebody's home)."""
    for name in PREFERRED_USERS:
        try:
            yield pwd.getpwnam(name)
        except KeyError:
            continue
    owner = folder.stat().st_uid
    if owner != 0:
        try:
            yield pwd.getpwuid(owner)
        except KeyError:
            return


def _reaches(user: pwd.struct_passwd, path: Path, bits: int) -> bool:
    """Whether the user may enter every folder above `path` and has `bits` (of rwx) on `path` itself."""
    resolved = path.resolve()
    return _allows(user, resolved, bits) and all(_allows(user, parent, ENTER) for parent in resolved.parents)


def _allows(user: pwd.struct_passwd, path: Path, bits: int) -> bool:
    status = path.stat()
    if status.st_uid == user.pw_uid:
        return status.st_mode >> 6 & bits == bits
    if status.st_gid == user.pw_gid:
        return status.st_mode >> 3 & bits == bits
    return status.st_mode & bits == bits
