"""The vectorised reader says what a slow, obvious reader says.

The slow reader walks through a file one segment and one element at a time, in plain Python, and shares
nothing with the real one but the tables of the standard and the names of the columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.rows import read
from schemas.asap.specification import VERSIONS, load
from schemas.dispensation import ROW_COLUMNS, ROW_SCHEMA, SAID
from schemas.identifiers import canonical_ndc_number
from schemas.reading import TRANSACTION_SCHEMA, ZERO_REPORT_SCHEMA


BLANK = " \t\r\n"
KINDS = ("TH", "IS", "PHA", "PAT", "DSP", "PRE", "CDI", "AIR", "TP", "TT")


# THE SLOW READER -------------------------------------------------------------------------------
@dataclass
class Segment:
    position: int
    transaction: int
    id: str
    elements: list[str | None]
    th: Segment | None = None
    pha: Segment | None = None
    pat: Segment | None = None
    dsp: Segment | None = None
    record: int | None = None
    seen: int | None = None


@dataclass
class Transaction:
    number: int
    header: Segment
    terminator: str
    trailer: Segment | None = None
    segments: list[Segment] = field(default_factory=list)
    strays: list[tuple[int, str | None]] = field(default_factory=list)

    @property
    def version(self) -> str:
        return (self.header.elements[0] or "").upper()


def cut(text: str) -> list[tuple[str, list[str]]]:
    """Each transaction's terminator and its segments, header first."""
    transactions = []
    rest = text.lstrip(BLANK)
    while rest:
        line = re.split(r"[\r\n]", rest, maxsplit=1)[0]
        behind_ninth = line.split("*", 9)[9] if line.count("*") >= 9 else ""
        if behind_ninth.strip("* \t"):
            terminator = behind_ninth[0]
            header_length = len(line) - len(behind_ninth) + 1
            pattern = re.escape(terminator)
        else:
            terminator, header_length, pattern = "\n", len(line), r"\r\n|\r|\n"
        segments = [rest[:header_length]]
        rest = rest[header_length:]
        while rest:
            found = re.search(pattern, rest)
            segment, rest = (rest[: found.start()], rest[found.end() :]) if found else (rest, "")
            segment = segment.strip(BLANK)
            if segment:
                segments.append(segment)
            if re.match(r"\s*TH\s*\*", rest, re.IGNORECASE):
                break
        transactions.append((terminator, segments))
        rest = rest.lstrip(BLANK)
    return transactions


def slow_read(text: str) -> list[Transaction]:  # noqa: C901, PLR0912 - one obvious loop is the point
    transactions: list[Transaction] = []
    position = 0
    for number, (terminator, texts) in enumerate(cut(text), start=1):
        current: Transaction | None = None
        th = pha = pat = dsp = None
        with_is = closed = False
        once: set[tuple[int, str]] = set()
        for raw in texts:
            position += 1
            tokens = [token.strip(BLANK) for token in raw.split("*")]
            kind = tokens[0].upper()
            segment = Segment(position, number, kind, [token or None for token in tokens[1:]])
            if current is None:
                if terminator != "\n":
                    segment.elements = [*segment.elements[:8], terminator]
                current = Transaction(number, segment, terminator)
                transactions.append(current)
                th = segment
            elif kind == "IS" and not closed and not with_is and pha is None and not once:
                with_is = True
            elif kind == "PHA" and not closed:
                pha, pat, dsp = segment, None, None
                once.add((0, "PHA"))
            elif kind == "PAT" and pha:
                pat, dsp = segment, None
            elif kind == "DSP" and pat:
                dsp = segment
            elif kind == "CDI" and dsp:
                pass
            elif kind in {"PRE", "AIR"} and dsp and (dsp.position, kind) not in once:
                once.add((dsp.position, kind))
            elif kind == "TP" and pha:
                segment.seen = position - pha.position + 1
            elif kind == "TT" and not closed:
                segment.seen = position - th.position + 1
                current.trailer = segment
            else:
                current.strays.append((position, kind if kind in KINDS else None))
                continue
            segment.th, segment.pha, segment.pat, segment.dsp = th, pha, pat, dsp
            current.segments.append(segment)
            if kind in {"TP", "TT"}:
                pha = pat = dsp = None
            closed = closed or kind == "TT"
    return transactions


def number_records(transactions: list[Transaction]) -> None:
    record = 0
    for transaction in transactions:
        for segment in transaction.segments:
            if segment.id == "DSP" and segment.pat and not is_zero(segment.pat):
                record += 1
                segment.record = record
                segment.pat.record = segment.pat.record or record
            elif segment.id in {"PRE", "CDI", "AIR"} and segment.dsp:
                segment.record = segment.dsp.record


def refused(transaction: Transaction) -> str | None:
    if transaction.version not in VERSIONS:
        return "F-VERSION"
    return None if transaction.trailer else "F-TORN"


def is_zero(pat: Segment) -> bool:
    return (sent(pat, 7) or "").upper() == "REPORT" and (sent(pat, 8) or "").upper() == "ZERO"


def sent(segment: Segment | None, n: int, width: int = 99) -> str | None:
    return segment.elements[n - 1] if segment and n <= min(len(segment.elements), width) else None


def as_date(value: str | None) -> date | None:
    if value is None or not re.fullmatch("[1-9][0-9]{7}", value):
        return None
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return None


def as_int(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch("[0-9]+", value) and int(value) < 2**31 else None


def as_float(value: str | None) -> float | None:
    return float(value) if value and re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", value) else None


def slow_rows(transactions: list[Transaction]) -> list[dict[str, Any]]:
    return [
        slow_row(transaction, dsp)
        for transaction in transactions
        for dsp in transaction.segments
        if dsp.id == "DSP" and dsp.record
    ]


def slow_row(transaction: Transaction, dsp: Segment) -> dict[str, Any]:
    version = transaction.version
    below = [s for s in transaction.segments if s.dsp is dsp and s is not dsp]
    pre = next((s for s in below if s.id == "PRE"), None)
    sources = {"DSP": dsp, "PAT": dsp.pat, "PHA": dsp.pha, "PRE": pre}
    widths = {kind: len(segment.elements) for kind, segment in load(version).segments.items()}

    def get(element: str) -> str | None:
        return sent(sources[element[:3]], int(element[3:]), widths[element[:3]])

    row: dict[str, Any] = {
        "transaction": transaction.number,
        "record": dsp.record,
        "position": dsp.position,
        "version": version,
        "pha_position": dsp.pha.position if dsp.pha else None,
        "pat_position": dsp.pat.position if dsp.pat else None,
        "pre_position": pre.position if pre else None,
    }
    types = {pl.Date: as_date, pl.Int32: as_int, pl.Float64: as_float}
    for column in SAID:
        if column.name != "ingredients":
            value = get(column.elements[0])
            row[column.name] = types[column.dtype](value) if column.dtype in types else value
    if version in {"4.1", "4.2"} and get("DSP01") is None:
        row["reporting_status"] = "00"
    if version == "4.1":
        row["partial_fill"] = {"01": 1, "02": 0}.get(get("DSP13") or "")
    row["rxnorm_code"] = get("DSP18" if version == "4.1" else "DSP19")
    row["erx_reference"] = get("DSP19" if version == "4.1" else "DSP20")
    row["ndc"] = canonical_ndc_number(get("DSP08") or "") if get("DSP07") == "01" else None
    row["ingredients"] = [
        {
            "sequence": sent(cdi, 1),
            "product_qualifier": sent(cdi, 2),
            "product_id": sent(cdi, 3),
            "quantity": as_float(sent(cdi, 4)),
            "dosage_units": sent(cdi, 5),
        }
        for cdi in below
        if cdi.id == "CDI" and any(sent(cdi, place) for place in range(1, 6))
    ] or None
    return row


def slow_zero_reports(transactions: list[Transaction]) -> list[dict[str, Any]]:
    reports = []
    for transaction in transactions:
        source = next((s for s in transaction.segments if s.id == "IS"), None)
        found = re.search(r"#([0-9]{8})#[ \t]*-[ \t]*#([0-9]{8})#", sent(source, 3) or "")
        stated = (as_date(found[1]), as_date(found[2])) if found else (None, None)
        for pat in transaction.segments:
            if pat.id == "PAT" and is_zero(pat):
                day = next((as_date(sent(s, 5)) for s in transaction.segments if s.id == "DSP" and s.pat is pat), None)
                covers = stated if None not in stated else (day, day)
                reports.append(
                    {
                        "transaction": transaction.number,
                        "position": pat.position,
                        "pha_position": pat.pha.position if pat.pha else None,
                        "pharmacy_dea": sent(pat.pha, 3),
                        "pharmacy_ncpdp": sent(pat.pha, 2),
                        "pharmacy_npi": sent(pat.pha, 1),
                        "covers_from": covers[0],
                        "covers_to": covers[1],
                    }
                )
    return reports


def slow_segments(transactions: list[Transaction], kind: str, columns: list[str]) -> list[dict[str, Any]]:
    found = []
    for transaction in transactions:
        width = len(load(transaction.version).segments[kind].elements)
        for segment in transaction.segments:
            if segment.id != kind:
                continue
            places = {
                "position": segment.position,
                "transaction": transaction.number,
                "pha_position": segment.pha.position if segment.pha and kind not in {"TH", "IS", "TT"} else None,
                "pat_position": segment.pat.position if segment.pat else None,
                "record": segment.record,
                "segments_seen": segment.seen,
                "surplus": any(segment.elements[width:]),
            }
            elements = {f"{kind}{n:02d}": sent(segment, n, width) for n in range(1, 40)}
            found.append({name: (places | elements)[name] for name in columns})
    return found


# FILES -----------------------------------------------------------------------------------------
TERMINATORS = ["~", "~", "~", "\\", "\n", "|", "^", "§", "\x1e", '"']
TEXT = st.text(alphabet="ABCZ abcÉñ0123456789.,-'#?&", max_size=14).map(str.strip)
DATES = st.sampled_from(["20240305", "20240229", "20230229", "2024035", "19800101", "00000000", "+2024030", "2024-3-5"])
NUMBERS = st.sampled_from(
    ["0", "1", "00", "01", "02", "7", "30", "2.5", ".5", "5.", "-1", "+1", "1e3", "12345678901", "x"]
)
PRODUCTS = st.sampled_from(["65162062750", "51655-089-52", "0574-4072-05", "5165508952", "99999ABC123", "123"])
NAMES = st.sampled_from(["REPORT", "Report", "ZERO", "zero", "SAMPLE"])
VALUES = st.one_of(TEXT, DATES, NUMBERS, st.just(""), st.just(""))
OFTEN = {
    "IS03": st.sampled_from(["#20240301#-#20240305#", "Of #20240301# - #20240305#", "#20240301#-#20240399#", "", "x"]),
    "PAT07": NAMES, "PAT08": NAMES, "PAT18": DATES, "DSP01": st.sampled_from(["", "00", "01", "02"]),
    "DSP03": DATES, "DSP05": DATES, "DSP17": DATES, "DSP07": st.sampled_from(["01", "01", "06", "1"]),
    "DSP08": PRODUCTS, "DSP09": NUMBERS, "DSP10": NUMBERS, "DSP13": NUMBERS, "DSP22": NUMBERS, "CDI04": NUMBERS,
}  # fmt: skip


@st.composite
def segment(draw: st.DrawFn, kind: str, version: str, unwanted: str) -> str:
    """One segment: short, whole or longer than defined, its elements perhaps padded, its id perhaps small."""
    width = len(load(version).segments[kind].elements)
    length = draw(st.one_of(st.just(width), st.integers(0, width + 3)))
    values = [
        draw(OFTEN.get(f"{kind}{n:02d}", VALUES) if n <= width or draw(st.booleans()) else st.just(""))
        for n in range(1, length + 1)
    ]
    if draw(st.booleans()):
        values = [
            draw(st.sampled_from(["", "", "", " ", "  ", "\t"])) + value + draw(st.sampled_from(["", "", " "]))
            for value in values
        ]
    written = "*".join([draw(st.sampled_from([kind] * 5 + [kind.lower(), f"{kind} "])), *values])
    return "".join(char for char in written if char not in unwanted)


@st.composite
def transaction(draw: st.DrawFn) -> str:
    version = draw(st.sampled_from(VERSIONS))
    terminator = draw(st.sampled_from(TERMINATORS))
    between = draw(st.sampled_from(["", "\n", "\r\n", "\n\n", " \n"]))
    ends = draw(st.sampled_from(["\n", "\r\n", "\r"])) if terminator == "\n" else terminator + between
    unwanted = "\r\n" if terminator == "\n" else terminator
    whole = draw(st.integers(0, 9)) > 0

    def one(kind: str) -> list[str]:
        if not whole and draw(st.integers(0, 5)) == 0:
            return []
        written = [draw(segment(kind, version, unwanted))]
        if not whole and draw(st.integers(0, 5)) == 0:
            written.append(
                draw(st.sampled_from(["XX*1", "PRE*1", "TP*1", "DSP*00", "AIR*", "IS*1", "X", "PATIENT*1", "", " "]))
            )
        return written

    lines = one("IS")
    for _ in range(draw(st.integers(0, 2))):
        lines += one("PHA")
        for _ in range(draw(st.integers(0, 2))):
            lines += one("PAT")
            for _ in range(draw(st.integers(0, 2))):
                lines += one("DSP") + one("PRE")
                lines += [line for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))) for line in one("CDI")]
                lines += one("AIR") if draw(st.booleans()) else []
        lines += one("TP")
    if draw(st.integers(0, 19)):
        lines.append(f"TT*{draw(st.integers(0, 9))}*{len(lines) + 2}")
    written_version = draw(st.sampled_from([version] * 9 + [version.lower()] * 9 + ["4.3"]))
    header = f"TH*{written_version}*{draw(st.integers(0, 9))}*01**20240305*2105*{draw(st.sampled_from('PTp'))}**"
    double = draw(st.sampled_from([True, True, False]))
    return (
        header
        + (ends if terminator == "\n" else terminator + (ends if double else between))
        + "".join(line + ends for line in lines)
    )


FILES = st.lists(transaction(), min_size=1, max_size=3).map("".join)


def check(text: str, data: bytes) -> None:
    reading = read(data)
    transactions = slow_read(text)
    codes = [code for transaction in transactions if (code := refused(transaction))]
    transactions = [transaction for transaction in transactions if not refused(transaction)]
    number_records(transactions)
    if not transactions:
        assert reading.refused
        assert [refusal.code for refusal in reading.refusals] in (codes[:1], ["F-NOT-ASAP"])
        return
    assert [refusal.code for refusal in reading.refusals] == codes
    assert reading.transactions.schema == TRANSACTION_SCHEMA
    assert reading.transactions.to_dicts() == [
        {
            "transaction": t.number,
            "version": t.version,
            "control_number": sent(t.header, 2),
            "transaction_type": sent(t.header, 3),
            "file_type": (sent(t.header, 7) or "").upper() or None,
            "terminator": t.terminator,
            "position": t.header.position,
            "trailer_position": t.trailer.position if t.trailer else None,
            "segments_seen": t.trailer.seen if t.trailer else None,
        }
        for t in transactions
    ]
    strays = [(position, t.number, kind) for t in transactions for position, kind in t.strays]
    assert reading.strays.rows() == strays
    for kind in KINDS:
        frame = reading.segments[kind]
        assert frame.to_dicts() == slow_segments(transactions, kind, frame.columns), kind
    assert reading.rows.schema == ROW_SCHEMA
    assert reading.rows.columns == [column.name for column in ROW_COLUMNS]
    assert reading.rows.to_dicts() == slow_rows(transactions)
    assert reading.zero_reports.schema == ZERO_REPORT_SCHEMA
    assert reading.zero_reports.to_dicts() == slow_zero_reports(transactions)


@given(FILES)
def test_the_reader_says_what_the_slow_reader_says(text: str) -> None:
    check(text, text.encode())


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=2000, derandomize=False)
@given(FILES)
def test_the_reader_says_what_the_slow_reader_says_at_length(text: str) -> None:
    check(text, text.encode())


@given(
    FILES,
    st.sampled_from(["", "\ufeff", " \r\n", "\ufeff\n"]),
    st.sampled_from(["", "\r\n", "\x1a", "\r\n\x1a", "\0\0"]),
)
def test_what_stands_around_a_file_changes_nothing(text: str, before: str, after: str) -> None:
    check(text, (before + text + after).encode())


@given(FILES.filter(lambda text: not set(text) & set("§")))
def test_latin_1_reads_as_utf_8_does(text: str) -> None:
    data = text.encode("latin-1")
    check(text, data)
