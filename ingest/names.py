"""The names senders give their files: what may be shown, and which names mean "not finished yet".

A sender's name is never a name on our disk; it is shown, and that is all. So it is cleaned, not
trusted: what a terminal, a page or a log could be fooled with is refused, the rest is made plain.
"""

from __future__ import annotations

import re
import unicodedata


NAME_CHARACTERS = 128

# Clients upload under such a name and rename when the file is whole: VA SPMP (.UP), WinSCP (.filepart),
# lftp (.in.NAME), Azure Data Factory and many scripts (.tmp, .part).
TEMPORARY_ENDINGS = (".filepart", ".part", ".partial", ".tmp", ".temp", ".up", ".uploading")
TEMPORARY_BEGINNINGS = (".",)

_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


def display_name(name: str) -> str | None:
    """A sender's file name made plain, or None where it may not be shown at all.

    Refused are names that are empty, too long, or a path, and those with control, formatting
    (bidirectional) or unassigned characters; any other character outside A-Z a-z 0-9 . _ - becomes
    an underscore.

    >>> display_name("CT daily (2).dat")
    'CT_daily__2_.dat'
    >>> display_name("../x") is None
    True
    """
    composed = unicodedata.normalize("NFC", name)
    if composed in {"", ".", ".."} or len(composed) > NAME_CHARACTERS or "/" in composed or "\\" in composed:
        return None
    if any(unicodedata.category(character).startswith("C") for character in composed):
        return None
    return _PLAIN.sub("_", composed)


def is_temporary(name: str) -> bool:
    """True for a name that says the file is not finished: it waits until its sender renames it.

    >>> is_temporary("CT_20261124.dat.filepart"), is_temporary("CT_20261124.dat")
    (True, False)
    """
    lower = name.lower()
    return lower.startswith(TEMPORARY_BEGINNINGS) or lower.endswith(TEMPORARY_ENDINGS)
