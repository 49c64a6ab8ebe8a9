"""Run the web app: bind, speak TLS, say when ready, stop when told."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from web.https_only import Doorway, doorway, guarded


# Requests at work at once; more are answered 503 instead of being queued without end.
LIMIT_CONCURRENCY: Final = 200
# How long a request at work may take once we were told to stop, in seconds.
PATIENCE: Final = 10
BACKLOG: Final = 512


class CannotListen(Exception):
    """The address cannot be had, or the certificate cannot be used; names which, and the next step."""


def serve_web(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    trusted_proxies: Sequence[str] = (),
    ready: Callable[[str, str, int], None],
    stop: threading.Event,
) -> None:
    """Serve the app until `stop`.

    Args:
        app: what `web.app.create_app` made.
        host: address to listen on.
        port: port to listen on; 0 takes any free one.
        certificate: certificate chain, PEM.
        key: its private key, PEM.
        trusted_proxies: addresses or networks of the proxies that end TLS in front of us.
        ready: called once with scheme, address and port, when connections are answered.
        stop: ends the serving, within a tenth of a second and the requests at work.

    Raises:
        UnsafeAddress: the address would be reachable without encryption (P-129).
        CannotListen: the address is taken or the certificate cannot be used.
    """
    door = doorway(host, certificate=certificate is not None, trusted_proxies=trusted_proxies)
    config = uvicorn.Config(
        guarded(app, door),
        # Our own envelope logs, without paths; and headers of a proxy are `web.https_only`'s to read.
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        ws="none",
        lifespan="off",
        limit_concurrency=LIMIT_CONCURRENCY,
        timeout_graceful_shutdown=PATIENCE,
        backlog=BACKLOG,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    # Turned off outright: were somebody to give that logger a handler, paths as sent would be in a log.
    logging.getLogger("uvicorn.access").disabled = True
    _load(config, door)
    listener = _listen(host, port)
    try:
        _Server(config, door, ready, stop).run(sockets=[listener])
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Uvicorn's server, told to stop by an event: signals are the front door's business."""

    def __init__(
        self, config: uvicorn.Config, door: Doorway, ready: Callable[[str, str, int], None], stop: threading.Event
    ) -> None:
        super().__init__(config)
        self._door, self._ready, self._stop = door, ready, stop

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            self._ready(self._door.scheme, host, port)

    async def on_tick(self, counter: int) -> bool:
        return self._stop.is_set() or await super().on_tick(counter)


def _load(config: uvicorn.Config, door: Doorway) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as fault:
        raise CannotListen(
            f"The TLS certificate or its key cannot be used ({type(fault).__name__}); "
            "PDMP_TLS_CERTIFICATE and PDMP_TLS_KEY must name PEM files that belong together and can be read."
        ) from fault
    if door.scheme == "https" and config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            listener.setblocking(False)  # noqa: FBT003  the library's way
        except BaseException:
            listener.close()
            raise
    except OSError as fault:
        raise CannotListen(
            f"Cannot listen on {host}, port {port} ({fault.strerror or type(fault).__name__}); "
            "stop what uses it, or set PDMP_WEB_HOST and PDMP_WEB_PORT to another."
        ) from fault
    return listener
