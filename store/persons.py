"""Who a row is about: the identity as sent, its key, and the blocks it can be found in.

An IDENTITY is the normalised last name, first name, date of birth, sex and species (and the animal's
name). The same identity is the same person key. Whether two identities are one patient is a decision
(lookup/patients), not a fact; nothing here links anything. So normalising takes away only what cannot
tell two people apart: case, accents, punctuation, spacing, a generation suffix typed into the name.
Names are not cut at a space: that would make one patient of the VAN DER BERGs and the VAN DYKs.

The key is a hash of 64 bits under the installation's secret: the store can be bucketed and sorted by
it, and whoever sees it learns nothing. Two of 150 million people may share one (p near 0.0006), so
whoever reads by key compares `identity` before calling two rows the same person's.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

import polars as pl


# What senders put where there is no name (reference: KASPER's list and Clearinghouse habits).
NO_NAMES = (
    "NOLASTNAME",
    "NOFIRSTNAME",
    "NONAME",
    "DUMMY",
    "TEST",
    "UNKNOWN",
    "UNK",
    "NOTAVAILABLE",
    "NOTGIVEN",
    "XXX",
    "XXXX",
)
# Dates of birth that mean "not known".
NO_BIRTHDAYS = (date(1800, 1, 1), date(1900, 1, 1), date(1901, 1, 1), date(1899, 12, 30), date(9999, 12, 31))

VETERINARY = "02"
_SUFFIX = r"[\s,]+(?:JR|SR|II|III|IV)\.?$"
# Letters that have no decomposition into a base letter and an accent.
_LETTERS = {
    "Ø": "O",
    "Æ": "AE",
    "Œ": "OE",
    "Ł": "L",
    "Đ": "D",
    "Ð": "D",
    "Þ": "TH",
    "ẞ": "SS",
    "ß": "SS",
    "\u0131": "I",
}


def normalise(name: pl.Expr) -> pl.Expr:
    """A name reduced to what tells it from another: letters and digits, upper case, no accents.

    Args:
        name: a String expression, as sent.

    Returns:
        A String expression, never null: empty where there is no name. Scripts other than Latin keep
        their letters.
    """
    return (
        name.str.to_uppercase()
        .str.strip_chars()
        .str.replace(_SUFFIX, "")
        .str.replace_many(list(_LETTERS), list(_LETTERS.values()))
        .str.normalize("NFKD")
        .str.replace_all(r"[^\p{L}\p{N}]", "")
        .str.to_uppercase()
        .fill_null("")
    )


def parts() -> dict[str, pl.Expr]:
    """The parts of an identity, by name, each an expression over a dispensation row."""
    animal = pl.col("species").str.strip_chars() == VETERINARY
    species = pl.when(animal).then(pl.lit(VETERINARY)).otherwise(pl.lit("01"))
    gender = pl.col("gender").str.to_uppercase().str.replace_all(r"[^A-Z]", "").replace("", None).fill_null("U")
    return {
        "last": normalise(pl.col("last_name")),
        "first": normalise(pl.col("first_name")),
        "date_of_birth": pl.col("date_of_birth"),
        "gender": gender,
        "species": species,
        "animal": pl.when(animal).then(normalise(pl.col("animal_name"))).otherwise(pl.lit("")),
    }


def identity() -> pl.Expr:
    """The identity of a dispensation row as one string; the same string is the same identity.

    Where a name or the date of birth is missing or stands for "not known", the address as sent belongs
    to the identity as well: else everybody whose name is not known would be one person.
    """
    part = parts()
    born = part["date_of_birth"]
    nobody = [part[name].is_in(["", *NO_NAMES]) for name in ("last", "first")]
    incomplete = pl.any_horizontal(*nobody, born.is_null() | born.is_in(list(NO_BIRTHDAYS)))
    whereabouts = pl.concat_str(
        [normalise(pl.col(column)) for column in ("address_1", "zip", "patient_id")], separator="/"
    )
    return pl.concat_str(
        [
            part["last"],
            part["first"],
            born.dt.strftime("%Y%m%d").fill_null(""),
            part["gender"],
            part["species"],
            part["animal"],
            pl.when(incomplete).then(whereabouts).otherwise(pl.lit("")),
        ],
        separator="|",
    )


def _hashes(texts: pl.Series, secret: bytes, purpose: bytes) -> pl.Series:
    """Keyed 64-bit hashes; one purpose's hash says nothing about another's."""
    return pl.Series(
        [
            int.from_bytes(blake2b(text.encode(), digest_size=8, key=secret, person=purpose).digest(), "big")
            for text in texts
        ],
        dtype=pl.UInt64,
    )


def identify(rows: pl.DataFrame, secret: bytes) -> tuple[pl.Series, pl.DataFrame]:
    """Find out whom rows are about.

    Args:
        rows: dispensation rows, n of them.
        secret: the installation's.

    Returns:
        The person key of each row (UInt64, length n), and a frame with one row per distinct identity
        that can be searched for (it has both names and a date of birth): ``person_key``, ``identity``,
        its parts, and ``birth_block`` and ``name_block`` (UInt64).
    """
    columns = ["last_name", "first_name", "date_of_birth", "gender", "species", "animal_name"]
    columns += ["address_1", "zip", "patient_id"]
    # A bulk file has a row per fill, but a patient fills often: normalise each spelling once.
    spellings = rows.select(columns).unique(maintain_order=True)
    spellings = spellings.with_columns(identity=identity(), **{f"part_{name}": part for name, part in parts().items()})
    identities = spellings.unique("identity", keep="first", maintain_order=True)
    keys = identities.select("identity", person_key=_hashes(identities["identity"], secret, b"pdmp person"))
    spellings = spellings.join(keys, on="identity", maintain_order="left")
    row_keys = rows.select(columns).join(
        spellings.select(*columns, "person_key"), on=columns, how="left", nulls_equal=True, maintain_order="left"
    )["person_key"]
    named = [f"part_{name}" for name in parts()]
    persons = (
        identities.join(keys, on="identity", maintain_order="left")
        .select("person_key", "identity", *named)
        .rename({name: name.removeprefix("part_") for name in named})
        .filter((pl.col("last") != "") & (pl.col("first") != "") & pl.col("date_of_birth").is_not_null())
    )
    blocks = persons.select(birth=birth_block_text(), names=name_block_text())
    return row_keys, persons.with_columns(
        birth_block=_distinct_hashes(blocks["birth"], secret, b"pdmp birth"),
        name_block=_distinct_hashes(blocks["names"], secret, b"pdmp names"),
    )


def _distinct_hashes(texts: pl.Series, secret: bytes, purpose: bytes) -> pl.Series:
    distinct = texts.unique()
    return texts.replace_strict(distinct, _hashes(distinct, secret, purpose), return_dtype=pl.UInt64)


def birth_block_text() -> pl.Expr:
    """What everybody born on one day shares."""
    return pl.col("date_of_birth").dt.strftime("%Y%m%d")


def name_block_text() -> pl.Expr:
    """What everybody of one pair of names shares, whichever name stands first."""
    names = pl.concat_list("last", "first").list.sort()
    return names.list.join("|")


def birth_block(day: date, secret: bytes) -> int:
    """The block of one date of birth."""
    return int(_hashes(pl.Series([day.strftime("%Y%m%d")]), secret, b"pdmp birth").item())


def name_block(last: str, first: str, secret: bytes) -> int:
    """The block of one pair of normalised names."""
    return int(_hashes(pl.Series(["|".join(sorted((last, first)))]), secret, b"pdmp names").item())
