"""Versions as weak entity tags: `If-Match` to the versions that a write accepts, `If-None-Match` to 'not modified'.

RFC 7644 section 3.14. All our tags are weak and hold the version's number; a tag that is none of ours fits no version.
"""

import re

TAG = re.compile(r'(?:W/)?"([^"]*)"')


def etag(version: int) -> str:
    """Return the entity tag of a version, equal to `meta.version`."""
    return f'W/"{version}"'


def accepted_versions(if_match: str | None) -> frozenset[int] | None:
    """Return the versions that an `If-Match` header accepts.

    Returns:
        None where any version will do (no header, or `*`: the resource has to exist, which the action finds out);
        an empty set where the header names none of our versions, so that the write is refused as stale.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(tag) for tag in TAG.findall(if_match) if re.fullmatch(r"[0-9]{1,9}", tag))


def is_not_modified(if_none_match: str | None, version: int) -> bool:
    """Return whether the client has this version already, by weak comparison."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(version) in TAG.findall(if_none_match)
