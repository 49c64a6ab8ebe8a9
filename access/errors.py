"""What can go wrong with people and their rights: few exceptions, each with a sentence and a next step.

No message says whether an account exists, and none carries a patient value. `retry` tells a caller
whether the same request may succeed later without anybody changing anything.
"""

from __future__ import annotations

from datetime import datetime


class AccessError(Exception):
    """The family: something about people, rights or their records stands in the way."""

    retry = False


class NotSignedIn(AccessError):
    """No session, an unknown, ended or expired one, or a log-in that failed; never says which."""


class Locked(AccessError):
    """Too many failed log-ins (L-09); known and unknown names are treated alike.

    Attributes:
        until: UTC; from then on a log-in is tried again.
    """

    retry = True

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "Too many failed log-ins. Wait until the time given and try again, or reset the password meanwhile."
        )
        self.until = until


class PasswordExpired(AccessError):
    """The password is right but too old (P-145, P-150); the account stays, the password must be reset."""


class WeakPassword(AccessError):
    """A new password breaks a rule (P-134 to P-138, P-149).

    Attributes:
        faults: one sentence for each rule that is broken.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class Forbidden(AccessError):
    """This person may not do this; the sentence says what would be needed."""


class NotVisible(Forbidden):
    """There is no such thing, or it is not this person's to see: one answer for both."""


class Conflict(AccessError):
    """The change does not fit what is already recorded, such as an e-mail address in use."""


class Invalid(AccessError):
    """A value given for an account, a key or a dispenser does not hold up; names the field, and the remedy."""


class AuditUnavailable(AccessError):
    """The audit trail cannot be written, so nothing may be read or changed: fail closed."""

    retry = True


class SecretsUnsafe(AccessError):
    """The installation's secrets are missing, damaged, or readable by others; names the file and the remedy."""
