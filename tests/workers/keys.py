"""TEN-5, JOB-2: what may be left in Redis. Every test that uses it is followed by a look at all its keys."""

import re
import zlib
from collections.abc import Iterator

from redis import Redis

# A key names its kind, and then a queue of ours, the id of a row, or a worker's random name.
KEY = re.compile(r"gatelodge:[a-z_]+(:[A-Za-z0-9_-]+)*")
# Addresses, and the beginnings of keys and tokens: nothing of the kind is ever kept in Redis.
PERSONAL = re.compile(rb"@|gl[ks]_|gst_")


def require_ours(connection: Redis) -> None:
    """Fail where a key names no kind of ours, or what it holds is more than ids."""
    keys = [key.decode() for key in connection.scan_iter()]
    assert [key for key in keys if not KEY.fullmatch(key)] == [], "TEN-5"
    assert [key for key in keys if any(map(PERSONAL.search, values(connection, key)))] == [], "JOB-2"


def values(connection: Redis, key: str) -> Iterator[bytes]:
    """Yield all that a key holds; RQ keeps what a job is to do compressed."""
    read = {
        b"string": lambda: [connection.get(key)],
        b"list": lambda: connection.lrange(key, 0, -1),
        b"set": lambda: connection.smembers(key),
        b"zset": lambda: connection.zrange(key, 0, -1),
        b"hash": lambda: parts_of(connection.hgetall(key)),
        b"stream": lambda: [part for _, fields in connection.xrange(key) for part in parts_of(fields)],
        b"none": list,
    }
    yield from map(unpacked, read[connection.type(key)]())


def parts_of(fields: dict[bytes, bytes]) -> list[bytes]:
    return [part for pair in fields.items() for part in pair]


def unpacked(value: bytes | None) -> bytes:
    try:
        return zlib.decompress(value or b"")
    except zlib.error:
        return value or b""
