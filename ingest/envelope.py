"""Is a file whole? A cheap look at its two ends, not a reading of it.

A clean close proves nothing: Ctrl-C in OpenSSH's sftp closes the partial file politely. But an ASAP
file says itself where it ends. What begins with a TH segment must end with its TT segment, else it is
torn. What does not begin with TH is no ASAP envelope (a wrong file, an archive, another encoding): it
is whole as far as anybody can tell, and it is for the reader to refuse it by name.

The look is lenient about everything else, such as terminators, line ends, surplus separators, counts:
those are findings. It errs on the side of taking a file, since the reader looks again.
"""

from __future__ import annotations

import re
from enum import StrEnum


# More than the longest TT segment with its control number of 40, padding and line ends.
END_BYTES = 4096

_BEFORE_TH = b"\xef\xbb\xbf \t\r\n\x00"
# Line ends, padding and the old end-of-file mark that some writers leave after the last terminator.
_AFTER_TT = b" \t\r\n\x00\x1a"


class Envelope(StrEnum):
    """What the two ends of a file say."""

    WHOLE = "whole"  # TH at the head, TT at the end
    CUT = "cut"  # TH at the head, no TT at the end
    NONE = "none"  # no TH at the head


def look(head: bytes, tail: bytes) -> Envelope:
    """Look at the first and the last `END_BYTES` of a file (of a short file, both are all of it).

    >>> look(b"TH*4.2B*1*01**20261124*0900*P**~~IS*", b"TP*5~TT*1*8~")
    <Envelope.WHOLE: 'whole'>
    >>> look(b"TH*4.2B*1*01**20261124*0900*P**~~IS*", b"DSP*00*1000")
    <Envelope.CUT: 'cut'>
    """
    begin = head.lstrip(_BEFORE_TH)
    if begin.upper() in {b"T", b"TH"}:
        return Envelope.CUT
    separator = begin[2:3]
    if begin[:2].upper() != b"TH" or separator.isalnum() or separator.isspace():
        return Envelope.NONE
    return Envelope.WHOLE if _ends_with_trailer(tail, separator) else Envelope.CUT


def _ends_with_trailer(tail: bytes, separator: bytes) -> bool:
    """True if the last segment is a TT: it stands after a terminator or line end, and nothing follows it."""
    end = tail.rstrip(_AFTER_TT)
    # Not after a separator: an element that says TT, such as a state code, is no trailer.
    mark = re.escape(separator)
    trailers = list(re.finditer(rb"(?:^|[^0-9A-Za-z \t%b])[ \t]*TT%b" % (mark, mark), end, re.IGNORECASE))
    if not trailers:
        return False
    found = trailers[-1]
    before = end[: found.end() - 3].rstrip()[-1:]
    terminator = b"" if before.isalnum() or before == separator else before
    # Terminators behind the trailer are its own, even doubled; anything after one is another segment.
    rest = end[found.end() :].rstrip(terminator + _AFTER_TT)
    return not any(mark in rest for mark in (terminator, b"\r", b"\n") if mark)
