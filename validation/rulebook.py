"""The rule book as a page: every code with what must hold, how much it weighs, and who says so."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.asap.specification import VERSIONS
from schemas.finding import Severity
from validation.catalogue import RULE_SET, all_rules
from validation.exemptions import EXEMPTIONS, Exemption
from validation.rule import Rule


HEAD = f"""\
Rule set `{RULE_SET}`. An **error** rejects the records it is about until they are corrected; a **warning** does not;
**info** is worth knowing. Tiers: law, standard, state guide, habit (something real senders do). A rule without versions
holds in all of them. How a record is disposed of when several rules speak: `validation/dispositions.py`.
"""

CHAPTERS = {
    "F": "Files that cannot be read",
    "S": "Structure and counts",
    "E": "Elements: required, type, length, code",
    "I": "Identifiers and product codes",
    "R": "Drugs, amounts, repeated records",
    "D": "Dates",
    "Z": "Zero reports",
    "H": "Held",
    "X": "Exempt from reporting",
    "N": "Not reportable",
}


def rule_table_markdown() -> str:
    """The page, without its title."""
    parts = [HEAD]
    for letter, chapter in CHAPTERS.items():
        lines = list(_lines(letter))
        if not lines:
            continue
        parts.append(f"## {chapter}\n")
        head = ["Code", "What must hold", "Severity", "Tier", "Source", "Versions"]
        if letter in "XN":
            head = ["Code", "What is not wanted", "Fills from", "Fills before", "Source", "Seen in a record"]
        parts.append("\n".join([_row(head), "|" + "---|" * len(head), *lines]) + "\n")
    return "\n".join(parts)


def _lines(letter: str) -> Iterator[str]:
    if letter in "XN":
        yield from (_exemption(exemption) for exemption in EXEMPTIONS if exemption.rule.code.startswith(letter))
        return
    records: dict[str, list[Rule]] = {}
    for rule in all_rules():
        if rule.code.startswith(f"{letter}-"):
            records.setdefault(rule.code, []).append(rule)
    for code, its in sorted(records.items()):
        severity = "**error**" if its[0].severity is Severity.ERROR else its[0].severity.value
        tier = its[0].tier.value.replace("_", " ")
        yield _row([f"`{code}`", its[0].title, severity, tier, its[0].source, ", ".join(_versions(its))])


def _versions(records: list[Rule]) -> tuple[str, ...]:
    """The versions that are asked; empty where all are."""
    if any(not rule.versions for rule in records):
        return ()
    asked = {version for rule in records for version in rule.versions}
    return () if asked == set(VERSIONS) else tuple(version for version in VERSIONS if version in asked)


def _exemption(exemption: Exemption) -> str:
    since, until = exemption.since, exemption.until
    return _row(
        [
            f"`{exemption.rule.code}`",
            exemption.rule.title,
            since.isoformat() if since else "",
            until.isoformat() if until else "",
            exemption.rule.source,
            "yes" if exemption.visible else "no",
        ]
    )


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
