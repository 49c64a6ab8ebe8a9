"""What real writers do (asap.md 1.3, 1.4 and 13), each read as meant."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.rows import read


def file(*segments: str, version: str = "4.2A", transaction_type: str = "01", end: str = "~\n") -> bytes:
    header = f"TH*{version}*1*{transaction_type}**20240305*2105*P**~"
    return end.join([header, *segments, f"TT*1*{len(segments) + 2}", ""]).encode()


IS = "IS*5550000000*EXAMPLE PHARMACY"
PHA = "PHA*1234567893*0000000*FX1234563*EXAMPLE PHARMACY"
PAT = "PAT*******SAMPLE*ALEX****2 EXAMPLE ST**HARTFORD*CT*06103**19800101*U*01"
DSP = "DSP*00*100001*20240304*0*20240305*0*01*65162062750*30*7"
PRE = "PRE*1234567893*AB1234563"


# ELEMENTS --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "kind", "elements"),
    [
        ("PRE*********", "PRE", {}),  # padded to the version's last element
        ("PRE*", "PRE", {}),
        ("PRE", "PRE", {}),
        ("PRE*1234567893***", "PRE", {"PRE01": "1234567893"}),
        ("PRE*1234567893" + "*" * 40, "PRE", {"PRE01": "1234567893"}),
        ("pre*1234567893", "PRE", {"PRE01": "1234567893"}),
        (" PRE * 1234567893 *\tAB1234563\t", "PRE", {"PRE01": "1234567893", "PRE02": "AB1234563"}),
        ("PRE*  *   * ", "PRE", {}),
        ('PRE*****O\'NEIL "RED", JR*ROBIN?', "PRE", {"PRE05": 'O\'NEIL "RED", JR', "PRE06": "ROBIN?"}),
    ],
)
def test_short_padded_and_spaced_segments(written: str, kind: str, elements: dict[str, str]) -> None:
    reading = read(file(IS, PHA, PAT, DSP, written, "TP*5"))
    segment = reading.segments[kind].row(0, named=True)
    assert {name: value for name, value in segment.items() if name.startswith(kind) and value} == elements
    assert segment["surplus"] is False
    assert reading.rows.height == 1
    assert reading.strays.is_empty()


@pytest.mark.parametrize("surplus", ["X", "*X", "****X", "X*", " X "])
def test_what_stands_beyond_the_last_element_and_is_not_empty_is_surplus(surplus: str) -> None:
    segments = read(file(IS, PHA, PAT, DSP, "PRE*********" + "*" + surplus, "TP*5")).segments
    assert segments["PRE"]["surplus"].to_list() == [True]
    assert segments["PRE"].columns[-1] == "PRE09"
    assert not segments["DSP"]["surplus"].any()


def test_surplus_is_held_against_the_transactions_own_version() -> None:
    both = file(IS, PHA, PAT, DSP, "PRE*" + "*" * 9 + "CT", "TP*5") + file(
        IS, PHA, PAT, DSP, "PRE*" + "*" * 9 + "CT", "TP*5", version="4.2B"
    )
    segments = read(both).segments["PRE"]
    assert segments.select("transaction", "surplus", "PRE10").rows() == [(1, True, None), (2, False, "CT")]


def test_a_stray_separator_makes_is_four_elements() -> None:
    reading = read(file("IS*5550000000*EXAMPLE PHARMACY**", PHA, "TP*2"))
    assert reading.segments["IS"].select("IS03", "surplus").rows() == [(None, False)]


def test_line_ends_inside_a_segment_belong_to_the_value_only_where_text_is_on_both_sides() -> None:
    reading = read(file(IS, PHA, PAT.replace("SAMPLE*", "SAMPLE\r\n*\n"), DSP + "\r\n", PRE, "TP*5"))
    assert reading.rows.select("last_name", "first_name", "days_supply").rows() == [("SAMPLE", "ALEX", 7)]
    assert read(file(IS, PHA, PAT.replace("2 EX", "2\nEX"), DSP, PRE, "TP*5")).rows["address_1"].to_list() == [
        "2\nEXAMPLE ST"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_names_that_are_not_ascii(encoding: str) -> None:
    data = file(IS, PHA, PAT.replace("SAMPLE", "MUÑOZ-GÜÉ"), DSP, PRE, "TP*5").decode().encode(encoding)
    assert read(data).rows["last_name"].to_list() == ["MUÑOZ-GÜÉ"]


def test_the_apostrophe_of_windows() -> None:
    data = file(IS, PHA, PAT.replace("SAMPLE", "O\u2019NEIL"), DSP, PRE, "TP*5").decode().encode("cp1252")
    assert read(data).rows["last_name"].to_list() == ["O\u2019NEIL"]


def test_a_byte_order_mark() -> None:
    assert read(b"\xef\xbb\xbf" + file(IS, PHA, PAT, DSP, PRE, "TP*5")).rows.height == 1


# STRUCTURE -------------------------------------------------------------------------------------
def test_several_dispensations_under_one_patient_and_several_patients() -> None:
    again = DSP.replace("100001", "100002")
    third = DSP.replace("100001", "100003")
    other = PAT.replace("ALEX", "ROBIN")
    reading = read(file(IS, PHA, PAT, DSP, PRE, again, "PRE*1993999998", other, third, PRE, "TP*10"))
    assert reading.rows.select("record", "rx_number", "first_name", "prescriber_npi", "pat_position").rows() == [
        (1, "100001", "ALEX", "1234567893", 4),
        (2, "100002", "ALEX", "1993999998", 4),
        (3, "100003", "ROBIN", "1234567893", 9),
    ]
    assert reading.segments["PAT"].select("position", "record").rows() == [(4, 1), (9, 3)]


def test_several_pharmacies_in_one_transaction() -> None:
    second = "PHA*1993999998*0000001*FX7654321"
    reading = read(file(IS, PHA, PAT, DSP, PRE, "TP*5", second, PAT, DSP, PRE, PAT, DSP, PRE, "TP*8"))
    assert reading.rows.select("record", "pha_position", "pharmacy_dea").rows() == [
        (1, 3, "FX1234563"), (2, 8, "FX7654321"), (3, 8, "FX7654321"),
    ]  # fmt: skip
    assert reading.segments["TP"]["segments_seen"].to_list() == [5, 8]


def test_a_dispensation_without_prescriber_is_still_a_row() -> None:
    rows = read(file(IS, PHA, PAT, DSP, PAT, DSP, PRE, "TP*7")).rows
    assert rows.select("record", "pre_position", "prescriber_dea").rows() == [(1, None, None), (2, 8, "AB1234563")]


def test_compounds() -> None:
    compound = DSP.replace("*01*65162062750*", "*06*99999ABC123*")
    cdi = ["CDI*1*01*65162062750*2.5*01", "CDI*2*01*00574407205*x"]
    rows = read(file(IS, PHA, PAT, DSP, PRE, PAT, compound, PRE, *cdi, "AIR*", "TP*11")).rows
    assert rows["ndc"].to_list() == ["65162062750", None]
    assert rows["product_id"].to_list() == ["65162062750", "99999ABC123"]
    assert rows["ingredients"][0] is None
    assert [tuple(ingredient.values()) for ingredient in rows["ingredients"][1]] == [
        ("1", "01", "65162062750", 2.5, "01"),
        ("2", "01", "00574407205", None, None),
    ]
    assert list(rows["ingredients"][1][0]) == [
        "sequence", "product_qualifier", "product_id", "quantity", "dosage_units",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("segments", "strays"),
    [
        ([IS, DSP, PHA, PAT, DSP, PRE, "TP*5"], [(3, 1, "DSP")]),  # no PAT
        ([IS, PAT, PHA, PAT, DSP, PRE, "TP*5"], [(3, 1, "PAT")]),  # no PHA
        ([IS, PHA, PRE, PAT, DSP, PRE, "TP*5"], [(4, 1, "PRE")]),  # no DSP
        ([IS, PHA, PAT, DSP, PRE, PRE, "TP*6"], [(7, 1, "PRE")]),  # a second PRE
        ([IS, PHA, PAT, DSP, PRE, "AIR*", "AIR*", "TP*7"], [(8, 1, "AIR")]),
        ([IS, IS, PHA, PAT, DSP, PRE, "TP*5"], [(3, 1, "IS")]),
        ([IS, PHA, PAT, DSP, PRE, "TP*5", "TP*5", PAT], [(8, 1, "TP"), (9, 1, "PAT")]),
        ([IS, PHA, PAT, DSP, PRE, "XX*1", "PATIENT*1", "TP*7"], [(7, 1, None), (8, 1, None)]),
        ([IS, PHA, PAT, DSP, PRE, "TP*5", "TT*1*8", "TT*1*9", "PHA*1"], [(9, 1, "TT"), (10, 1, "PHA"), (11, 1, "TT")]),
    ],
)
def test_segments_where_none_may_stand(segments: list[str], strays: list[tuple[int, int, str | None]]) -> None:
    reading = read(file(*segments))
    assert reading.strays.rows() == strays
    assert reading.rows.height == 1
    assert reading.refusals == ()


def test_a_void_of_a_transaction_is_th_and_tt_alone() -> None:
    reading = read(file(transaction_type="04"))
    assert reading.refusals == ()
    assert reading.transactions.select("transaction_type", "segments_seen").rows() == [("04", 2)]
    assert reading.rows.is_empty()


def test_several_transactions_of_several_versions_and_terminators() -> None:
    def one(version: str, terminator: str, rx: str, partial: str) -> bytes:
        data = file(
            IS,
            PHA,
            PAT,
            f"DSP**{rx}*20240304*0*20240305*0*01*65162062750*30*7***{partial}",
            PRE,
            "TP*5",
            version=version,
        )
        return data.replace(b"~", terminator.encode())

    data = (
        one("4.1", "~", "1", "02")
        + one("4.2b", "\\", "2", "02")
        + one("5.0", "", "3", "00")
        + one("4.2", "~", "4", "01")
    )
    reading = read(data)
    assert reading.refusals == ()
    assert reading.transactions.select("transaction", "version", "terminator", "position").rows() == [
        (1, "4.1", "~", 1), (2, "4.2B", "\\", 9), (3, "5.0", "\n", 17), (4, "4.2", "~", 25),
    ]  # fmt: skip
    assert reading.rows.select("record", "rx_number", "reporting_status", "partial_fill").rows() == [
        (1, "1", "00", 0), (2, "2", None, 2), (3, "3", None, 0), (4, "4", "00", 1),
    ]  # fmt: skip


# VALUES ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("version", "dsp01", "status"),
    [
        ("4.1", "", "00"),
        ("4.2", "", "00"),
        ("4.2A", "", None),
        ("4.2B", "", None),
        ("5.0", "", None),
        ("4.1", "02", "02"),
        ("4.2B", "01", "01"),
    ],
)
def test_an_empty_reporting_status_means_new_only_before_4_2a(version: str, dsp01: str, status: str | None) -> None:
    rows = read(file(IS, PHA, PAT, f"DSP*{dsp01}*100001", PRE, "TP*5", version=version)).rows
    assert rows["reporting_status"].to_list() == [status]


@pytest.mark.parametrize(
    ("version", "dsp13", "partial"),
    [
        ("4.1", "01", 1),
        ("4.1", "02", 0),
        ("4.1", "00", None),
        ("4.1", "", None),
        ("4.2", "00", 0),
        ("4.2", "01", 1),
        ("4.2", "02", 2),
        ("4.2A", "", None),
        ("5.0", "99", 99),
        ("5.0", "x", None),
    ],
)
def test_partial_fill_means_another_thing_in_4_1(version: str, dsp13: str, partial: int | None) -> None:
    rows = read(file(IS, PHA, PAT, "DSP" + "*" * 13 + dsp13, PRE, "TP*5", version=version)).rows
    assert rows["partial_fill"].to_list() == [partial]


@pytest.mark.parametrize(
    ("version", "rxnorm", "reference", "order"),
    [("4.1", "L18", "L19", None), ("4.2", "L19", "L20", "L21"), ("5.0", "L19", "L20", "L21")],
)
def test_rxnorm_and_e_prescription_numbers_moved_in_4_2(
    version: str, rxnorm: str, reference: str, order: str | None
) -> None:
    dsp = "*".join(["DSP", *(f"L{n}" for n in range(1, 22))])
    rows = read(file(IS, PHA, PAT, dsp, PRE, "TP*5", version=version)).rows
    assert rows.select("rxnorm_code", "erx_reference", "erx_order").rows() == [(rxnorm, reference, order)]


def test_elements_that_only_5_0_has() -> None:
    pha = "PHA*" + "*" * 13 + "07"
    pat = "PAT*" + "*" * 23 + "ALIAS*NAME"
    dsp = "*".join(["DSP", *[""] * 30, "01", "", "", "03"])
    rows = read(file(IS, pha, pat, dsp, PRE, "TP*5", version="5.0")).rows
    columns = ("pharmacy_type", "alias_last_name", "alias_first_name", "discount_card", "schedule_code")
    assert rows.select(columns).rows() == [("07", "ALIAS", "NAME", "01", "03")]
    assert read(file(IS, pha, pat, dsp, PRE, "TP*5", version="4.2B")).rows.select(columns).rows() == [(None,) * 5]


@pytest.mark.parametrize(
    ("sent", "filled_on"),
    [
        ("20240229", date(2024, 2, 29)),
        ("20230229", None),
        ("20241301", None),
        ("00000000", None),
        ("2024030", None),
        ("202403051", None),
        ("2024-03-05", None),
        ("03052024", None),
        ("+2024030", None),
        ("", None),
    ],
)
def test_a_date_is_a_day_of_the_calendar(sent: str, filled_on: date | None) -> None:
    reading = read(file(IS, PHA, PAT, f"DSP*00*100001*20240304*0*{sent}", PRE, "TP*5"))
    assert reading.rows["filled_on"].to_list() == [filled_on]
    assert reading.segments["DSP"]["DSP05"].to_list() == [sent or None]  # what was sent stays


@pytest.mark.parametrize(
    ("sent", "quantity"),
    [
        ("30", 30.0),
        ("2.5", 2.5),
        ("0.125", 0.125),
        (".5", 0.5),
        ("1,5", None),
        ("-3", None),
        ("1e3", None),
        ("nan", None),
    ],
)
def test_a_quantity_is_digits_and_a_point(sent: str, quantity: float | None) -> None:
    rows = read(file(IS, PHA, PAT, f"DSP*00*1*20240304*0*20240305*0*01*65162062750*{sent}*7", PRE, "TP*5")).rows
    assert rows["quantity"].to_list() == [quantity]


@pytest.mark.parametrize(("sent", "fill"), [("0", 0), ("00", 0), ("07", 7), ("", None), ("-1", None), ("1.0", None)])
def test_a_fill_number_is_digits(sent: str, fill: int | None) -> None:
    assert read(file(IS, PHA, PAT, f"DSP*00*1*20240304*0*20240305*{sent}", PRE, "TP*5")).rows[
        "fill_number"
    ].to_list() == [fill]


@pytest.mark.parametrize(
    ("qualifier", "sent", "ndc"),
    [
        ("01", "65162062750", "65162062750"),
        ("01", "51655-089-52", "51655008952"),
        ("01", "5165508952", None),  # three products could be meant
        ("02", "65162062750", None),
        ("06", "99999ABC123", None),
        ("", "65162062750", None),
    ],
)
def test_an_ndc_is_canonical_or_absent(qualifier: str, sent: str, ndc: str | None) -> None:
    rows = read(file(IS, PHA, PAT, f"DSP*00*1*20240304*0*20240305*0*{qualifier}*{sent}", PRE, "TP*5")).rows
    assert rows.select("product_id", "ndc").rows() == [(sent, ndc)]


def test_zip_codes_as_sent() -> None:
    rows = read(file(IS, PHA, PAT.replace("06103", "06103-1234"), DSP, PRE, "TP*5", version="5.0")).rows
    assert rows["zip"].to_list() == ["06103-1234"]


def test_an_empty_transaction_type_and_a_small_file_type() -> None:
    data = file(IS, PHA, "TP*2", transaction_type="").replace(b"*P**~", b"*t**~")
    assert read(data).transactions.select("transaction_type", "file_type").rows() == [(None, "T")]
