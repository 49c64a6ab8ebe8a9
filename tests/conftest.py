"""What holds for every test: no network, nobody's home, and a closing word on what was not run."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import HealthCheck, settings


if TYPE_CHECKING:
    from collections.abc import Iterator


# Small and always the same by day; `make test-long` asks for the other.
settings.register_profile("day", max_examples=50, derandomize=True, database=None, deadline=None)
settings.register_profile(
    "night", max_examples=1000, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("day")


@dataclass(frozen=True)
class Need:
    """A system package that a kind of test needs.

    Attributes:
        programs: the programs it must bring.
        package: its name in Debian and Ubuntu.
        what: what these tests do.
    """

    programs: tuple[str, ...]
    package: str
    what: str


NEEDS = {
    "needs_sftp": Need(("sftp", "scp", "ssh-keygen"), "openssh-client", "the SFTP door with OpenSSH's own clients"),
    "needs_curl": Need(("curl", "jq"), "curl jq", "the documents' requests with curl"),
    "needs_strace": Need(("strace",), "strace", "killed at every system call"),
    "needs_chromium": Need(("chromium",), "chromium", "journeys in a browser"),
}

# Kinds that another command runs.
ELSEWHERE = {"long": "make test-long", "bench": "make bench"}

deselected: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="scenarios: write today's outcomes as the expected ones, to be reviewed"
    )


@pytest.fixture(scope="session")
def accept(pytestconfig: pytest.Config) -> bool:
    """True under `make accept`: a scenario then writes what it would otherwise compare."""
    return bool(pytestconfig.getoption("--accept"))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[deselected] = Counter()
    # Nothing may depend on somebody's home folder, installation or variables.
    for name in [name for name in os.environ if name.startswith("PDMP_") and name != "PDMP_CI"]:
        del os.environ[name]
    os.environ.pop("HOME", None)


# NO NETWORK ------------------------------------------------------------------------------------
# The real door and counter are tested over loopback; any other address is a mistake.
def _is_here(host: object) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse connections and name look-ups that would leave this machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise OSError("A test tried to reach the network; tests use loopback only.")
        connect(self, address)

    def guarded_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        if not _is_here(host.decode() if isinstance(host, bytes) else host):
            raise OSError("A test tried to look a name up; tests use loopback only.")
        return look_up(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def _plain_log() -> None:
    """A log line as plain as can be: the library's own default draws every exception, for seconds."""
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer(sort_keys=True)],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


# WHAT A TEST NEEDS -----------------------------------------------------------------------------
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, need in NEEDS.items():
        if item.get_closest_marker(marker) is None:
            continue
        missing = [program for program in need.programs if shutil.which(program) is None]
        if missing:
            reason = f"needs {', '.join(missing)} (apt install {need.package})"
            if os.environ.get("PDMP_CI"):
                pytest.fail(
                    f"{reason}: where changes are judged, nothing is skipped for want of a package", pytrace=False
                )
            pytest.skip(reason)
        if marker == "needs_strace" and not _may_trace():
            pytest.skip("strace is here, but this system forbids tracing (ptrace)")


def _may_trace() -> bool:
    """True where strace can trace a child; containers may forbid it."""
    outcome = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False)
    return outcome.returncode == 0


# THE CLOSING WORD ------------------------------------------------------------------------------
def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        kind = next((kind for kind in ELSEWHERE if item.get_closest_marker(kind) is not None), "")
        item.config.stash[deselected][kind] += 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # Under xdist the workers collect; each knows all that was deselected.
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = dict(session.config.stash[deselected])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ARG001  xdist's own signature
    node.config.stash[deselected] |= Counter(getattr(node, "workeroutput", {}).get("deselected", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the kinds of test that were not run, and what would run them."""
    lines = [
        f"{count} tests: {kind}, run by `{ELSEWHERE[kind]}`"
        for kind, count in sorted(config.stash[deselected].items())
        if kind in ELSEWHERE
    ]
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in sorted(reasons.items()):
        what = [need.what for need in NEEDS.values() if f"(apt install {need.package})" in reason]
        lines.append(f"{count} tests: {what[0]}, {reason}" if what else f"{count} tests skipped: {reason}")
    if lines:
        terminalreporter.section("not run")
        for line in lines:
            terminalreporter.line(line)
