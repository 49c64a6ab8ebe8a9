"""The file status report, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ingest.acknowledge import TESTED, UNCHANGED, WAITS, Letterhead, as_json, as_text, deliver
from ingest.results import Covered, PharmacyOutcome, Result
from schemas.finding import FINDING_SCHEMA
from schemas.submission import Submission
from validation.totals import Totals


HEAD = Letterhead("Example", "help@example.org", "open-pdmp 9")
SUBMISSION = Submission(
    id="20260306T010203000000-abcdefghij",
    sender="a-1",
    name="day.dat",
    digest="0" * 64,
    size=1234,
    received_at=datetime(2026, 3, 6, 1, 2, 3, tzinfo=UTC),
    channel="sftp",
)
TOTALS = Totals(records=3, accepted=2, rejected=1, duplicates=1)
RESULT = Result(
    submission_id=SUBMISSION.id,
    outcome="accepted_with_errors",
    kind="dispensing",
    test=False,
    versions=["4.2B"],
    totals=TOTALS,
    waiting=0,
    pharmacies=[PharmacyOutcome(3, "d-1", "FX1234563", None, None, TOTALS)],
    coverage=[Covered("d-1", date(2026, 3, 4), date(2026, 3, 5), "zero_report")],
    findings=pl.DataFrame(schema=FINDING_SCHEMA),
    rule_set="ct-1",
    drug_edition="e",
    duplicate_of=None,
)
FINDING = {
    "code": "E-DSP10-REQUIRED",
    "severity": "error",
    "tier": "standard",
    "transaction": 1,
    "pharmacy": "FX1234563",
    "segment": "DSP",
    "element": "DSP10",
    "record": 2,
    "position": 8,
    "message": "Days Supply (DSP10) is missing.",
    "remedy": "Fill it in and send the record again.",
}

TEXT = """\
FILE STATUS REPORT
Example prescription monitoring program

File         day.dat
Submission   20260306T010203000000-abcdefghij
Received     2026-03-06 01:02:03 UTC, 1,234 bytes
Content      ASAP 4.2B, dispensing
Result       ACCEPTED, WITH RECORDS TO CORRECT

What to do   Correct the rejected records and send them again in a new file.
             Records that were accepted need not be sent again; if they are,
             they are counted as duplicates and do no harm. Records that were
             already known were left as they are, also where they differ: to
             change one, send it as a revision (01 in DSP01).

WHOLE FILE
  Total records                                                    3
  Records accepted                                                 2
    of these with warnings                                         0
    of these already known (duplicates, not stored again)          1
  Records with errors, rejected                                    1
  Records exempt from reporting, not stored                        0
  Records not reportable, not stored                               0
  Records in process, held for the administrator                   0

Pharmacy     DEA FX1234563

Days covered by a zero report: 2026-03-04 to 2026-03-05, pharmacy FX1234563

FINDINGS (1)

  ERROR E-DSP10-REQUIRED  (segment 8, record 2, DSP10, pharmacy FX1234563)
    Days Supply (DSP10) is missing.
    To do: Fill it in and send the record again.

Questions: help@example.org
Rules ct-1 · drugs e · open-pdmp 9
"""


def test_the_text_reads_like_this() -> None:
    assert as_text(as_json(SUBMISSION, RESULT, [FINDING], HEAD)) == TEXT


def test_no_line_is_wider_than_a_screen() -> None:
    assert max(len(line) for line in TEXT.splitlines()) <= 80


def test_json_has_what_the_text_has() -> None:
    report = as_json(SUBMISSION, RESULT, [FINDING], HEAD)
    assert report["totals"] == report["pharmacies"][0]["totals"]
    assert report["totals"]["duplicates"] == 1
    assert report["findings"] == [FINDING]
    assert report["days_covered"] == [
        {"pharmacy": "FX1234563", "from": "2026-03-04", "to": "2026-03-05", "by": "zero_report"}
    ]


def told(**changes: Any) -> dict[str, Any]:
    usual = {"outcome": "accepted", "totals": Totals(records=1, accepted=1)}
    return as_json(SUBMISSION, replace(RESULT, **(usual | changes)), [], HEAD)


def test_nobody_is_told_that_there_is_nothing_to_do_where_something_waits() -> None:
    report = told(totals=Totals(records=1, held=1), waiting=1)
    assert report["next_step"] == WAITS
    assert "Result       ACCEPTED, PART OF IT HELD\n" in as_text(report)
    # A zero report that waits is no record, so that no total shows it.
    assert told(totals=Totals(), kind="zero", waiting=1)["next_step"] == WAITS
    assert told()["next_step"] == "Nothing to do."


def test_a_test_file_is_not_mistaken_for_a_report() -> None:
    assert told(test=True)["next_step"] == TESTED
    assert TESTED not in told(test=True, outcome="refused")["next_step"]
    assert told(test=True, totals=Totals(records=2, accepted=2, duplicates=1))["next_step"] == TESTED


def test_whoever_sends_a_known_record_again_learns_that_it_was_not_changed() -> None:
    assert told(totals=Totals(records=1, accepted=1, duplicates=1))["next_step"] == UNCHANGED


def test_both_forms_are_delivered_whole_and_to_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "a-1"
    report = as_json(SUBMISSION, RESULT, [FINDING], HEAD)
    deliver(folder, SUBMISSION, report)
    deliver(folder, SUBMISSION, report)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"day.dat.{SUBMISSION.id}.json", f"day.dat.{SUBMISSION.id}.txt"]
    assert json.loads((folder / names[0]).read_text(encoding="utf-8")) == report
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert {level.stat().st_mode & 0o777 for level in (folder, folder.parent)} == {0o700}
