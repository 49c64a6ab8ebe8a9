"""The lake's tables: columns, partitions, sort orders, and what its catalog may know of them.

LANDING AND SHELF. What a patient received lies in two tables of the same columns. A commit *lands* in
`recent_dispensations`: one file, whatever the batch, so that 400 rows cost 30 ms instead of the half
second that 64 small files cost. In the worker's quiet moments upkeep *shelves* them: into
`dispensations`, spread over buckets of the person key, where a look-up opens one file. The view
`events` is both, and everybody reads that. `sightings` of persons work the same way.

WHAT THE CATALOG MAY KNOW. DuckLake writes the smallest and largest value of every column of every
file into its catalog, in clear, also when the files are encrypted; of a file with one patient that is
the patient. `disclosed` names the few columns, all keyed hashes or our own stamps, for which it may;
store/catalog.py keeps the rest out.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataTypeClass

from schemas.dispensation import EVENT_SCHEMA


def schema_of(**columns: pl.DataType | type[pl.DataType]) -> pl.Schema:
    """A schema of these columns, in their order."""
    return pl.Schema(columns)


# When something was committed.
MOMENT = pl.Datetime("us", "UTC")

# What this program writes and reads; a lake with a higher number is a later program's.
FORMAT = 1


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    Attributes:
        name: in the lake.
        schema: its columns as polars types.
        partitioned_by: the partition expression, ``{buckets}`` filled in when the lake is made; None for
            one file per commit.
        sorted_by: the order inside each file.
        disclosed: columns whose extremes the catalog may keep; None means all, for tables without
            anything about a patient.
        inlined: commits of up to so many rows are kept in the catalog until upkeep flushes them. The
            catalog is not encrypted, so this is 0 for every table about patients.
    """

    name: str
    schema: pl.Schema
    partitioned_by: str | None
    sorted_by: str
    disclosed: frozenset[str] | None
    inlined: int = 0


# One row per identity, block and commit in which it was seen; upkeep drops repeats. The block keys
# are what a search looks up: keyed hashes of the date of birth and of the pair of names.
SIGHTING_SCHEMA = schema_of(
    block_key=pl.UInt64,  # store/persons.py: of the date of birth, or of the names
    person_key=pl.UInt64,
    identity=pl.String,  # tells apart two identities of one key
    last=pl.String,  # normalised, as in the identity
    first=pl.String,
    date_of_birth=pl.Date,
    gender=pl.String,  # normalised: F, M, N, X, U
    species=pl.String,  # normalised: 01, 02
    last_name=pl.String,  # as sent, for display
    first_name=pl.String,
    middle_name=pl.String,
    name_suffix=pl.String,
    animal_name=pl.String,
    city=pl.String,
    zip=pl.String,
    recorded_at=MOMENT,  # when first seen so
)

# What finds duplicates: narrow, and read for the batch's months only.
INDEX_SCHEMA = schema_of(record_key=pl.String, person_key=pl.UInt64, filled_on=pl.Date)

# One row per submission that is in the lake, also of one that brought nothing new.
SUBMISSION_SCHEMA = schema_of(
    submission_id=pl.String,
    sender=pl.String,
    received_at=MOMENT,
    recorded_at=MOMENT,
    stored=pl.UInt32,
    duplicates=pl.UInt32,
    duplicate_records=pl.String,  # record numbers as runs: "3-7,12"
    rule_set=pl.String,
    drug_edition=pl.String,
    snapshot=pl.Int64,  # the lake's snapshot that the commit was built on
)

# One row per dispenser and run of days that a submission accounts for.
COVERAGE_SCHEMA = schema_of(
    dispenser_id=pl.String,
    covers_from=pl.Date,
    covers_to=pl.Date,
    source=pl.String,  # zero_report, fills
    submission_id=pl.String,
    recorded_at=MOMENT,
)

FORMAT_SCHEMA = schema_of(format=pl.Int32, buckets=pl.Int32, secret_check=pl.String)

_EVENT_ORDER = "person_key, filled_on, recorded_at"

# A search reads a handful of rows, so few buckets suffice: 2 million persons are 4 million sightings.
SIGHTING_BUCKETS = 16

TABLES = (
    Table("format", FORMAT_SCHEMA, None, "format", None, inlined=10),
    Table(
        "dispensations",
        EVENT_SCHEMA,
        "bucket({buckets}, person_key)",
        _EVENT_ORDER,
        frozenset({"person_key", "recorded_at"}),
    ),
    Table("recent_dispensations", EVENT_SCHEMA, None, _EVENT_ORDER, frozenset({"person_key", "recorded_at"})),
    Table(
        "record_index",
        INDEX_SCHEMA,
        "year(filled_on), month(filled_on)",
        "filled_on, record_key",
        frozenset({"filled_on"}),
    ),
    Table(
        "persons",
        SIGHTING_SCHEMA,
        f"bucket({SIGHTING_BUCKETS}, block_key)",
        "block_key, person_key",
        frozenset({"block_key"}),
    ),
    Table("recent_persons", SIGHTING_SCHEMA, None, "block_key, person_key", frozenset({"block_key"})),
    Table("submissions", SUBMISSION_SCHEMA, None, "submission_id", None, inlined=1_000),
    Table("coverage", COVERAGE_SCHEMA, None, "dispenser_id, covers_to", None, inlined=1_000),
)

# The views everybody reads, each over its shelf and its landing.
VIEWS = {
    "events": ("dispensations", "recent_dispensations"),
    "sightings": ("persons", "recent_persons"),
}

_SQL_TYPES = {
    pl.String: "VARCHAR",
    pl.Date: "DATE",
    pl.Float64: "DOUBLE",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.UInt16: "USMALLINT",
    pl.UInt32: "UINTEGER",
    pl.UInt64: "UBIGINT",
}


def sql_type(dtype: pl.DataType | DataTypeClass) -> str:
    """The DuckDB type of a polars type.

    Raises:
        TypeError: a column has a type the lake has no place for yet.
    """
    if isinstance(dtype, pl.List):
        return f"{sql_type(dtype.inner)}[]"
    if isinstance(dtype, pl.Struct):
        return f"STRUCT({', '.join(f'{field.name} {sql_type(field.dtype)}' for field in dtype.fields)})"
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMP WITH TIME ZONE"
    base = dtype.base_type() if isinstance(dtype, pl.DataType) else dtype
    if base not in _SQL_TYPES:
        raise TypeError(f"the lake has no type for {dtype}")
    return _SQL_TYPES[base]


def statements(table: Table, buckets: int) -> list[str]:
    """The statements that make a table in a lake attached as ``lake``.

    Args:
        table: which.
        buckets: over how many buckets of the person key dispensations are spread.
    """
    columns = ", ".join(f"{name} {sql_type(dtype)}" for name, dtype in table.schema.items())
    made = [f"CREATE TABLE IF NOT EXISTS lake.{table.name} ({columns})"]
    if table.partitioned_by:
        made.append(
            f"ALTER TABLE lake.{table.name} SET PARTITIONED BY ({table.partitioned_by.format(buckets=buckets)})"
        )
    made.append(f"ALTER TABLE lake.{table.name} SET SORTED BY ({table.sorted_by})")
    return made


def option_statements() -> list[str]:
    """The statements that set how a lake attached as ``lake`` writes its files."""
    # Measured on 200,000 rows of one file: a look-up takes 13 ms with row groups of 8,192, 12 ms with
    # 16,384, 15 ms with 65,536 and 29 ms with 2,048.
    options = {
        "data_inlining_row_limit": 0,
        "parquet_compression": "'zstd'",
        "parquet_compression_level": 1,
        "parquet_row_group_size": 16_384,
    }
    made = [f"CALL lake.set_option('{name}', {value})" for name, value in options.items()]
    made.extend(
        f"CALL lake.set_option('data_inlining_row_limit', {table.inlined}, table_name => '{table.name}')"
        for table in TABLES
        if table.inlined
    )
    return made


def view_statements() -> list[str]:
    """The statements that make the views in the connection's own memory."""
    schemas = {table.name: table.schema for table in TABLES}
    made = []
    for view, sources in VIEWS.items():
        # By name: a later column stands at the end of a table that was altered.
        columns = ", ".join(schemas[sources[0]])
        selects = " UNION ALL ".join(f"SELECT {columns} FROM lake.{source}" for source in sources)  # noqa: S608 - names from this file only
        made.append(f"CREATE VIEW {view} AS {selects}")
    return made
