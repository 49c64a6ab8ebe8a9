"""Asking the rules: which rows of which frame break which rule.

TWO PASSES. A good file breaks hardly any rule, so the first pass asks every rule of a frame in one query
whether anything breaks it at all; only what does is asked again for the rows. A rule whose column is empty
throughout is not asked. Null counts as not broken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from validation.catalogue import all_rules, catalogue, number_of
from validation.evidence import PLACE
from validation.rule import Rule


# What a rule found, before it becomes a finding: which rule (its place in `all_rules`), where, and which
# records it is about. Narrow on purpose: a file that is wrong throughout has millions.
HIT_SCHEMA = pl.Schema([("rule", pl.UInt16()), *PLACE.items()])

# The segment that a finding names where its rule is about none in particular.
SEGMENT_OF = {"ROW": "DSP", "TRANSACTION": "TH", "ZERO": "PAT"}

# A typed row and a transaction stand for several segments; a finding gives the place of the one it names.
POSITIONS = {
    ("ROW", "PAT"): "pat_position",
    ("ROW", "PRE"): "pre_position",
    ("TRANSACTION", "TT"): "trailer_position",
}

# DSP rules see the raw segment beside the typed row.
FRAME_OF = {"DSP": "ROW"}


@dataclass(frozen=True, eq=False)
class _Prepared:
    rule: Rule
    reads: frozenset[str]


@cache
def rules_by_frame(version: str) -> Mapping[str, tuple[_Prepared, ...]]:
    """The rules of a version by the frame they are asked on, each with the columns it reads."""
    rules: dict[str, list[_Prepared]] = defaultdict(list)
    for rule in catalogue(version):
        frame = FRAME_OF.get(rule.segment, rule.segment)
        rules[frame].append(_Prepared(rule, frozenset(rule.fails.meta.root_names())))
    return {frame: tuple(prepared) for frame, prepared in rules.items()}


def ask(frames: Mapping[str, pl.DataFrame], versions: Mapping[int, str]) -> pl.DataFrame:
    """All that breaks a rule, of `HIT_SCHEMA`.

    Args:
        frames: as `validation.evidence.gather` makes them.
        versions: the version of each transaction.
    """
    found = []
    for version in dict.fromkeys(versions.values()):
        transactions = [number for number, its in versions.items() if its == version]
        for name, rules in rules_by_frame(version).items():
            frame = frames.get(name)
            if frame is None:
                continue
            if len(transactions) < len(versions):
                frame = frame.filter(pl.col("transaction").is_in(transactions))
            found += [hits(frame, rule) for rule in broken(frame, rules)]
    return pl.concat(found) if found else pl.DataFrame(schema=HIT_SCHEMA)


def broken(frame: pl.DataFrame, rules: Sequence[_Prepared]) -> Iterator[Rule]:
    """The rules that at least one row breaks."""
    if frame.is_empty():
        return
    empty = {column for column, nulls in frame.null_count().row(0, named=True).items() if nulls == frame.height}
    columns = set(frame.columns)
    asked = [prepared.rule for prepared in rules if prepared.reads <= columns and empty.isdisjoint(prepared.rule.needs)]
    if not asked:
        return
    flags = frame.select(rule.fails.any().alias(str(number)) for number, rule in enumerate(asked)).row(0)
    yield from (rule for rule, flag in zip(asked, flags, strict=True) if flag)


def hits(frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """The rows that break the rule, of `HIT_SCHEMA`."""
    return all_hit(frame.filter(rule.fails), rule)


def all_hit(frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """A hit for every row, of `HIT_SCHEMA`."""
    position = POSITIONS.get((rule.segment, segment_of(rule)), "position")
    place = {name: pl.col(name) for name in PLACE} | {"position": pl.col(position)}
    return frame.select(rule=pl.lit(number_of(rule), pl.UInt16), **place)


def segment_of(rule: Rule) -> str:
    """The segment that the rule's findings name."""
    return rule.element[:-2] if rule.element else SEGMENT_OF.get(rule.segment, rule.segment)


def of_rules(found: pl.DataFrame, wanted: Callable[[Rule], bool]) -> pl.DataFrame:
    """The hits of the rules that are wanted."""
    if found.is_empty():
        return found
    numbers = [number for number in found["rule"].unique() if wanted(all_rules()[number])]
    return found.filter(pl.col("rule").is_in(numbers))
