"""Every setting once, described, with a default that suits a single machine.

A setting comes from the environment (``PDMP_WEB_PORT=8443``), else from ``settings.toml`` in the home
folder, else from here. Secrets are not settings: `access.secrets` keeps them in the home folder.

A demo's home heeds no environment: what it says is meant for the real installation, and with its
``PDMP_DATABASE_URL`` a demo would found its state, and open its log-ins, in the real database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class Settings(BaseSettings):
    """The settings of one installation; made once, by `load`, and passed down."""

    model_config = SettingsConfigDict(env_prefix="PDMP_", extra="forbid", frozen=True)

    home: Annotated[Path, Field(description="Where everything of this installation lives.")]

    state: Annotated[str, Field(description="The state whose program this is, as reports name it.")] = "Connecticut"
    state_code: Annotated[str, Field(description="Its USPS code.", pattern="^[A-Z]{2}$")] = "CT"
    time_zone: Annotated[str, Field(description="The zone in which a day begins; 'future' is judged by it.")] = (
        "America/New_York"
    )
    contact: Annotated[str, Field(description="Whom to ask, shown with reports and refusals (P-003).")] = (
        "your program administrator"
    )

    database_url: Annotated[
        str | None,
        Field(description="People, ledger and audit: SQLAlchemy URL. Default: people.sqlite in the home folder."),
    ] = None
    catalog_url: Annotated[
        str | None,
        Field(description="The lake's catalog: a PostgreSQL URL when several machines share it. Default: SQLite."),
    ] = None
    encrypted: Annotated[
        bool, Field(description="Write the lake's Parquet files encrypted; fixed when the lake is made.")
    ] = True
    buckets: Annotated[
        int, Field(description="Partitions of patient history; fixed when the lake is made.", ge=1, le=4096)
    ] = 64

    sftp_host: Annotated[str, Field(description="Address the SFTP door listens on.")] = "127.0.0.1"
    sftp_port: Annotated[int, Field(description="Its port; 0 takes any free one.", ge=0, le=65535)] = 2222
    sftp_file_bytes: Annotated[int, Field(description="Largest upload, in bytes.", ge=1)] = 256 * 1024 * 1024

    web_host: Annotated[
        str, Field(description="Address the API listens on; another than loopback needs TLS or a trusted proxy.")
    ] = "127.0.0.1"
    web_port: Annotated[int, Field(description="Its port; 0 takes any free one.", ge=0, le=65535)] = 8080
    tls_certificate: Annotated[Path | None, Field(description="Certificate chain, PEM (P-129).")] = None
    tls_key: Annotated[Path | None, Field(description="Its private key, PEM.")] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Field(description="Addresses of proxies that end TLS in front of us; only theirs X-Forwarded-For counts."),
    ] = ()

    password_days: Annotated[int, Field(description="A password expires after so many days (P-145).", ge=1)] = 90
    session_idle_minutes: Annotated[int, Field(description="A silent session ends after so long.", ge=1)] = 30
    session_hours: Annotated[int, Field(description="Any session ends after so long.", ge=1)] = 12
    lockout_failures: Annotated[int, Field(description="Failed log-ins that lock an account (L-09).", ge=1)] = 4
    lockout_minutes: Annotated[int, Field(description="For how long (L-09).", ge=1)] = 10

    keep_received_days: Annotated[
        int | None,
        Field(description="Days to keep the bytes as received; unset keeps them for ever.", ge=1),
    ] = None
    worker_batch: Annotated[
        int, Field(description="Waiting submissions committed to the lake together, at most.", ge=1)
    ] = 64
    worker_poll_seconds: Annotated[float, Field(description="How often the worker looks for arrivals.", gt=0)] = 0.25
    worker_attempts: Annotated[
        int, Field(description="A submission that broke the worker so often waits for a person.", ge=1)
    ] = 4
    checkpoint_hours: Annotated[
        float, Field(description="The worker signs where the audit trail stands, at most so often.", gt=0)
    ] = 24
    upkeep_minutes: Annotated[
        float, Field(description="The worker tidies the lake in a quiet moment, at most so often.", gt=0)
    ] = 10

    # WHERE THINGS LIE ------------------------------------------------------------------------------
    @property
    def people_url(self) -> str:
        """SQLAlchemy URL of the relational database."""
        return self.database_url or f"sqlite:///{self.home / 'people.sqlite'}"

    @property
    def lake_root(self) -> Path:
        """The lake's catalog and Parquet files."""
        return self.home / "lake"

    @property
    def spool(self) -> Path:
        """Where uploads arrive, between the SFTP door and the worker."""
        return self.home / "spool"

    @property
    def vault(self) -> Path:
        """The bytes as received."""
        return self.home / "vault"

    @property
    def reports(self) -> Path:
        """Status reports, a folder per account; served read-only under /reports."""
        return self.home / "reports"

    @property
    def host_keys(self) -> Path:
        """The SFTP door's host keys."""
        return self.home / "host-keys"

    @property
    def checkpoints(self) -> Path:
        """Signed checkpoints of the audit trail; copy them elsewhere."""
        return self.home / "checkpoints"

    @property
    def run(self) -> Path:
        """What running processes say of themselves: address, port, process id."""
        return self.home / "run"

    @property
    def demo(self) -> bool:
        """True for a home that `pdmp demo` made: only there do its log-ins work."""
        return (self.home / DEMO_MARK).is_file()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the library names it; we read no .env
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  nor secret files
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment (but in a demo's home), then the home folder's settings.toml."""
        home = init_settings().get("home")
        if home is None:
            return init_settings, env_settings
        toml = TomlConfigSettingsSource(settings_cls, Path(home) / "settings.toml")
        if (Path(home) / DEMO_MARK).is_file():
            return init_settings, toml
        return init_settings, env_settings, toml


DEMO_MARK = "this-is-a-demo.json"


def load(home: Path) -> Settings:
    """The settings of the installation at `home`.

    Raises:
        pydantic.ValidationError: a setting is unknown or does not fit; names the setting.
    """
    return Settings(home=home.expanduser().absolute())
