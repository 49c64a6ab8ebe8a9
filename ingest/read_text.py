"""Is it text, and may it be ASAP? Bytes as received in, UTF-8 that begins with TH out.

What a file is shows in its first bytes; only text that begins with a TH segment goes on. Files are
sent as ASCII, UTF-8 or Windows-1252 (the Latin-1 of Windows systems), and never say which, so what is
not UTF-8 is taken for the latter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.read_refusals import refusal


if TYPE_CHECKING:
    from schemas.reading import Refusal


_BEFORE_THE_START = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n\v\f])*")
# Padding and the old end-of-file mark that some writers leave after the last terminator.
_AFTER_THE_END = b"\x00\x1a"

_HEADER = re.compile(rb"TH[ \t]*\*", re.IGNORECASE)

# What stands first in files of other kinds.
_SIGNATURES = (
    (re.compile(rb"PK[\x03\x05\x07]|\x1f\x8b|\x1f\x9d|BZh|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd|Rar!"), "F-COMPRESSED"),
    (re.compile(rb"-----BEGIN PGP|[\x84\x85\xc1][\x00-\xff]{1,2}\x03|\x8c\x0d\x04"), "F-ENCRYPTED"),
    (re.compile(rb"\xff\xfe|\xfe\xff|\x00\x00\xfe\xff|T\x00H\x00|\x00T\x00H"), "F-ENCODING"),
    (re.compile(rb"[\xe3\xa3][\xc8\x88]\x5c"), "F-ENCODING"),  # TH* in EBCDIC, of either case
    (re.compile(rb"ASB"), "F-VERSION-1995"),
)

# A beginning of which more than a tenth is control characters is no text.
_BEGINNING = 1024
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_MOST_CONTROLS = 0.1


def read_text(data: bytes) -> bytes | Refusal:
    """The file as UTF-8 without what stands before TH and after the last terminator, or why not.

    Args:
        data: the bytes as received.
    """
    blank = _BEFORE_THE_START.match(data)
    start = blank.end() if blank else 0
    if not _HEADER.match(data, start):
        return refusal(_kind(data, start), f"byte {start}")
    text = (data[start:] if start else data).rstrip(_AFTER_THE_END)
    nul = text.find(b"\x00")
    if nul >= 0:
        return refusal("F-BINARY", f"byte {start + nul}")
    return text if _is_utf8(text) else _from_windows(text)


def _kind(data: bytes, start: int) -> str:
    """The code of refusal for a file that does not begin with TH."""
    if not data[start:].strip(_AFTER_THE_END):
        return "F-EMPTY"
    for signature, code in _SIGNATURES:
        if signature.match(data) or signature.match(data, start):
            return code
    beginning = data[:_BEGINNING]
    controls = len(beginning) - len(beginning.translate(None, _CONTROLS))
    return "F-BINARY" if b"\x00" in beginning or controls > _MOST_CONTROLS * len(beginning) else "F-NOT-ASAP"


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _from_windows(text: bytes) -> bytes:
    try:
        return text.decode("cp1252").encode()
    except UnicodeDecodeError:
        # It holds one of the five codes that Windows-1252 leaves unused.
        return text.decode("latin-1").encode()
