"""Why a file, or one transaction of it, cannot be read: every refusal with its words and next step.

A refusal is for the person who sent the file. It says what the file is instead of what was expected,
where that shows, and what to do; it never repeats anything that stands in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.asap.specification import VERSIONS
from schemas.reading import Refusal


# More transactions than this do not fit the row's transaction number (schemas/dispensation.py).
MOST_TRANSACTIONS = 65_535

_READ = f"{', '.join(VERSIONS[:-1])} and {VERSIONS[-1]}"


@dataclass(frozen=True)
class Wording:
    """What is wrong and what to do next, in one sentence each."""

    fault: str
    remedy: str


REFUSALS = {
    "F-EMPTY": Wording(
        "The file is empty.",
        "Export it again and send it; for a day without dispensing, send a zero report.",
    ),
    "F-BINARY": Wording(
        "The file is not text.",
        "Send the ASAP file itself, not a document, a picture or a database that holds it.",
    ),
    "F-COMPRESSED": Wording(
        "The file is compressed.",
        "Unpack it and send the ASAP file that is in it.",
    ),
    "F-ENCRYPTED": Wording(
        "The file is encrypted with PGP.",
        "Send it unencrypted; the SFTP connection protects it on its way and it is encrypted where it is kept.",
    ),
    "F-ENCODING": Wording(
        "The file is text in an encoding that ASAP files do not use, such as UTF-16 or EBCDIC.",
        "Write it as ASCII, UTF-8 or Windows-1252 and send it again.",
    ),
    "F-NOT-ASAP": Wording(
        "The file is not an ASAP file: it does not begin with a TH segment, or what follows is no segment.",
        f"Have your system export ASAP {_READ}, and send what it writes, unchanged.",
    ),
    "F-TERMINATOR": Wording(
        "TH09 does not name the character that ends the segments.",
        "Put the segment terminator into TH09 and after every segment; leave TH09 empty only where a line ends each.",
    ),
    "F-TORN": Wording(
        "The transaction is cut off: it does not reach its TT segment.",
        "Check that the export finished, then send the whole file again under a new name.",
    ),
    "F-VERSION-1995": Wording(
        "The file is in the ASAP format of 1995, with records of fixed width.",
        f"Have your system export ASAP {_READ}.",
    ),
    "F-VERSION-3.0": Wording(
        "The transaction is in ASAP 3.0 (ASAP 2005), whose segments are others.",
        f"Have your system export ASAP {_READ}.",
    ),
    "F-VERSION-4.0": Wording(
        "The transaction is in ASAP 4.0, which declares its separators differently.",
        f"Have your system export ASAP {_READ}.",
    ),
    "F-VERSION": Wording(
        "TH01 names no version of ASAP that is read here.",
        f"Have your system export ASAP {_READ}, and write the version so in TH01.",
    ),
    "F-TRANSACTIONS": Wording(
        f"The file holds more than {MOST_TRANSACTIONS:,} transactions.",
        "Put the records of a day into one transaction, or send several files.",
    ),
}


def refusal(code: str, place: str, position: int | None = None) -> Refusal:
    """The refusal of this code at this place."""
    wording = REFUSALS[code]
    return Refusal(code=code, place=place, fault=wording.fault, remedy=wording.remedy, position=position)
