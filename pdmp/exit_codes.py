"""From exception to exit code: the one table."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script may rely on. 64 and above follow BSD's sysexits."""

    OK = 0
    SOMETHING_REJECTED = 1  # `check`: at least one record was rejected; elsewhere: the answer is no
    FILE_REFUSED = 2  # `check`: at least one file was refused as a whole
    USAGE = 64  # the command line is wrong
    NO_INPUT = 66  # a named file cannot be read
    UNAVAILABLE = 69  # a part that is needed is not installed or not running
    INTERNAL = 70  # our fault
    NO_PERMISSION = 77  # refused
    CONFIGURATION = 78  # a setting or the home folder is not as it must be


class CommandError(Exception):
    """A command cannot go on: a sentence that names the thing and the next step, and the exit code."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


# An exception counts as the nearest of its classes that stands here. Names instead of classes, since
# most of them live in server parts that `pdmp check` does not need.
TABLE: dict[str, ExitCode] = {
    "access.errors.AccessError": ExitCode.SOMETHING_REJECTED,
    "access.errors.SecretsUnsafe": ExitCode.CONFIGURATION,
    "access.errors.AuditUnavailable": ExitCode.UNAVAILABLE,
    "ingest.errors.IngestError": ExitCode.UNAVAILABLE,
    "ingest.errors.WrongVaultKeyError": ExitCode.CONFIGURATION,
    "ingest.errors.UnsafeHostKeyError": ExitCode.CONFIGURATION,
    "ingest.worker.WorldError": ExitCode.UNAVAILABLE,
    "store.errors.StoreError": ExitCode.UNAVAILABLE,
    "store.errors.LakeFormatError": ExitCode.CONFIGURATION,
    "store.errors.WrongSecretError": ExitCode.CONFIGURATION,
    "web.https_only.UnsafeAddress": ExitCode.CONFIGURATION,
    "web.serve.CannotListen": ExitCode.UNAVAILABLE,
}


def exit_code_of(error: BaseException) -> ExitCode | None:
    """The exit code for an exception, or None where it is not one that a command expects."""
    if isinstance(error, CommandError):
        return error.code
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((TABLE[name] for name in names if name in TABLE), None)
