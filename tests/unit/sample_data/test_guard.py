from __future__ import annotations

from pathlib import Path

import pytest

from sample_data.guard import looks_like_asap, main, refused
from sample_data.make import bulk_file


@pytest.mark.parametrize(
    "data",
    [
        bulk_file(1, seed=1),
        b"\xef\xbb\xbfTH*4.2B*1*01**20240305*210500*P**~~",
        b"\r\n th*4.2a*1*01",
        "TH*4.2*1*01**20240305".encode("utf-16-le"),
        b"some text~PAT*******SAMPLE*ALEX~",
        b"TH*3.0*X",
    ],
)
def test_submissions_are_seen(data: bytes) -> None:
    assert looks_like_asap(data)


@pytest.mark.parametrize(
    "data", [b"", b"a text about TH*4.2A* in a sentence", b"PATH*x", b"\x89PNG\r\n\x1a\n", b"| PAT* | x |"]
)
def test_other_files_are_not(data: bytes) -> None:
    assert not looks_like_asap(data)


def test_samples_and_prose_may_hold_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("sample_data/a.dat", "tests/b.dat", "docs/c.md", "incoming/d.dat", "e.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bulk_file(1, seed=1))
    names = ["sample_data/a.dat", "tests/b.dat", "docs/c.md", "incoming/d.dat", "e.txt", "gone.dat"]
    assert refused(names, tmp_path) == ["incoming/d.dat", "e.txt"]
    assert main(names, tmp_path) == 1
    assert "incoming/d.dat looks like an ASAP submission" in capsys.readouterr().err
    assert main(names[:3], tmp_path) == 0
