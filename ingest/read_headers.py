"""TH09 decides: where the segments of a transaction end.

THE TERMINATOR IS THE CHARACTER AFTER THE NINTH SEPARATOR OF TH, whatever it is; where a line ends there
instead, line ends are the terminators. A file may hold several transactions and each may declare its
own, so a file whose transactions differ is rewritten to one terminator that stands nowhere in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise


NEW_LINE = "\n"

# Longer than any TH: nine elements of at most 60 characters, with padding.
_LONGEST_HEADER = 4096
_SEPARATORS = 9
_SEPARATORS_4_0 = 8  # ASAP 4.0 has the composite separator in TH08 and no TH09

# Characters that are not expected in text; one that does occur is passed over.
_UNUSED = tuple(chr(code) for code in (0x1E, 0x1D, 0x1C, 0x1F, *range(0x01, 0x09), *range(0x0E, 0x1A)))

_VERSION_4_0 = re.compile(rb"TH[ \t]*\*[ \t]*0?4(\.0)?[ \t]*\*", re.IGNORECASE)
# What may be a TH: it does not stand behind a separator, inside a word or after a space, as data does.
_HEADER = re.compile(rb"(?<![*A-Za-z0-9 ])TH[ \t]*\*", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """What one TH declares.

    Attributes:
        start: its index in the text.
        end: the index behind its TH09.
        terminator: the segment terminator; `NEW_LINE` where line ends are; None where it declares none.
    """

    start: int
    end: int
    terminator: str | None


def is_data(char: str) -> bool:
    """Whether a character stands in data so often that it cannot be a terminator."""
    return char.isascii() and char.isalnum()


def unused_character(text: bytes) -> str:
    """A character that the text does not hold."""
    return next((char for char in _UNUSED if char.encode() not in text), _UNUSED[0])


def header_at(text: bytes, start: int) -> Header:
    """What the TH that begins at this index of the text declares."""
    window = text[start : start + _LONGEST_HEADER]
    line = re.split(rb"[\r\n]", window, maxsplit=1)[0]
    line_end = start + len(line)
    separators = _SEPARATORS_4_0 if _VERSION_4_0.match(window) else _SEPARATORS
    parts = line.split(b"*", separators)
    if len(parts) <= separators:
        # A TH that stops before TH09 can only end in a line, and must not look as if it had a terminator.
        seen = line.rstrip(b" \t")
        ends_in_line = len(line) < len(window) and (seen.endswith(b"*") or seen[-1:].isalnum())
        return Header(start, line_end, NEW_LINE if ends_in_line else None)
    rest = parts[separators].decode("utf-8", errors="ignore").lstrip(" \t")
    if separators == _SEPARATORS_4_0:
        rest = rest.removeprefix(":")
    if not rest or rest[0] == "*":
        return Header(start, line_end, NEW_LINE)
    if is_data(rest[0]):
        return Header(start, line_end, None)
    terminator = rest[0].encode()
    end = line_end - len(parts[separators]) + parts[separators].index(terminator) + len(terminator)
    return Header(start, end, rest[0])


def with_one_terminator(text: bytes) -> tuple[bytes, str]:
    """The text with every transaction's terminator replaced by one, and that one.

    Each TH keeps its TH09, so that it still says what was declared; one that declares none gets a letter
    there, which no terminator can be, and loses what follows it, which nobody can take apart.
    """
    unused = unused_character(text)
    mark = unused.encode()
    headers = _headers(text)
    parts: list[bytes] = []
    for header, following in pairwise([*headers, Header(len(text), len(text), None)]):
        head, body = text[header.start : header.end], text[header.end : following.start]
        if header.terminator is None:
            elements = head.split(b"*", _SEPARATORS)[:_SEPARATORS]
            parts.append(b"*".join([*elements, *[b""] * (_SEPARATORS - len(elements)), b"X"]))
            continue
        if header.terminator == NEW_LINE:
            body = body.replace(b"\r", b"\n")
        parts.append(head + mark + body.replace(header.terminator.encode(), mark))
    return mark.join(parts), unused


def _headers(text: bytes) -> list[Header]:
    """Every TH of the text: the first, and each that follows a line end or the terminator in force."""
    headers = [header_at(text, 0)]
    for match in _HEADER.finditer(text, 1):
        start = match.start()
        before = headers[-1]
        if start >= before.end and (
            text[start - 1 : start] in b"\r\n"
            or before.terminator is None
            or text.endswith(before.terminator.encode(), before.end - 1, start)
        ):
            headers.append(header_at(text, start))
    return headers
