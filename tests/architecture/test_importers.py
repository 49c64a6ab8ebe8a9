"""Who may import what: one importer per library, and a light base install."""

from __future__ import annotations

import ast
import subprocess
import sys
from fnmatch import fnmatchcase
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
    "sqlalchemy": ("access.*", "ingest.ledger", "lookup.coverage", "lookup.submissions", "web.errors", "pdmp.*"),
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


# Imports every module under the named packages where only the base install exists.
PROBE = """
import importlib, pkgutil, sys
base, names = sys.argv[1].split(","), sys.argv[2].split(",")
OURS = {"schemas", "drugs", "validation", "ingest", "access"}
BEFORE = set(sys.modules)

class OnlyBase:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in OURS or top in base or top.startswith("_"):
            return None
        raise ModuleNotFoundError(f"the base install has no {name}", name=name)

sys.meta_path.insert(0, OnlyBase())
for name in names:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        if found.name != "validation.expectations":
            importlib.import_module(found.name)
"""


def probe(*names: str) -> subprocess.CompletedProcess[str]:
    # Typer and rich bring these; polars needs only its own runtime.
    base = (*BASE, "polars_runtime_32", "polars_runtime_64", "click", "markdown_it", "mdurl", "pygments", "shellingham")
    return subprocess.run(
        [sys.executable, "-I", "-c", PROBE, ",".join(base), ",".join(names)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def test_reading_and_ruling_need_the_base_install_only() -> None:
    outcome = probe(*LIGHT)
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("room", ["access"])
def test_the_probe_can_fail(room: str) -> None:
    outcome = probe(room)
    assert outcome.returncode == 1
    assert "the base install has no" in outcome.stderr
