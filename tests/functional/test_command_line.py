"""The command line as scripts and people use it: the contract of `pdmp check`, and the administrator's commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from access.audit import RecordedEvent, search
from access.audit_acts import AuditAct
from pdmp.settings import load
from pdmp.wiring import opened
from tests.functional.homes import PASSWORD, REPOSITORY, SENDER, asap, environment, fill, pdmp, settle


SAMPLES = REPOSITORY / "sample_data" / "asap"

TOTALS = {
    "records", "accepted", "with_warnings", "rejected", "exempt", "not_reportable", "held", "duplicates",
}  # fmt: skip
FINDING = {
    "code", "severity", "tier", "transaction", "pharmacy", "segment", "element", "record", "position", "message",
}  # fmt: skip


OPERATORS_ACTS = {
    "show": AuditAct.SUBMISSION_READ,
    "retry": AuditAct.SUBMISSION_RETRIED,
    "release": AuditAct.SUBMISSION_RELEASED,
}


def trail(home: Path, act: AuditAct) -> list[RecordedEvent]:
    with opened(load(home)) as installation, installation.database.reading() as session:
        return search(session, act=act)


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return pdmp("check", *arguments)


def test_the_json_contract_holds_for_every_sample() -> None:
    files = sorted(str(path) for path in SAMPLES.glob("*.dat"))
    done = check("--json", *files)
    results = json.loads(done.stdout)["files"]
    assert [result["file"] for result in results] == files
    for result in results:
        assert result.keys() == {"file", "versions", "kind", "test", "outcome", "totals", "findings"}
        assert result["kind"] in {"dispensing", "zero", "void", "mixed", "unreadable"}
        assert result["outcome"] in {"accepted", "accepted_with_errors", "refused"}
        assert result["totals"].keys() == TOTALS
        assert all(finding.keys() == FINDING for finding in result["findings"])
        assert all(finding["message"] for finding in result["findings"])
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (asap("A1", [fill(1)]), 0),
        (asap("A1", [fill(1), fill(2, quantity=0)]), 1),
        (b"", 2),
        (b"name,date\n", 2),
    ],
)
def test_exit_codes(tmp_path: Path, content: bytes, code: int) -> None:
    path = tmp_path / "a file.dat"
    path.write_bytes(content)
    assert check(str(path)).returncode == code
    assert check("--json", str(path)).returncode == code


def test_wrong_usage_and_missing_files_have_codes_of_their_own(tmp_path: Path) -> None:
    assert check().returncode == 64
    assert check("--nonsense").returncode == 64
    missing = check(str(tmp_path / "none.dat"))
    assert missing.returncode == 66
    assert "check the name" in missing.stderr


def test_nothing_but_json_goes_to_standard_output(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(asap("A1", [fill(1, quantity=0)]))
    done = check("--json", str(path))
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_check_shows_no_value_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(asap("A1", [fill(1, last="ZZCANARY", quantity=0, born="ZZCANARY")]))
    for done in (check(str(path)), check("--json", str(path))):
        assert "ZZCANARY" not in done.stdout + done.stderr


def test_check_runs_with_the_base_install_only(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(asap("A1", [fill(1)]))
    program = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in "
        "{'duckdb', 'fastapi', 'paramiko', 'sqlalchemy', 'pyarrow', 'structlog', 'numpy', 'cryptography'}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "from pdmp.commands import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run([*argv, "check", str(path)], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server = subprocess.run(
        [*argv, "--home", str(tmp_path), "account", "list"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert server.returncode == 69
    assert "open-pdmp[server]" in server.stderr


def test_a_command_that_needs_a_home_says_so() -> None:
    done = pdmp("account", "list")
    assert done.returncode == 64
    assert "PDMP_HOME" in done.stderr


def test_an_administrator_founds_a_state_from_the_command_line(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "a state"))
    secret = f"{PASSWORD}\n"
    made = pdmp(
        *home, "account", "add", "admin@example.org", "--name", "A", "--role", "administrator", "--password-stdin",
        stdin=secret,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    weak = pdmp(
        *home, "account", "add", "b@example.org", "--name", "B", "--role", "prescriber", "--password-stdin",
        stdin="short\n",
    )  # fmt: skip
    assert weak.returncode == 1
    assert "at least 8 characters" in weak.stderr
    unknown = pdmp(
        *home, "account", "add", "b@example.org", "--name", "B", "--role", "king", "--password-stdin", stdin=secret
    )
    assert unknown.returncode == 1
    entered = pdmp(*home, "dispenser", "add", "Example", "--dea", "FX1234563", "--organisation", "Example")
    assert entered.returncode == 0, entered.stderr
    twice = pdmp(*home, "dispenser", "add", "Again", "--dea", "FX1234563")
    assert twice.returncode == 1
    wrong = pdmp(*home, "dispenser", "add", "Wrong", "--dea", "FX1234560")
    assert wrong.returncode == 1
    feed = pdmp(
        *home, "account", "add", SENDER, "--name", "Feed", "--role", "dispenser", "--organisation", "Example",
        "--password-stdin", stdin=secret,
    )  # fmt: skip
    assert feed.returncode == 0, feed.stderr
    path = tmp_path / "day.dat"
    path.write_bytes(asap("R1", [fill(1), fill(2)]))
    received = pdmp(*home, "receive", "--as", SENDER, str(path))
    assert received.returncode == 0, received.stdout + received.stderr
    assert "2 accepted" in received.stdout
    assert "answered" in pdmp(*home, "submission", "list").stdout
    (came,) = trail(Path(home[1]), AuditAct.SUBMISSION_BROUGHT)
    assert came.actor == "command_line"
    for word, act in OPERATORS_ACTS.items():
        pdmp(*home, "submission", word, came.object_id)
        assert [event.object_id for event in trail(Path(home[1]), act)] == [came.object_id], word
    for sound in (pdmp(*home, "audit", "checkpoint"), pdmp(*home, "audit", "verify"), pdmp(*home, "upkeep", "--full")):
        assert sound.returncode == 0, sound.stdout + sound.stderr


def test_a_demo_log_in_is_closed_outside_a_demo_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settle(home)
    made = pdmp(
        "--home", str(home), "account", "add", "doctor@demo.invalid", "--name", "D", "--role", "prescriber",
        "--password-stdin", stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    shown = pdmp("--home", str(home), "account", "list").stdout
    assert next(line for line in shown.splitlines() if "doctor@demo.invalid" in line).split()[-1] == "disabled"
