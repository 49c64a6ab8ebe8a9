"""From settings to the SFTP door's parts."""

from __future__ import annotations

from dataclasses import replace

from access.passwords import Passwords
from access.sftp_accounts import SftpAccounts
from ingest.arrivals import Spool
from ingest.receive import Intake
from ingest.sftp import SftpSettings
from ingest.sftp_limits import Limits
from pdmp.rules import password_rules, throttles
from pdmp.settings import Settings
from pdmp.wiring import Installation, now


def intake(installation: Installation) -> Intake:
    """Where arrivals wait for the worker."""
    return Intake(Spool(installation.settings.spool), installation.vault)


def sftp_settings(settings: Settings) -> SftpSettings:
    """The door's settings."""
    return SftpSettings(
        host_keys=settings.host_keys,
        spool=settings.spool,
        host=settings.sftp_host,
        port=settings.sftp_port,
        states=(settings.state_code,),
        limits=replace(Limits(), file_bytes=settings.sftp_file_bytes),
    )


def sftp_accounts(installation: Installation) -> SftpAccounts:
    """Who may send files."""
    settings = installation.settings
    return SftpAccounts(
        installation.database, Passwords(password_rules(settings)), now, settings.reports, throttles(settings)
    )
