"""The few steps between the fork of a child and its program: run as a script of its own, never imported.

`subprocess` offers `preexec_fn` for such steps, but that runs Python between fork and exec in a process that may have
threads. So a fresh interpreter (isolated, without site packages: 20 ms) takes them and then becomes the program, under
the same process id. It asks the kernel to end the program when its parent dies, and takes on the identity asked for.

The order of the steps matters: the kernel forgets the parent-death signal whenever credentials change, so it is set
last; and it is only sent for a death after that call, so a parent that died earlier is looked for by hand.

Argument: one JSON object {"parent": pid, "death_signal": number, "identity": {"kind": "same"}
| {"kind": "user", "uid": n, "gid": n} | {"kind": "namespace", "uid": n, "gid": n}, "argv": [program, argument, ...]}.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
CANNOT_START = 125


def take_user(identity: dict[str, Any]) -> None:
    """Become another user for good, without the groups of the user before."""
    os.setgroups([])
    os.setresgid(identity["gid"], identity["gid"], identity["gid"])
    os.setresuid(identity["uid"], identity["uid"], identity["uid"])


def take_namespace(identity: dict[str, Any]) -> None:
    """Look like another user to oneself while staying the same user to everybody else (user_namespaces(7))."""
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(
            ctypes.get_errno(),
            "this machine does not let root make a user namespace, and that is the only way to run a server whose "
            "program or data lies where other users cannot go; choose folders that they can enter, as below /var/lib",
        )
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{identity['uid']} {uid} 1"),
        ("gid_map", f"{identity['gid']} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def keep_identity(identity: dict[str, Any]) -> None:
    """Stay who one is."""


IDENTITIES = {"same": keep_identity, "user": take_user, "namespace": take_namespace}


def end_with_parent(parent: int, death_signal: int) -> None:
    """Ask for `death_signal` when the parent dies; end now if it is dead already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Take the steps and become the program; on a fault say why on stderr and exit 125."""
    order = json.loads(sys.argv[1])
    try:
        IDENTITIES[order["identity"]["kind"]](order["identity"])
        end_with_parent(order["parent"], order["death_signal"])
        os.execv(order["argv"][0], order["argv"])
    except OSError as error:
        sys.stderr.write(f"cannot start {order['argv'][0]}: {error}\n")
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    main()
