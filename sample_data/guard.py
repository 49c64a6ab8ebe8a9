"""Refuse a file that looks like an ASAP submission outside sample_data/ and tests/.

A hook before a commit: a real submission holds hundreds of patients, and a repository never forgets.

    python -m sample_data.guard FILE…
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path, PurePath


# Where synthetic submissions may lie, and prose that quotes one.
ALLOWED = frozenset({"sample_data", "tests"})
PROSE = frozenset({".md", ".py"})

# A header, or a patient segment with the separators of one, at the start of a line or after a terminator.
SUBMISSION = re.compile(rb"(?:^|[~\\\r\n])\s*(?:TH\*[345]\.\d[AB]?\*|PAT\*(?:[^*~\r\n]*\*){6})", re.IGNORECASE)
ENOUGH = 1_000_000


def looks_like_asap(data: bytes) -> bool:
    """True where the bytes hold a transaction header or a patient segment, in 8 or 16 bits."""
    return bool(SUBMISSION.search(data[:ENOUGH].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf")))


def refused(paths: Iterable[str], root: Path) -> list[str]:
    """Which of these files, named from the root, may not be committed."""
    found = []
    for name in paths:
        path = PurePath(name)
        if path.parts[0] in ALLOWED or path.suffix in PROSE or not (root / name).is_file():
            continue
        if looks_like_asap((root / name).read_bytes()):
            found.append(name)
    return found


def main(arguments: list[str], root: Path) -> int:
    """Name the refused files; 1 where there are any."""
    names = refused(arguments, root)
    for name in names:
        sys.stderr.write(f"{name} looks like an ASAP submission; only sample_data/ and tests/ may hold one\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
