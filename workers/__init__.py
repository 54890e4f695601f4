"""RQ workers: the relay that rings for what the outbox owes, the jobs that pay it, and our supervisor.

RQ takes the prefix of its keys from the environment at its first import, and nowhere else. So it is set here, before
any module of this package can import RQ: Redis then holds our keys under our own prefix (JOB-4). An operator who runs
a Redis Cluster sets it to `{gatelodge}`, which keeps all keys in one slot.
"""

import os

KEY_PREFIX = os.environ.setdefault("RQ_KEY_PREFIX", "gatelodge")
# Set by a relay at every turn, and gone soon after the last one: whoever reads it knows that one is running.
RELAY_KEY = f"{KEY_PREFIX}:relay"
RELAY_KEY_SECONDS = 10
