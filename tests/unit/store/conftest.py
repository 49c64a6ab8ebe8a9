"""A small lake of one's own for each test, copied from one that is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.lake import Lake
from tests.functional.lakes import copied, open_lake


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed, empty lake to copy."""
    root = tmp_path_factory.mktemp("lakes") / "empty"
    open_lake(root).close()
    return root


@pytest.fixture
def root(empty_lake: Path, tmp_path: Path) -> Path:
    """The folder of an empty lake, with a space and quotes in its path."""
    return copied(empty_lake, tmp_path / 'somebody\'s "lake"')


@pytest.fixture
def lake(root: Path) -> Iterator[Lake]:
    """An empty lake, open for writing."""
    with open_lake(root) as opened:
        yield opened
