"""Where the counter listens, and over what (P-129)."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from web.app import create_app
from web.https_only import UnsafeAddress, doorway, is_loopback
from web.serve import CannotListen, serve_web


if TYPE_CHECKING:
    from collections.abc import Callable

    from counter_state import World


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "counter.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private


def trusting(chain: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(chain))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    assert is_loopback(host)
    assert doorway(host, certificate=False, trusted_proxies=()).scheme == "http"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "192.168.0.7", "example.org", "", "127.0.0.1.example"])  # noqa: S104  refused
def test_any_other_address_without_encryption_is_refused(host: str) -> None:
    with pytest.raises(UnsafeAddress) as refusal:
        doorway(host, certificate=False, trusted_proxies=())
    for setting in ("PDMP_TLS_CERTIFICATE", "PDMP_TLS_KEY", "PDMP_TRUSTED_PROXIES", "127.0.0.1"):
        assert setting in str(refusal.value)


def test_the_refusal_comes_before_anything_listens(world: World) -> None:
    with pytest.raises(UnsafeAddress):
        serve_web(
            create_app(world.services),
            "0.0.0.0",  # noqa: S104  refused
            0,
            ready=lambda *_: pytest.fail("it listens"),
            stop=threading.Event(),
        )


def test_a_certificate_or_a_proxy_opens_the_address() -> None:
    assert doorway("10.1.2.3", certificate=True, trusted_proxies=()).scheme == "https"
    assert doorway("10.1.2.3", certificate=False, trusted_proxies=("10.1.2.9", "10.2.0.0/16")).proxies


@pytest.mark.parametrize("proxy", ["*", "proxy.example.org", "", "10.0.0.0/8/8", "0.0.0.0/0", "::/0", "128.0.0.0/1"])
def test_a_proxy_is_named_by_its_address(proxy: str) -> None:
    with pytest.raises(UnsafeAddress, match="PDMP_TRUSTED_PROXIES"):
        doorway("10.1.2.3", certificate=False, trusted_proxies=(proxy,))


def test_tls(world: World, start_server: Callable[..., Any], certificate: tuple[Path, Path]) -> None:
    chain, key = certificate
    server = start_server(serve={"certificate": chain, "key": key})
    with server:
        assert server.address[0] == "https"
        url = f"https://127.0.0.1:{server.address[2]}"
        with httpx.Client(verify=trusting(chain), trust_env=False) as client:
            answer = client.get(f"{url}/v1/me", headers=world.as_("maren"))
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"].startswith("max-age=")
        # The plain protocol on the same port gets no answer, and so no redirect either (ASVS 4.1.2).
        with httpx.Client(trust_env=False) as client, pytest.raises(httpx.RemoteProtocolError):
            client.get(f"http://127.0.0.1:{server.address[2]}/healthz")


def test_nothing_older_than_tls_1_2(start_server: Callable[..., Any], certificate: tuple[Path, Path]) -> None:
    """A8."""
    chain, key = certificate
    server = start_server(serve={"certificate": chain, "key": key})
    with server:
        port = server.address[2]
        for version, works in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            assert (handshake(port, trusting(chain), version) is None) == works
        context = trusting(chain)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSVersion.TLSv1_1"):
            fault = handshake(port, context, ssl.TLSVersion.TLSv1_1)
        assert isinstance(fault, ssl.SSLError)


def handshake(port: int, context: ssl.SSLContext, version: ssl.TLSVersion) -> Exception | None:
    """How a handshake with this version of TLS only ends."""
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1"):
                return None
        except (ssl.SSLError, ConnectionResetError) as fault:
            return fault


def test_a_certificate_that_cannot_be_used_is_named(world: World, certificate: tuple[Path, Path]) -> None:
    chain, _ = certificate
    for key in (chain, chain.with_name("missing.pem")):
        with pytest.raises(CannotListen, match="PDMP_TLS_CERTIFICATE"):
            serve_web(
                create_app(world.services),
                "127.0.0.1",
                0,
                certificate=chain,
                key=key,
                ready=lambda *_: pytest.fail("it listens"),
                stop=threading.Event(),
            )


def test_a_port_that_is_taken_is_named(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1, port {port}"):
            serve_web(create_app(world.services), "127.0.0.1", port, ready=lambda *_: None, stop=threading.Event())


# BEHIND A PROXY --------------------------------------------------------------------------------
def peers(world: World) -> list[str]:
    from access.audit import search  # noqa: PLC0415  used here only
    from access.audit_acts import AuditAct  # noqa: PLC0415

    with world.services.database.reading() as session:
        return [event.peer for event in search(session, act=AuditAct.SIGNED_IN, limit=1)]


LOGIN = {"email": "phil@example.org", "password": "correct-Horse-battery"}


def test_the_proxys_word_counts(world: World, start_server: Callable[..., Any]) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    with start_server(serve={"trusted_proxies": ("127.0.0.1",)}) as client:
        answer = client.post("/v1/login", json=LOGIN, headers=forwarded)
        assert answer.status_code == 200
        assert "strict-transport-security" in answer.headers
        assert peers(world) == ["198.51.100.7"]
        # What the client itself put before the proxy's own entry is not believed.
        spoofed = {**forwarded, "X-Forwarded-For": "203.0.113.1, 198.51.100.8"}
        client.post("/v1/login", json=LOGIN, headers=spoofed)
        assert peers(world) == ["198.51.100.8"]


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "gopher"}])
def test_what_reached_the_proxy_without_encryption_is_refused(
    start_server: Callable[..., Any], headers: dict[str, str]
) -> None:
    with start_server(serve={"trusted_proxies": ("127.0.0.1",)}) as client:
        answer = client.get("/healthz", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:open-pdmp:problem:https-only")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_nobody_comes_past_the_proxy(start_server: Callable[..., Any]) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.9.9.9"}
    with start_server(serve={"trusted_proxies": ("10.9.9.9",)}) as client:
        answer = client.get("/healthz", headers=forged)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:open-pdmp:problem:not-through-the-proxy")


def test_without_a_proxy_forwarded_headers_mean_nothing(world: World) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    answer = world.client.post("/v1/login", json=LOGIN, headers=forged)
    assert "strict-transport-security" not in answer.headers
    assert peers(world) == ["127.0.0.1"]


def test_it_stops_when_told(start_server: Callable[..., Any]) -> None:
    server = start_server()
    with server as client:
        assert client.get("/healthz").status_code == 200
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(server.address[1:], timeout=5)
