"""The three long-running processes, each from settings to its last breath."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import structlog

from access.errors import AccessError
from access.throttle import forget_old
from access.verification import make_checkpoint
from ingest.sftp import serve_sftp
from ingest.worker import work
from pdmp import logging
from pdmp.doors import intake, sftp_accounts, sftp_settings
from pdmp.processes import Address, announce, stopped_by_signals, withdraw
from pdmp.settings import Settings
from pdmp.web_services import web_services
from pdmp.wiring import Installation, now, opened
from store.lake import Lake
from store.upkeep import upkeep
from web.app import create_app
from web.serve import serve_web


log = structlog.get_logger(__name__)


def run_worker(settings: Settings) -> None:
    """Take, rule, store and answer until told to stop; tidy the lake in quiet moments."""
    logging.configure()
    logging.hide_what_ends_us()
    with stopped_by_signals() as stop, opened(settings) as installation, installation.lake() as lake:
        announce(settings.run, Address("worker", os.getpid(), "", 0, ""))
        try:
            work(
                intake(installation),
                installation.stations(lake),
                now,
                stop,
                batch=settings.worker_batch,
                attempts=settings.worker_attempts,
                poll_seconds=settings.worker_poll_seconds,
                quiet=_quiet_hours(installation, lake),
            )
        finally:
            withdraw(settings.run, "worker")


def _quiet_hours(installation: Installation, lake: Lake) -> Callable[[], None]:
    """What the worker does when nothing waits: tidy the lake, sign the audit trail, forget what may be forgotten."""
    settings = installation.settings
    chores = [
        _Chore(settings.upkeep_minutes * 60, lambda: _tidy(installation, lake)),
        _Chore(settings.checkpoint_hours * 3600, lambda: _sign(installation)),
    ]

    def quiet() -> None:
        for chore in chores:
            chore.do_if_due()

    return quiet


class _Chore:
    """Something done at most so often; counted from the start, so that a restart storm does nothing extra."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._seconds, self._act, self._last = seconds, act, time.monotonic()

    def do_if_due(self) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            self._act()


def _tidy(installation: Installation, lake: Lake) -> None:
    log.info("upkeep", **asdict(upkeep(lake, now=now())))
    forget_old(installation.database, now())
    days = installation.settings.keep_received_days
    if days is not None:
        installation.vault.discard_older_than(now() - timedelta(days=days), installation.ledger.unfinished())


def _sign(installation: Installation) -> None:
    try:
        path = make_checkpoint(
            installation.database, installation.secrets.signing_key, installation.settings.checkpoints, now()
        )
    except AccessError:
        # A damaged trail must be seen by a person; it does not stop the pharmacies' files.
        log.exception("the audit trail could not be signed; run `pdmp audit verify`")
    else:
        log.info("audit trail signed", checkpoint=path.name)


def run_sftp(settings: Settings) -> None:
    """Serve the SFTP door until told to stop."""
    logging.configure()
    logging.hide_what_ends_us()
    with stopped_by_signals() as stop, opened(settings) as installation:

        def ready(port: int) -> None:
            announce(settings.run, Address("sftp", os.getpid(), settings.sftp_host, port, "sftp"))
            log.info("listening", door="sftp", host=settings.sftp_host, port=port)

        try:
            serve_sftp(
                sftp_settings(settings),
                sftp_accounts(installation),
                installation.vault,
                clock=now,
                ready=ready,
                stop=stop,
            )
        finally:
            withdraw(settings.run, "sftp")


def run_web(settings: Settings) -> None:
    """Serve the API until told to stop."""
    logging.configure()
    logging.hide_what_ends_us()
    with stopped_by_signals() as stop, opened(settings) as installation:
        _serve_web(installation, stop)


def _serve_web(installation: Installation, stop: threading.Event) -> None:
    settings = installation.settings

    def ready(scheme: str, host: str, port: int) -> None:
        announce(settings.run, Address("web", os.getpid(), host, port, scheme))
        log.info("listening", door="web", scheme=scheme, host=host, port=port)

    try:
        with web_services(installation) as services:
            serve_web(
                create_app(services),
                settings.web_host,
                settings.web_port,
                certificate=settings.tls_certificate,
                key=settings.tls_key,
                trusted_proxies=settings.trusted_proxies,
                ready=ready,
                stop=stop,
            )
    finally:
        withdraw(settings.run, "web")
