"""What goes back to the sender: the file status report, as text for a person and JSON for a program.

The fields are those that dispensers know from their clearinghouse (asap.md section 7). A report says
what was wrong, where, and what to do; it holds no value from the file, so it may lie in a folder.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.results import Result
from schemas.submission import Submission


@dataclass(frozen=True)
class Letterhead:
    """Who answers: the state's name and whom to ask (P-003)."""

    state: str
    contact: str
    program: str


# Fits a terminal and a printed page.
WIDTH = 80

OUTCOMES = {
    "accepted": "ACCEPTED",
    "accepted_with_errors": "ACCEPTED, WITH RECORDS TO CORRECT",
    "refused": "REFUSED: nothing in this file was taken",
}

NEXT_STEPS = {
    "accepted": "Nothing to do.",
    "accepted_with_errors": (
        "Correct the rejected records and send them again in a new file. Records that were accepted need not be "
        "sent again; if they are, they are counted as duplicates and do no harm."
    ),
    "refused": "Mend what the finding below names and send the whole file again.",
}
TESTED = "This was a test, and nothing of it was stored: send dispensations with P in TH07."
WAITS = "Part of this file is held; the findings say why and what to do. Do not send that part again."
UNCHANGED = (
    "Records that were already known were left as they are, also where they differ: to change one, send it as a "
    "revision (01 in DSP01)."
)

# The order and the words of asap.md section 7; the key is the total that fills the line.
LINES: tuple[tuple[str, str], ...] = (
    ("Total records", "records"),
    ("Records accepted", "accepted"),
    ("  of these with warnings", "with_warnings"),
    ("  of these already known (duplicates, not stored again)", "duplicates"),
    ("Records with errors, rejected", "rejected"),
    ("Records exempt from reporting, not stored", "exempt"),
    ("Records not reportable, not stored", "not_reportable"),
    ("Records in process, held for the administrator", "held"),
)


def as_json(
    submission: Submission, result: Result, findings: Sequence[Mapping[str, Any]], head: Letterhead
) -> dict[str, Any]:
    """The report as a JSON object; `findings` already carry their sentences."""
    shown = {part.dispenser_id: part.dea or part.ncpdp or part.npi for part in result.pharmacies}
    return {
        "report": "file_status",
        "state": head.state,
        "program": head.program,
        "submission_id": submission.id,
        "file": submission.name,
        "received_at": submission.received_at.isoformat(),
        "channel": submission.channel,
        "bytes": submission.size,
        "sha256": submission.digest,
        "outcome": result.outcome,
        "kind": result.kind,
        "test": result.test,
        "versions": list(result.versions),
        "same_bytes_as": result.duplicate_of,
        "totals": asdict(result.totals),
        "pharmacies": [
            {"dea": part.dea, "ncpdp": part.ncpdp, "npi": part.npi, "totals": asdict(part.totals)}
            for part in result.pharmacies
        ],
        "days_covered": [
            {
                "pharmacy": shown.get(days.dispenser_id),
                "from": days.covers_from.isoformat(),
                "to": days.covers_to.isoformat(),
                "by": days.source,
            }
            for days in result.coverage
        ],
        "findings": [dict(finding) for finding in findings],
        "waiting": result.waiting,
        "next_step": _next_step(result),
        "contact": head.contact,
        "rule_set": result.rule_set,
        "drug_edition": result.drug_edition,
    }


def _next_step(result: Result) -> str:
    """What the sender should do about the file as a whole."""
    steps = [NEXT_STEPS[result.outcome]]
    if result.test and result.outcome != "refused":
        steps.append(TESTED)
    if result.waiting:
        steps.append(WAITS)
    if result.totals.duplicates and not result.test:
        steps.append(UNCHANGED)
    if len(steps) > 1 and result.outcome == "accepted":
        steps = steps[1:]
    return " ".join(steps)


def as_text(report: Mapping[str, Any]) -> str:
    """The same report for a person, at most `WIDTH` columns wide but for long file names."""
    title = "FILE STATUS REPORT" + ("  ·  TEST FILE, NOTHING STORED" if report["test"] else "")
    lines = [
        f"{title}",
        f"{report['state']} prescription monitoring program",
        "",
        f"File         {report['file']}",
        f"Submission   {report['submission_id']}",
        f"Received     {report['received_at'][:19].replace('T', ' ')} UTC, {report['bytes']:,} bytes",
        f"Content      ASAP {', '.join(report['versions']) or 'version not readable'}, {report['kind']}",
        f"Result       {OUTCOMES[report['outcome']]}{', PART OF IT HELD' if report['waiting'] else ''}",
    ]
    if report["same_bytes_as"]:
        lines.append(f"Note         the same bytes came before, as submission {report['same_bytes_as']}")
    lines += ["", *_wrapped("What to do   ", report["next_step"]), ""]
    lines += _table("WHOLE FILE", report["totals"])
    if len(report["pharmacies"]) > 1:
        for part in report["pharmacies"]:
            lines += _table(f"PHARMACY {_identifiers(part)}", part["totals"])
    elif report["pharmacies"]:
        lines += [f"Pharmacy     {_identifiers(report['pharmacies'][0])}", ""]
    zero = [
        f"Days covered by a zero report: {day['from']} to {day['to']}, pharmacy {day['pharmacy']}"
        for day in report["days_covered"]
        if day["by"] == "zero_report"
    ]
    lines += [*zero, ""] if zero else []
    lines += _findings(report["findings"])
    lines += [
        "",
        f"Questions: {report['contact']}",
        f"Rules {report['rule_set']} · drugs {report['drug_edition']} · {report['program']}",
    ]
    return "\n".join(lines) + "\n"


def _wrapped(before: str, text: str) -> list[str]:
    """`text` after `before`, its further lines under its first."""
    return textwrap.wrap(text, WIDTH, initial_indent=before, subsequent_indent=" " * len(before))


def _identifiers(part: Mapping[str, Any]) -> str:
    named = [f"{word} {part[key]}" for word, key in (("DEA", "dea"), ("NCPDP", "ncpdp"), ("NPI", "npi")) if part[key]]
    return ", ".join(named) or "without identifier"


def _table(title: str, totals: Mapping[str, int]) -> list[str]:
    return [title, *(f"  {words:<58}{totals[key]:>8,}" for words, key in LINES), ""]


def _findings(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    if not findings:
        return ["No findings."]
    lines = [f"FINDINGS ({len(findings):,})"]
    for finding in findings:
        place = [f"segment {finding['position']}"] if finding["position"] else []
        place += [f"record {finding['record']}"] if finding["record"] else []
        place += [str(finding["element"] or finding["segment"])] if finding["segment"] else []
        place += [f"pharmacy {finding['pharmacy']}"] if finding["pharmacy"] else []
        lines += [
            "",
            f"  {finding['severity'].upper()} {finding['code']}  ({', '.join(place) or 'whole file'})",
            *_wrapped("    ", finding["message"]),
            *_wrapped("    To do: ", finding["remedy"]),
        ]
    return lines


def file_names(submission: Submission) -> tuple[str, str]:
    """The names of a submission's reports: the sender's own file name first, so that both sort together."""
    return f"{submission.name}.{submission.id}.txt", f"{submission.name}.{submission.id}.json"


def deliver(folder: Path, submission: Submission, report: Mapping[str, Any]) -> None:
    """Put both forms of the report into the sender's folder, each in one step and safe on the disk."""
    # Each level apart: a parent made on the way would be readable by everybody (P-128).
    for level in (folder.parent, folder):
        level.mkdir(exist_ok=True, mode=0o700)
    text_name, json_name = file_names(submission)
    _write(folder / json_name, json.dumps(report, ensure_ascii=False, indent=1))
    _write(folder / text_name, as_text(report))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8") as file:
        draft.chmod(0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
