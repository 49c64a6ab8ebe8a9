"""Why a file, or one transaction of it, could not be read at all.

The reader decides this and words it for the file at hand (`schemas.reading.Refusal`). Here stand the same
codes with the same words, because a finding that comes out of the ledger has only its code; a test holds
the two tables together.
"""

from __future__ import annotations

import polars as pl

from schemas.asap.specification import VERSIONS
from schemas.finding import Scope, Severity, Stage, Tier
from validation.rule import Rule


# More transactions than this do not fit the row's transaction number (schemas/dispensation.py).
MOST_TRANSACTIONS = 65_535

_READ = f"{', '.join(VERSIONS[:-1])} and {VERSIONS[-1]}"

# What is wrong, and what to do.
WORDS: dict[str, tuple[str, str]] = {
    "F-EMPTY": (
        "The file is empty.",
        "Export it again and send it; for a day without dispensing, send a zero report.",
    ),
    "F-BINARY": (
        "The file is not text.",
        "Send the ASAP file itself, not a document, a picture or a database that holds it.",
    ),
    "F-COMPRESSED": (
        "The file is compressed.",
        "Unpack it and send the ASAP file that is in it.",
    ),
    "F-ENCRYPTED": (
        "The file is encrypted with PGP.",
        "Send it unencrypted; the SFTP connection protects it on its way and it is encrypted where it is kept.",
    ),
    "F-ENCODING": (
        "The file is text in an encoding that ASAP files do not use, such as UTF-16 or EBCDIC.",
        "Write it as ASCII, UTF-8 or Windows-1252 and send it again.",
    ),
    "F-NOT-ASAP": (
        "The file is not an ASAP file: it does not begin with a TH segment, or what follows is no segment.",
        f"Have your system export ASAP {_READ}, and send what it writes, unchanged.",
    ),
    "F-TERMINATOR": (
        "TH09 does not name the character that ends the segments.",
        "Put the segment terminator into TH09 and after every segment; leave TH09 empty only where a line ends each.",
    ),
    "F-TORN": (
        "The transaction is cut off: it does not reach its TT segment.",
        "Check that the export finished, then send the whole file again under a new name.",
    ),
    "F-VERSION-1995": (
        "The file is in the ASAP format of 1995, with records of fixed width.",
        f"Have your system export ASAP {_READ}.",
    ),
    "F-VERSION-3.0": (
        "The transaction is in ASAP 3.0 (ASAP 2005), whose segments are others.",
        f"Have your system export ASAP {_READ}.",
    ),
    "F-VERSION-4.0": (
        "The transaction is in ASAP 4.0, which declares its separators differently.",
        f"Have your system export ASAP {_READ}.",
    ),
    "F-VERSION": (
        "TH01 names no version of ASAP that is read here.",
        f"Have your system export ASAP {_READ}, and write the version so in TH01.",
    ),
    "F-TRANSACTIONS": (
        f"The file holds more than {MOST_TRANSACTIONS:,} transactions.",
        "Put the records of a day into one transaction, or send several files.",
    ),
}

TITLES = {
    "F-EMPTY": "A file holds something",
    "F-BINARY": "A file is text",
    "F-COMPRESSED": "A file is not compressed",
    "F-ENCRYPTED": "A file is not encrypted",
    "F-ENCODING": "A file is ASCII, UTF-8 or Windows-1252",
    "F-NOT-ASAP": "A file is an ASAP file",
    "F-TERMINATOR": "TH09 names the segment terminator",
    "F-TORN": "A transaction reaches its TT segment",
    "F-VERSION-1995": "A file is not in the format of 1995",
    "F-VERSION-3.0": "A transaction is not in ASAP 3.0",
    "F-VERSION-4.0": "A transaction is not in ASAP 4.0",
    "F-VERSION": "TH01 names a version that is read here",
    "F-TRANSACTIONS": "A file holds a number of transactions that can be told apart",
}

RULES = tuple(
    Rule(
        code=code,
        title=TITLES[code],
        severity=Severity.ERROR,
        stage=Stage.STRUCTURE,
        scope=Scope.FILE,
        tier=Tier.STANDARD,
        source="asap.md 1: file structure",
        segment="REFUSAL",  # nothing was read, so there is no frame to ask
        element=None,
        fails=pl.lit(value=True),
        message=fault,
        remedy=remedy,
    )
    for code, (fault, remedy) in WORDS.items()
)
