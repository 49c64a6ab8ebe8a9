"""No patient value gets through the log's gate, whoever writes the call (P-131; engineering.md I5, I7)."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from pdmp.logging import REFUSED_FIELDS, configure
from schemas.dispensation import PATIENT_COLUMNS


CANARY = "ZZCANARY"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """What these tests logged; another test's thread may still speak."""
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in told if line["logger"] in {"test", "library"}]


def test_every_patient_column_is_refused_and_named(stream: io.StringIO) -> None:
    log = structlog.get_logger("test")
    for column in sorted(PATIENT_COLUMNS):
        log.warning("leak", **{column: CANARY})
    assert CANARY not in stream.getvalue()
    assert [line["refused_fields"] for line in lines(stream)] == [[column] for column in sorted(PATIENT_COLUMNS)]


def test_other_fields_pass(stream: io.StringIO) -> None:
    structlog.get_logger("test").info("round", stored=3)
    (line,) = lines(stream)
    assert (line["event"], line["stored"], line["level"]) == ("round", 3, "info")
    assert "refused_fields" not in line


def test_an_exception_shows_its_type_and_place_and_never_its_text(stream: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(CANARY)

    try:
        fail()
    except ValueError:
        structlog.get_logger("test").exception("failed")
        logging.getLogger("library").exception("failed too")
    assert CANARY not in stream.getvalue()
    for line in lines(stream):
        assert line["error"] == "ValueError"
        assert any("test_an_exception" in place for place in line["at"])  # type: ignore[attr-defined]


def test_a_line_break_in_a_value_stays_inside_its_line(stream: io.StringIO) -> None:
    structlog.get_logger("test").warning("odd\nname", file="a\r\nb\x1b[31m")
    assert len(lines(stream)) == 1


def test_criteria_and_bodies_are_refused_too() -> None:
    assert {"dob", "criteria", "body", "query"} <= REFUSED_FIELDS


ENDS = """
import threading
from pdmp import logging
logging.configure()
logging.hide_what_ends_us()
def fail():
    raise ValueError("cannot parse ZZCANARY")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_what_ends_a_process_or_a_thread_is_logged_without_its_words() -> None:
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    thread, process = (json.loads(line) for line in done.stderr.splitlines())
    assert (thread["error"], process["error"]) == ("ValueError", "ValueError")
    assert str(process["at"][-1]).startswith("__main__:fail:")
