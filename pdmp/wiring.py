"""The parts of one installation, opened and put together: the only place that knows them all."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tomllib import TOMLDecodeError
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from access.accounts import permitted_dispensers
from access.audit import COMMAND_LINE as OPERATOR
from access.database import Database, migrate, open_database
from access.dispensers import register_frame
from access.secrets import Secrets
from drugs import products
from ingest.acknowledge import Letterhead
from ingest.ledger import Ledger
from ingest.pipeline import Stations
from ingest.vault import Vault
from pdmp.demo_accounts import close_demo_accounts
from pdmp.exit_codes import CommandError, ExitCode
from pdmp.settings import Settings, load
from store.lake import Lake
from validation.context import Context


# The sender of what `pdmp receive` takes in without a name: whoever has the home folder may report for all.
COMMAND_LINE = OPERATOR.account_id


def now() -> datetime:
    """The clock: read here, at the edge, and passed down."""
    return datetime.now(UTC)


def program() -> str:
    """Name and version, as stamped on what the program produced."""
    return f"open-pdmp {version('open-pdmp')}"


def settings_of(home: Path | None) -> Settings:
    """The settings of the installation that the command line or PDMP_HOME names.

    Raises:
        CommandError: neither names one, or a setting does not fit.
    """
    if home is None:
        raise CommandError(
            "say where the installation lives: pdmp --home DIR …, or set PDMP_HOME. A new folder is made.",
            ExitCode.USAGE,
        )
    try:
        return load(home)
    except ValidationError as error:
        raise misfit(error) from None
    except TOMLDecodeError:
        raise CommandError(f"{home / 'settings.toml'} is not TOML; mend it.", ExitCode.CONFIGURATION) from None


def misfit(error: ValidationError) -> CommandError:
    """What to say of settings that do not fit: which and why, but not what they hold, which may be a password."""
    faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return CommandError(
        f"a setting does not fit ({faults}). Look at settings.toml in the home folder and at PDMP_… in the "
        "environment.",
        ExitCode.CONFIGURATION,
    )


@dataclass(frozen=True)
class Installation:
    """An open installation.

    Attributes:
        settings: its settings.
        secrets: its secrets.
        database: people, register, ledger and audit, migrated to this program's tables.
    """

    settings: Settings
    secrets: Secrets
    database: Database

    @property
    def ledger(self) -> Ledger:
        """The register of submissions."""
        return Ledger(self.database)

    @property
    def vault(self) -> Vault:
        """The bytes as received."""
        return Vault(self.settings.vault, self.secrets.vault_key)

    @property
    def zone(self) -> ZoneInfo:
        """The state's time zone."""
        return ZoneInfo(self.settings.time_zone)

    def lake(self, *, read_only: bool = False, threads: int | None = None) -> Lake:
        """The lake, to be closed by the caller (a context manager)."""
        return Lake.open(
            self.settings.lake_root,
            secret=self.secrets.person_key,
            encrypted=self.settings.encrypted,
            buckets=self.settings.buckets,
            catalog=self.settings.catalog_url,
            threads=threads,
            read_only=read_only,
        )

    def reports(self, sender: str) -> Path:
        """The folder in which a sender finds its status reports."""
        return self.settings.reports / sender

    def stations(self, lake: Lake) -> Stations:
        """The parts that a submission passes through."""
        return Stations(
            vault=self.vault,
            ledger=self.ledger,
            lake=lake,
            knowledge=Register(self.database),
            reports=self.reports,
            letterhead=Letterhead(self.settings.state, self.settings.contact, program()),
            zone=self.zone,
        )


@dataclass(frozen=True)
class Register:
    """What the judge knows besides the file: read from the database for each submission."""

    database: Database

    def context(self, sender: str, received_at: datetime, zone: ZoneInfo) -> Context:
        """The context in which to rule a file that `sender` sent."""
        with self.database.reading() as session:
            dispensers = register_frame(session)
            permitted = (
                frozenset(dispensers["dispenser_id"].to_list())
                if sender == COMMAND_LINE
                else permitted_dispensers(session, sender)
            )
        return Context(
            received_on=received_at.astimezone(zone).date(),
            drugs=products.load(),
            drug_edition=products.EDITION,
            dispensers=dispensers,
            permitted=permitted,
        )


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """Open the installation, making its home folder at the first start (P-128: for its owner only)."""
    _own(settings.home)
    # Made once: secrets made anew would fit nothing that is there, and every patient would become another.
    begun = (settings.home / "people.sqlite").exists() or settings.lake_root.exists()
    secrets = Secrets.open(settings.home, make=not begun)
    database = open_database(settings.people_url, audit_key=secrets.audit_key)
    try:
        migrate(database)
        if not settings.demo:
            close_demo_accounts(database, now())
        yield Installation(settings, secrets, database)
    finally:
        database.close()


def _own(home: Path) -> None:
    """Make the home folder, for its owner only; an empty one that was made before is closed to others.

    Raises:
        CommandError: others may write in it, so that what is there need not be ours.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not any(home.iterdir()):
        home.chmod(0o700)
    elif home.stat().st_mode & stat.S_IWOTH:
        raise CommandError(
            f"everybody may write in {home}, so its secrets and data could be exchanged (P-128). "
            f"Look who wrote there, then: chmod 700 '{home}'",
            ExitCode.CONFIGURATION,
        )
