"""What was done otherwise than asked, in sentences: kept during a request for its entry in the provisioning log.

A member that is left out and a role word that nobody knows are no refusals, and the answer has no room to tell of them.
A note names attributes, ids and role words; it never quotes a password or another free value of the body (SCM-9).
"""

from flask import g

MOST_NOTES = 50
AND_MORE = "There was more of this kind."
KEY = "provisioning_notes"


def note(text: str) -> None:
    """Keep a sentence for the entry of the request that is being answered; past fifty there is only a last one.

    Args:
        text: one whole sentence, such as "The member 0190… is nobody of this account and was left out."
    """
    kept: list[str] = g.setdefault(KEY, [])
    if text in kept:
        # The database asked for the action once more.
        return
    if len(kept) < MOST_NOTES:
        kept.append(text)
    elif kept[-1] != AND_MORE:
        kept.append(AND_MORE)


def notes_kept() -> tuple[str, ...]:
    """Return the sentences of the request that is being answered, in the order they were noted."""
    return tuple(g.get(KEY, ()))
