"""Facts in the past tense: what an action did. Activity entries, jobs and (later) webhooks live on them.

An event is frozen, has a stable kind and a version, names its target by id, and never holds a secret (ACT-2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

VERSION = 1


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    Attributes:
        kind: `noun.verb_in_the_past`, from `KINDS`.
        target_kind, target_id, target_name: what it happened to; the name as it was then.
        data: names and values worth keeping (changed fields, reasons); no secrets.
    """

    kind: str
    target_kind: str
    target_id: str
    target_name: str
    data: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such kind of event: {self.kind}")


# Every kind with the sentence of the activity report: '{who} <sentence> {target}'.
KINDS: Mapping[str, str] = {
    "access_key.changed": "changed the access key",
    "access_key.created": "made the access key",
    "access_key.deleted": "deleted the access key",
    "account.cancelled": "cancelled the account",
    "account.changed": "changed the account",
    "account.created": "created the account",
    "account.erased": "erased for good what belonged to the account",
    "account.restored": "restored the account",
    "account_key.created": "made the account key",
    "account_key.disabled": "switched off the account key",
    "account_key.enabled": "switched on the account key",
    "account_key.kept": "answers from now on for the account key",
    "account_key.revoked": "revoked the account key",
    "account_key.rotated": "rotated the account key",
    "activity.exported": "exported the activity report of",
    "activity.read": "read the activity report of",
    "attempt.refused": "was refused an attempt",
    "email.change_asked": "asked for a new email of",
    "email.change_withdrawn": "withdrew the new email of",
    "environment.changed": "changed the product environment",
    "environment.created": "created the product environment",
    "environment.deleted": "deleted the product environment",
    "group.changed": "changed the group",
    "group.created": "created the group",
    "group.deleted": "deleted the group",
    "group.members_changed": "changed the members of the group",
    "invitation.accepted": "accepted the invitation of",
    "invitation.sent": "invited",
    "login.guessed": "saw a hundred wrong passwords in a row for",
    "login.refused": "was refused a login as",
    "login.succeeded": "logged in as",
    "password.reset": "reset the password of",
    "password.reset_asked": "asked for a new password for",
    "password.set": "set the password of",
    "recovery_code.used": "used a recovery code of",
    "recovery_codes.renewed": "renewed the recovery codes of",
    "roles.migrated": "moved the people with obsolete roles of the account",
    "saml_connection.changed": "changed the SAML connection",
    "saml_connection.created": "created the SAML connection",
    "saml_connection.deleted": "removed the SAML connection",
    "saml_connection.proved": "proved the SAML connection",
    "saml_login.attributes_ignored": "left attributes aside at a login of",
    "scim_connection.changed": "changed the SCIM connection",
    "scim_connection.created": "created the SCIM connection",
    "scim_connection.deleted": "removed the SCIM connection",
    "scim_request.replayed": "had a refused request run again for the SCIM connection",
    "scim_token.created": "made a token for the SCIM connection",
    "scim_token.disabled": "switched off a token of the SCIM connection",
    "scim_token.enabled": "switched on a token of the SCIM connection",
    "scim_token.kept": "answers from now on for a token of the SCIM connection",
    "scim_token.revoked": "revoked a token of the SCIM connection",
    "scim_token.rotated": "rotated a token of the SCIM connection",
    "seats.changed": "changed the user limit of",
    "second_factor.removed": "removed the second factor of",
    "second_factor.reset": "removed the lost second factor of",
    "second_factor.set_up": "set up a second factor for",
    "secrets.reencrypted": "encrypted under the newest key the secrets of",
    "security.changed": "changed the security settings of",
    "session.ended": "ended a session of",
    "session.logged_out": "logged out",
    "session.proved": "proved again who is behind the session of",
    "sessions.ended": "ended the sessions of",
    "user.changed": "changed the user",
    "user.created": "created the user",
    "user.deleted": "deleted the user",
    "user.disabled": "disabled the user",
    "user.enabled": "enabled the user",
    "user.linked": "linked to the identity provider the user",
    "user.taken_over": "took over the user",
    "webhook.changed": "changed the webhook",
    "webhook.created": "made the webhook",
    "webhook.deleted": "removed the webhook",
    "webhook.delivery_replayed": "sent an event again to the webhook",
    "webhook.paused": "paused the webhook",
    "webhook.replay_dropped": "could no longer have something sent again to the webhook",
    "webhook.resumed": "resumed the webhook",
    "webhook.secret_rotated": "rotated the secret of the webhook",
}

# Facts that somebody outside must hear of: kind of event -> kind of job (the outbox row is written with the fact).
TOLD: Mapping[str, str] = {"sessions.ended": "sessions_ended"}
