"""HTTPS only (P-129): what may listen where, and what may come in.

Three ways to run are safe, and there is no fourth:

    loopback      nobody else can reach it;
    certificate   we speak TLS ourselves, 1.2 or newer;
    proxy         a declared proxy ends TLS in front of us; only it may connect, and it must say that the
                  client came over HTTPS. Only its X-Forwarded-For counts.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from web.envelope import Envelope
from web.errors import Kind, problem


# Wider than a private network (10.0.0.0/8, fd00::/8) nobody's proxies are.
WIDEST_PREFIX: Final = {4: 8, 6: 8}

LOOPBACK_NAMES: Final = frozenset({"localhost"})

NOT_THE_PROXY: Final = Kind(
    403, "not-through-the-proxy", "Not through the proxy", detail="Connect through this program's HTTPS address."
)
NOT_HTTPS: Final = Kind(
    403, "https-only", "HTTPS only", detail="Use https:// in the address; nothing is answered without encryption."
)


class UnsafeAddress(Exception):
    """The address asked for would be reachable without encryption. Not worth a retry; the message says what to set."""


@dataclass(frozen=True)
class Doorway:
    """How the web app may be reached.

    Attributes:
        scheme: "http" or "https": what this process itself speaks.
        proxies: addresses and networks of the proxies trusted; empty where there is none.
    """

    scheme: str
    proxies: tuple[str, ...] = ()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def doorway(host: str, *, certificate: bool, trusted_proxies: Sequence[str]) -> Doorway:
    """How the app may be reached at `host`.

    Raises:
        UnsafeAddress: it would be reachable without encryption, or a proxy is not named by its address.
    """
    for proxy in trusted_proxies:
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            raise UnsafeAddress(
                f"The trusted proxy {proxy!r} is not an IP address or network; "
                "set PDMP_TRUSTED_PROXIES to the address it connects from."
            ) from None
        if network.prefixlen < WIDEST_PREFIX[network.version]:
            raise UnsafeAddress(
                f"The trusted proxy {proxy!r} takes in so many addresses that anybody could say he came over HTTPS "
                "(P-129); set PDMP_TRUSTED_PROXIES to the address it connects from."
            )
    if not certificate and not trusted_proxies and not is_loopback(host):
        raise UnsafeAddress(
            f"Listening on {host} without encryption is refused (P-129). Set PDMP_TLS_CERTIFICATE and PDMP_TLS_KEY, "
            "or name the proxy that ends TLS in PDMP_TRUSTED_PROXIES, or listen on 127.0.0.1."
        )
    return Doorway("https" if certificate else "http", tuple(trusted_proxies))


def guarded(app: ASGIApp, door: Doorway) -> ASGIApp:
    """The app behind its doorway; unchanged where no proxy stands in front."""
    if not door.proxies:
        return app
    # Two libraries have two names for the same ASGI types.
    behind = ProxyHeadersMiddleware(cast("Any", _HttpsOnly(app)), trusted_hosts=list(door.proxies))
    return Envelope(_ProxyOnly(cast("ASGIApp", behind), door))


class _ProxyOnly:
    """Lets in what connects from a trusted proxy; with a certificate of our own, others may come directly."""

    def __init__(self, app: ASGIApp, door: Doorway) -> None:
        self.app = app
        self.direct = door.scheme == "https"
        self.networks = [ipaddress.ip_network(proxy) for proxy in door.proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.direct or self._trusted(scope):
            await self.app(scope, receive, send)
        else:
            await problem(NOT_THE_PROXY, scope["request_id"])(scope, receive, send)

    def _trusted(self, scope: Scope) -> bool:
        try:
            peer = ipaddress.ip_address((scope.get("client") or ("",))[0])
        except ValueError:
            return False
        return any(peer in network for network in self.networks)


class _HttpsOnly:
    """Refuses what reached the proxy without encryption."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["scheme"] != "https":
            await problem(NOT_HTTPS, scope["request_id"])(scope, receive, send)
        else:
            await self.app(scope, receive, send)
