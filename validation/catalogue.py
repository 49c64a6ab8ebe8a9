"""The register of all rules, and what each version of the standard is asked.

`RULE_SET` is stamped on every ruling. Change it with every change that could give one file another
ruling: a rule, a severity, a limit, an exemption. `tests/spec/rules/test_rule_set.py` notices most of them.
"""

from __future__ import annotations

from functools import cache

from schemas.asap.specification import VERSIONS
from validation import exemptions
from validation.rule import Rule
from validation.rules import (
    dates,
    drugs,
    elements,
    envelope,
    held,
    identifiers,
    pairs,
    prescribers,
    products,
    refusals,
    repeats,
    telling,
    zero_reports,
)


__all__ = ["RULE_SET", "Rule", "all_rules", "catalogue", "number_of", "rule"]

RULE_SET = "ct-2026.1"

# The order of a page that lists them: from the file down to the record.
_ROOMS = (
    refusals.RULES,
    envelope.RULES,
    elements.RULES,
    pairs.RULES,
    identifiers.RULES,
    prescribers.RULES,
    products.RULES,
    drugs.RULES,
    dates.RULES,
    zero_reports.RULES,
    repeats.RULES,
    held.RULES,
    telling.RULES,
    tuple(exemption.rule for exemption in exemptions.EXEMPTIONS),
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule record, also those that only some versions are asked; a code may stand in several."""
    return tuple(rule for room in _ROOMS for rule in room)


@cache
def catalogue(version: str) -> tuple[Rule, ...]:
    """The rules that a transaction of this version is asked; ValueError for a version that is not read here."""
    if version not in VERSIONS:
        raise ValueError(f"no rules for this version; there are rules for {', '.join(VERSIONS)}")
    return tuple(rule for rule in all_rules() if not rule.versions or version in rule.versions)


@cache
def _numbers() -> dict[Rule, int]:
    return {its: number for number, its in enumerate(all_rules())}


def number_of(its: Rule) -> int:
    """The rule's place in `all_rules`."""
    return _numbers()[its]


@cache
def _by_code() -> dict[str, Rule]:
    return {rule.code: rule for rule in all_rules()}


def rule(code: str) -> Rule:
    """The rule of this code, with the texts that all its records share; KeyError where there is none."""
    return _by_code()[code]
