"""Who may import what: one importer per library, and a light base install."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.metadata import distributions, packages_distributions, requires
from pathlib import Path
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from conftest import Module


# Every library that is not Python's own, and the modules that may import it. A new library needs a line here.
IMPORTERS = {
    "alembic": ("access.database", "access.migrations.*"),
    "argon2": ("access.passwords",),
    # Each keeps a secret of its own: passwords' pepper and audit chain, vault, drafts, host keys, sealed references.
    "cryptography": ("access.*", "ingest.vault", "ingest.sftp_draft", "ingest.sftp_keys", "lookup.references"),
    "duckdb": ("store.*",),
    "fastapi": ("web.*",),
    "filelock": ("store.*", "ingest.worker", "pdmp.*"),
    "great_expectations": ("validation.expectations",),
    "httpx": ("pdmp.*",),
    "paramiko": ("ingest.sftp*", "sample_data.*", "pdmp.*demo*"),
    "polars": ("*",),
    "pyarrow": ("store.*",),
    "pydantic": ("web.*", "pdmp.*"),
    "pydantic_settings": ("pdmp.settings",),
    "rich": ("pdmp.*",),
    # lookup reads the ledger's tables; the counter turns a locked database into "try again".
    "sqlalchemy": (
        "access.*",
        "ingest.ledger",
        "ingest.worker",
        "lookup.coverage",
        "lookup.submissions",
        "web.errors",
        "pdmp.*",
    ),
    "starlette": ("web.*",),
    "structlog": ("*",),
    "tenacity": ("store.*", "ingest.*"),
    "typer": ("pdmp.*",),
    "uvicorn": ("web.*",),
}

# What `pip install open-pdmp` brings, without extras, and what may be imported with no more than that.
BASE = ("polars", "rich", "typer")
LIGHT = ("schemas", "drugs", "validation", "ingest.segments", "ingest.rows")


def imported(tree: ast.AST) -> set[str]:
    """The top-level names that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_every_library_is_imported_where_it_may_be(modules: list[Module], rooms: tuple[str, ...]) -> None:
    offences = []
    for module in modules:
        for library in sorted(imported(module.tree) - set(sys.stdlib_module_names) - set(rooms)):
            if library not in IMPORTERS:
                offences.append(f"{module.path}: {library} has no line in IMPORTERS")
            elif not any(fnmatchcase(module.name, pattern) for pattern in IMPORTERS[library]):
                offences.append(f"{module.path}: {library} is for {', '.join(IMPORTERS[library])}")
    assert offences == []


def test_the_check_sees_imports_inside_functions() -> None:
    tree = ast.parse("def f():\n    import duckdb.typing\n    from paramiko import Transport\n    from . import mine\n")
    assert imported(tree) == {"duckdb", "paramiko"}


# Makes the interpreter see no library but those of the base install.
ONLY_BASE = """
import sys
base, ours = sys.argv[1].split(","), sys.argv[2].split(",")

class OnlyBase:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in ours or top in base or top.startswith("_"):
            return None
        raise ModuleNotFoundError(f"the base install has no {name}", name=name)

sys.meta_path.insert(0, OnlyBase())
"""

# Imports every module under the named packages.
PROBE = """
import importlib, pkgutil
for name in sys.argv[3:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        if found.name != "validation.expectations":
            importlib.import_module(found.name)
"""


def brought() -> set[str]:
    """The modules that the base install brings: of the packages in `BASE`, and of what those ask for."""
    here = {canonical(found.metadata["Name"]) for found in distributions()}
    packages, found = list(BASE), set[str]()
    while packages:
        package = packages.pop()
        if package in here - found:  # what is not here was asked for another system
            found.add(package)
            asked = [line for line in requires(package) or () if "extra ==" not in line]
            packages += [canonical(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in asked]
    return {
        module for module, owners in packages_distributions().items() if found & {canonical(owner) for owner in owners}
    }


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def in_base_install(program: str, rooms: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", ONLY_BASE + program, ",".join(brought()), ",".join(rooms), *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def test_reading_and_ruling_need_the_base_install_only(rooms: tuple[str, ...]) -> None:
    outcome = in_base_install(PROBE, rooms, *LIGHT)
    assert outcome.returncode == 0, outcome.stderr


def test_the_probe_can_fail(rooms: tuple[str, ...]) -> None:
    outcome = in_base_install(PROBE, rooms, "access")
    assert outcome.returncode == 1
    assert "the base install has no" in outcome.stderr


# The command line, as `pdmp` starts it.
RUN = """
from pdmp.commands import run
sys.exit(run(sys.argv[3:]))
"""


def test_a_file_can_be_checked_with_the_base_install_only(rooms: tuple[str, ...]) -> None:
    outcome = in_base_install(RUN, rooms, "check", "sample_data/asap/one_dispensation_42b.dat", "--json")
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout)["files"][0]["outcome"] == "accepted"


@pytest.mark.parametrize("command", ["--help", "serve --help", "account add --help"])
def test_every_command_explains_itself_with_the_base_install_only(rooms: tuple[str, ...], command: str) -> None:
    assert in_base_install(RUN, rooms, *command.split()).returncode == 0


def test_a_server_command_says_what_to_install(rooms: tuple[str, ...], tmp_path: Path) -> None:
    outcome = in_base_install(RUN, rooms, "--home", str(tmp_path / "home"), "account", "list")
    assert outcome.returncode != 0
    assert "open-pdmp[server]" in outcome.stderr
