"""What came of the month, as tables: what came in, what was rejected and why, what was exempt, who is late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rich.table import Table

from access.dispensers import list_dispensers
from ingest.ledger import Ledger
from lookup.coverage import reported_through
from lookup.freshness import owed_through
from pdmp.wiring import Installation
from schemas.finding import Severity
from validation.exemptions import EXEMPTIONS
from validation.explain import explain


COUNTS = ("records", "accepted", "with_warnings", "rejected", "exempt", "not_reportable", "held", "duplicates")


def came_in(ledger: Ledger, names: Mapping[str, str]) -> Table:
    """Files and records by sender; `names`: account -> name at the door."""
    table = _table("What came in", "sender", "files", *(word.replace("_", " ") for word in COUNTS))
    sums: dict[str, list[int]] = {}
    for entry in ledger.newest(100_000):
        row = sums.setdefault(names.get(entry.submission.sender, "?"), [0] * (len(COUNTS) + 1))
        for place, number in enumerate((1, *(getattr(entry.totals, word) for word in COUNTS))):
            row[place] += number
    for sender, numbers in sorted(sums.items()):
        table.add_row(sender, *map(str, numbers))
    table.add_section()
    table.add_row("all", *(str(sum(column)) for column in zip(*sums.values(), strict=True)), style="bold")
    return table


def rejected(ledger: Ledger) -> Table:
    """Why records were rejected, by rule."""
    table = _table("What was rejected, and why", "rule", "times", "what was wrong", "what to do")
    for code, severity, times in ledger.finding_counts():
        if severity == Severity.ERROR:
            words = explain(code)
            table.add_row(code, str(times), words.message, words.remedy)
    return table


def exempt(ledger: Ledger) -> Table:
    """What the law does not want stored, by rule."""
    codes = {exemption.rule.code for exemption in EXEMPTIONS}
    table = _table("What was exempt or not reportable, by rule", "rule", "records", "what it says", "source")
    for code, _, times in ledger.finding_counts():
        if code in codes:
            words = explain(code)
            table.add_row(code, str(times), words.title, words.source)
    return table


def not_reported(installation: Installation, today: date) -> Table:
    """Which dispensers have not reported a day they owe."""
    table = _table("Who did not report", "dispenser", "name", "reports", "last day covered")
    with installation.database.reading() as session:
        names = {one.dispenser_id: one.name for one in list_dispensers(session)}
        through = reported_through(session)
    for one in through:
        if one.through is None or one.through < owed_through(one.cadence, today):
            day = one.through.isoformat() if one.through else "never reported"
            table.add_row(one.dispenser_id, names[one.dispenser_id], one.cadence, day)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        numeric = column in {"files", "times", *(word.replace("_", " ") for word in COUNTS)}
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=place == 0)
    return table
