from __future__ import annotations

import polars as pl
import pytest

from schemas.dispensation import EVENT_SCHEMA, PATIENT_COLUMNS
from store.lake import Lake
from store.tables import TABLES, VIEWS, Table, sql_type


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_gives_back_the_types_it_was_made_of(lake: Lake, table: Table) -> None:
    assert lake.connection.execute(f"FROM lake.{table.name} LIMIT 0").pl().schema == table.schema


def test_the_tables_of_dispensations_are_the_schema_everybody_speaks() -> None:
    schemas = {table.name: table.schema for table in TABLES}
    assert [schemas[name] for name in VIEWS["events"]] == [EVENT_SCHEMA, EVENT_SCHEMA]


def test_no_patient_value_is_disclosed_to_the_catalog_or_kept_in_it() -> None:
    for table in TABLES:
        if PATIENT_COLUMNS & set(table.schema):
            assert table.disclosed is not None
            assert not table.disclosed & PATIENT_COLUMNS
            assert table.inlined == 0


def test_a_type_without_a_place_is_refused() -> None:
    with pytest.raises(TypeError, match="no type for"):
        sql_type(pl.Duration("us"))
