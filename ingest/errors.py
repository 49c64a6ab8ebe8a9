"""What can go wrong with the world at the door: the disk, a key, another door. Never with the data.

A bad file is a finding; a torn upload is a fault told to its sender (`ingest.arrivals.Fault`). Each
error here names the thing, the place and the next step; `retry` says whether trying again can help.
"""

from __future__ import annotations


class IngestError(Exception):
    """The family: bytes cannot be received, kept or given back."""

    retry = False


class WrongVaultKeyError(IngestError):
    """The key given is not the one this vault was made with."""


class DamagedBytesError(IngestError):
    """Bytes in the vault are no longer what they were when they were kept."""


class NotInVaultError(IngestError):
    """The vault holds nothing under this digest."""


class SpoolBusyError(IngestError):
    """Another SFTP door works on this spool."""

    retry = True


class DiskFailedError(IngestError):
    """The disk refused to make bytes durable; what it holds is unknown until somebody has looked."""


class UnsafeHostKeyError(IngestError):
    """A host key can be read by others, or cannot be read by us."""
