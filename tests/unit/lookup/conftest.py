from collections.abc import Callable

import polars as pl
import pytest
from dispensations import drug_table, history

from lookup.drug_facts import DrugTable


@pytest.fixture
def make_history() -> Callable[..., pl.DataFrame]:
    return history


@pytest.fixture(scope="session")
def table() -> DrugTable:
    return drug_table()
