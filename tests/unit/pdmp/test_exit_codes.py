from __future__ import annotations

import importlib

import pytest

from pdmp.exit_codes import TABLE, CommandError, ExitCode, exit_code_of
from store.errors import WriterPresentError


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_exception_of_the_table_exists(name: str) -> None:
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), kind), Exception)


def test_an_exception_counts_as_its_nearest_class() -> None:
    assert exit_code_of(WriterPresentError("x")) == ExitCode.UNAVAILABLE
    assert exit_code_of(CommandError("x", ExitCode.NO_INPUT)) == ExitCode.NO_INPUT


def test_what_no_command_expects_has_no_code() -> None:
    assert exit_code_of(ZeroDivisionError()) is None
