"""The generated pages say what the code says."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from pathlib import Path


def test_the_reference_pages_are_fresh(root: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"], cwd=root, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_stale_and_an_orphaned_page_are_seen(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(root / "scripts")
    docs = importlib.import_module("docs")
    monkeypatch.setattr(docs, "REFERENCE", tmp_path)
    monkeypatch.setattr("sys.argv", ["docs.py"])
    assert docs.main() == 0
    (tmp_path / "states.md").write_text("stale", encoding="utf-8")
    (tmp_path / "gone.md").write_text(docs.MARK + "nothing; -->", encoding="utf-8")
    (tmp_path / "by_hand.md").write_text("by hand", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["docs.py", "--check"])
    assert docs.main() == 1
    said = capsys.readouterr().out
    assert "states.md is not what schemas/submission.py says" in said
    assert "gone.md has no source any more" in said
    assert "by_hand" not in said
    monkeypatch.setattr("sys.argv", ["docs.py"])
    docs.main()
    monkeypatch.setattr("sys.argv", ["docs.py", "--check"])
    assert docs.main() == 0
    assert not (tmp_path / "gone.md").exists()


def test_every_reference_page_is_in_the_index(root: Path) -> None:
    index = (root / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(root / "docs").as_posix() for path in (root / "docs").rglob("*.md")]
    assert [page for page in sorted(pages) if page != "README.md" and f"({page})" not in index] == []


def test_every_decision_has_the_next_number(root: Path) -> None:
    numbers = [int(path.name[:4]) for path in sorted((root / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
