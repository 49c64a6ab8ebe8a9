"""Run every check of `make check`, name each, and fail if one fails.

All are run even after a failure, so that one call shows all there is to mend.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SCRIPTS = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "scripts").glob("*.py"))]

# Name, command, and what mends it.
CHECKS = (
    ("style", [str(BIN / "ruff"), "check", "--quiet", "--output-format", "concise", "."], "ruff check --fix ."),
    ("format", [str(BIN / "ruff"), "format", "--quiet", "--check", "."], "ruff format ."),
    ("types", [str(BIN / "mypy")], "mypy names file and line"),
    ("types of scripts", [str(BIN / "mypy"), *SCRIPTS], "mypy names file and line"),
    ("import contracts", [str(BIN / "lint-imports"), "--no-cache"], "see [tool.importlinter] in pyproject.toml"),
    ("spelling", [str(BIN / "codespell")], "codespell --write-changes FILE; field terms go to [tool.codespell]"),
    ("generated pages", [sys.executable, "scripts/docs.py", "--check"], "make docs"),
)


def main() -> int:
    """Run the checks; the exit code is the number that failed."""
    failed = []
    for name, command, remedy in CHECKS:
        started = time.monotonic()
        outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - the table above
        good = outcome.returncode == 0
        sys.stdout.write(f"{'ok    ' if good else 'FAILED'}  {name} ({time.monotonic() - started:.1f} s)\n")
        if not good:
            failed.append(name)
            sys.stdout.write(outcome.stdout + outcome.stderr + f"  to mend: {remedy}\n")
        sys.stdout.flush()
    if failed:
        sys.stdout.write(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}\n")
    return len(failed)


if __name__ == "__main__":
    raise SystemExit(main())
