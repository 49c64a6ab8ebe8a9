"""The sentences that stand on every report: disclaimers and definitions, as data with a version."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from schemas.report import Statement


@dataclass(frozen=True)
class Statements:
    """One version of the texts.

    Attributes:
        version: stamped on every report.
        disclaimers: for what it may be used, and its limits: P-106, P-107, P-188 to P-192, in order.
        definitions: how the report's numbers were made.
    """

    version: str
    disclaimers: tuple[Statement, ...]
    definitions: tuple[Statement, ...]


@cache
def statements(state: str, mme_edition: str) -> Statements:
    """The texts in force, worded for this state and this edition of conversion factors."""
    source = tomllib.loads(resources.files("lookup").joinpath("data", "statements.toml").read_text(encoding="utf-8"))

    def worded(kind: str) -> tuple[Statement, ...]:
        return tuple(
            Statement(entry["id"], entry["text"].format(state=state, mme_edition=mme_edition)) for entry in source[kind]
        )

    return Statements(source["version"], worded("disclaimer"), worded("definition"))
