"""What lies in a data folder beside the server's own files: the lock, the passwords, the log; and a free port."""

import fcntl
import os
import secrets
import socket
from pathlib import Path

from embedded.errors import EmbeddedError, FolderInUseError

LOOPBACK = "127.0.0.1"
LOG_TAIL_LINES = 12
PASSWORD_BYTES = 24


class FolderLock:
    """One process at a time works on a folder.

    The lock is the kernel's (flock), held by this process and by none of its children: however the process ends, the
    folder is free again. The file stays and names the last holder.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: an existing folder; the lock is its file 'lock'."""
        self._folder = folder
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock; taking it twice is taking it once. FolderInUseError where another process has it."""
        if self._file is not None:
            return
        file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 20).decode(errors="replace").strip()
            os.close(file)
            raise FolderInUseError(
                f"The data folder {self._folder} is in use by process {holder or 'unknown'}. "
                "Stop that one first, or choose another folder."
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file

    def release(self) -> None:
        """Give the lock back; nothing where it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def make(folder: Path) -> None:
    """Make the folder where it is missing.

    Root's may be entered but not listed, so that a server under another user reaches its part; anybody else's is
    private.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EmbeddedError(f"The data folder {folder} belongs to somebody else and cannot be written to.")


def new_password() -> str:
    """A password of 192 random bits that needs no quoting in a URL, in SQL or in a configuration file."""
    return secrets.token_hex(PASSWORD_BYTES)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def turn_log(path: Path) -> None:
    """Keep the log of the start before as '.1', so that logs neither grow without end nor vanish with a crash."""
    if path.exists():
        path.replace(path.with_name(path.name + ".1"))


def tail(path: Path) -> str:
    """The last lines of a log, for the text of an error; empty where there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])


def free_port(preferred: int | None = None) -> int:
    """A free TCP port on loopback; the preferred one if it is free.

    Between this answer and the server's own bind somebody else may take it: callers try again.
    """
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("There is no free TCP port on 127.0.0.1.")
