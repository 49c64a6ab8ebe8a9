"""What a file under version control never holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from pathlib import Path


# Hosts that packages are fetched from: which one is the installation's own affair. Put together here,
# so that this file does not hold them.
HOSTED = "hosted"
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in [
            ("pypi", "org"),
            ("python" + HOSTED, "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("deb", "debian", "org"),
            ("archive", "ubuntu", "com"),
            ("proxy", "golang", "org"),
        ]
    )
)

# A path on the machine of whoever wrote it. `/var/lib`, `/etc` and `/run` are a server's, and may be named.
MACHINE = re.compile(r"""(?:^|[\s"'`(=:])/(?:work|root|tmp|Users)/(?=[\w.])""", re.MULTILINE)

ASAP = re.compile(rb"^TH\*[45]\.[012][AB]?\*", re.IGNORECASE)


def texts(root: Path, tracked_files: list[Path]) -> list[tuple[Path, str]]:
    found = []
    for path in tracked_files:
        try:
            found.append((path, (root / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a sample in another encoding
    return found


def test_no_registry_is_named(root: Path, tracked_files: list[Path]) -> None:
    assert [str(path) for path, text in texts(root, tracked_files) if REGISTRIES.search(text)] == []


def test_no_path_of_a_machine_is_named(root: Path, tracked_files: list[Path]) -> None:
    assert [
        f"{path}: {found.group().strip()}"
        for path, text in texts(root, tracked_files)
        for found in MACHINE.finditer(text)
    ] == []


def test_asap_files_lie_among_the_samples_only(root: Path, tracked_files: list[Path]) -> None:
    """A real submission is never added by mistake: what looks like one lies among the synthetic ones."""
    outside = [path for path in tracked_files if path.parts[0] != "sample_data" and path.suffix != ".md"]
    assert [str(path) for path in outside if ASAP.match((root / path).read_bytes()[:16])] == []


@pytest.mark.parametrize("text", ["see /" + "tmp/x", 'Path("/' + 'root/.venv")', "=/" + "work/main"])
def test_the_check_sees_a_machine_path(text: str) -> None:
    assert MACHINE.search(text)


def test_the_check_sees_a_registry() -> None:
    assert REGISTRIES.search("https://files." + "python" + "hosted" + ".org/x")
    assert not MACHINE.search("/var/lib/pdmp, framework/main, a/tmp/b")


def test_no_private_key_is_held(root: Path, tracked_files: list[Path]) -> None:
    begins = "-----BEGIN " + r"(?:OPENSSH |RSA |EC |DSA |ENCRYPTED )?" + r"PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"
    assert [str(path) for path, text in texts(root, tracked_files) if re.search(begins, text)] == []
