"""The habits of real clients: OpenSSH's sftp and scp, paramiko's client, and what WinSCP, lftp and others do."""

import io
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from tests.functional.door import ROOMY, OpenDoor, asap, open_door, wait_until


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    with open_door(tmp_path) as opened:
        yield opened


@pytest.fixture
def day(tmp_path: Path) -> Path:
    path = tmp_path / "day.dat"
    path.write_bytes(asap(40))
    return path


# OPENSSH -----------------------------------------------------------------------------------------------
@pytest.mark.needs_sftp
@pytest.mark.parametrize("command", ["put {day} incoming/", "put -p {day} incoming/day.dat", "put -f {day} incoming/"])
def test_sftp_puts_a_file_that_the_worker_finds_whole(door: OpenDoor, day: Path, command: str) -> None:
    outcome = door.sftp(door.give_key("mainstreet"), command.format(day=day), "ls -l incoming")
    assert outcome.returncode == 0, outcome.stderr
    assert f"{day.stat().st_size}" in outcome.stdout
    (arrival,) = door.arrivals()
    assert (arrival.name, arrival.account, arrival.size) == ("day.dat", "acct-mainstreet", day.stat().st_size)
    assert door.bytes_of(arrival) == day.read_bytes()


@pytest.mark.needs_sftp
def test_sftp_shows_the_banner_and_takes_uploads_to_the_root(door: OpenDoor, day: Path) -> None:
    outcome = door.sftp(door.give_key("mainstreet"), f"put {day}", "ls")
    assert outcome.returncode == 0
    assert "authorised reporters only" in outcome.stderr
    assert {"day.dat", "incoming", "reports", "CT"} <= set(outcome.stdout.split())
    assert door.arrivals()[0].folder == "/"


@pytest.mark.needs_sftp
def test_a_sender_who_makes_his_states_folder_finds_it_there(door: OpenDoor, day: Path) -> None:
    key = door.give_key("mainstreet")
    outcome = door.sftp(key, "mkdir CT", "cd CT", f"put {day}", "ls")
    assert outcome.returncode == 0, outcome.stderr
    assert "day.dat" in outcome.stdout
    assert door.arrivals()[0].folder == "/CT"
    assert door.sftp(key, "mkdir incoming/CT", f"put {day} incoming/CT/").returncode == 0
    refused = door.sftp(key, "mkdir NY")
    assert refused.returncode == 1
    assert "denied" in refused.stderr.lower()
    assert door.sftp(key, f"put {day} NY/day.dat").returncode == 1


@pytest.mark.needs_sftp
@pytest.mark.parametrize("options", [[], ["-p"], ["-l", "8000"]])
def test_scp_copies_a_file_and_reports_success(door: OpenDoor, day: Path, options: list[str]) -> None:
    outcome = door.scp(door.give_key("mainstreet"), day, "incoming/", options=options)
    assert outcome.returncode == 0, outcome.stderr
    assert door.bytes_of(door.arrivals()[0]) == day.read_bytes()


@pytest.mark.needs_sftp
def test_scp_over_a_longer_file_of_the_same_name_is_a_new_upload(door: OpenDoor, day: Path) -> None:
    key = door.give_key("mainstreet")
    assert door.scp(key, day, "incoming/day.dat").returncode == 0
    shorter = day.with_name("shorter.dat")
    shorter.write_bytes(asap(2))
    assert door.scp(key, shorter, "incoming/day.dat").returncode == 0
    first, second = door.arrivals(2)
    assert door.bytes_of(first) == asap(40)
    assert door.bytes_of(second) == asap(2)


@pytest.mark.needs_sftp
def test_the_old_scp_protocol_is_refused(door: OpenDoor, day: Path) -> None:
    assert door.scp(door.give_key("mainstreet"), day, "incoming/", options=["-O"]).returncode != 0
    assert door.spool.waiting(10) == []


@pytest.mark.needs_sftp
@pytest.mark.parametrize("sent", [b"", b"TH*4.2B*1*01**20261124*0900*P**~~IS*1*X*Y~", asap(3)[:-30]])
def test_clients_are_told_when_a_file_is_not_taken(door: OpenDoor, tmp_path: Path, sent: bytes) -> None:
    torn = tmp_path / "torn.dat"
    torn.write_bytes(sent)
    key = door.give_key("mainstreet")
    outcome = door.sftp(key, f"put {torn} incoming/")
    assert outcome.returncode == 1
    assert "Failure" in outcome.stderr
    assert door.scp(key, torn, "incoming/").returncode == 1
    assert "torn.dat.torn" in door.sftp(key, "ls incoming").stdout
    assert door.spool.of_account("acct-mainstreet") == []


@pytest.mark.needs_sftp
def test_resuming_is_refused_and_the_file_stays_what_it_was(door: OpenDoor, day: Path) -> None:
    key = door.give_key("mainstreet")
    start = day.with_name("start.dat")
    start.write_bytes(asap(2))
    assert door.sftp(key, f"put {start} incoming/day.dat", f"reput {day} incoming/day.dat").returncode == 1
    (arrival,) = door.arrivals()
    assert door.bytes_of(arrival) == asap(2)


@pytest.mark.needs_sftp
def test_an_unknown_key_lets_nobody_in(door: OpenDoor, day: Path) -> None:
    stranger = door.give_key("elmstreet")
    outcome = door.sftp(stranger, f"put {day} incoming/", name="mainstreet")
    assert outcome.returncode == 255
    assert "Permission denied" in outcome.stderr
    assert door.events("sftp:login:refused")[0]["name"] == "mainstreet"


@pytest.mark.needs_sftp
def test_sftp_fetches_its_reports_and_nothing_else(door: OpenDoor, day: Path, tmp_path: Path) -> None:
    reports = door.accounts.reports("acct-mainstreet")
    reports.mkdir(parents=True)
    (reports / "20261124.txt").write_text("3 records accepted\n")
    (reports / ".draft.txt").write_text("half")
    (reports / "link.txt").symlink_to("/etc/hostname")
    key, got = door.give_key("mainstreet"), tmp_path / "got"
    outcome = door.sftp(key, "ls reports", f"get reports/20261124.txt {got}")
    assert outcome.returncode == 0, outcome.stderr
    assert got.read_text() == "3 records accepted\n"
    assert "draft" not in outcome.stdout
    assert "link" not in outcome.stdout
    assert door.events("sftp:report:read")[0]["file"] == "20261124.txt"
    for path in ("reports/.draft.txt", "reports/link.txt", "reports/../../../etc/hostname", "/etc/hostname"):
        assert door.sftp(key, f"get {path} {tmp_path / 'no'}").returncode == 1
    assert door.sftp(key, f"put {day} incoming/", f"get incoming/day.dat {tmp_path / 'no'}").returncode == 1
    assert door.sftp(key, f"put {day} reports/x.txt").returncode == 1
    assert door.sftp(key, "rm reports/20261124.txt").returncode == 1
    assert not (tmp_path / "no").exists()
    assert sorted(path.name for path in reports.iterdir()) == [".draft.txt", "20261124.txt", "link.txt"]


def test_the_newest_reports_are_listed_and_any_can_be_fetched(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, listed=3)) as door:
        reports = door.accounts.reports("acct-mainstreet")
        reports.mkdir(parents=True)
        names = [f"{number}-" + "x" * 150 + ".txt" for number in range(5)]
        for number, name in enumerate(names):
            (reports / name).write_text(name)
            os.utime(reports / name, (number, number))
        with door.client() as client:
            assert client.listdir("/reports") == names[2:]
            with client.open(f"/reports/{names[0]}") as file:
                assert file.read().decode() == names[0]


# PARAMIKO ----------------------------------------------------------------------------------------------
def test_paramiko_puts_and_finds_the_size_afterwards(door: OpenDoor) -> None:
    data = asap(500)
    with door.client() as client:
        found = client.putfo(io.BytesIO(data), "/incoming/day.dat", file_size=len(data))
        assert found.st_size == len(data)
        assert stat.S_ISREG(found.st_mode or 0)
    assert door.bytes_of(door.arrivals()[0]) == data


def test_an_upload_stays_visible_to_its_session_after_the_worker_has_it(door: OpenDoor) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        (arrival,) = door.arrivals()
        door.spool.finish(arrival)
        assert client.stat("/incoming/day.dat").st_size == len(asap())
        client.utime("/incoming/day.dat", (1, 1))
        client.chmod("/incoming/day.dat", 0o644)
    with door.client() as client:
        assert client.listdir("/incoming") == []


def test_paramiko_learns_that_a_file_was_not_taken(door: OpenDoor) -> None:
    with door.client() as client:
        with pytest.raises(OSError, match="No such file"):
            client.putfo(io.BytesIO(asap()[:-40]), "/incoming/day.dat")
        assert client.listdir("/incoming") == ["day.dat.torn"]
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        assert client.listdir("/incoming") == ["day.dat"], "what was made good is no longer listed as torn"
    assert len(door.arrivals()) == 1


def test_the_refusal_says_why_in_words(door: OpenDoor) -> None:
    with door.client() as client:
        handle = client.open("/incoming/day.dat", "wb")
        handle.set_pipelined(True)
        handle.write(asap()[:-40])
        with pytest.raises(OSError, match=r"does not end with its TT segment\. Send the whole file again"):
            client._request(4, handle.handle)
        handle._closed = True


def test_a_file_that_is_no_asap_but_came_whole_is_taken(door: OpenDoor) -> None:
    for name, data in (("a.zip", b"PK\x03\x04" + os.urandom(50)), ("b.csv", b"a,b\n1,2\n"), ("c", b"x")):
        with door.client() as client:
            client.putfo(io.BytesIO(data), f"/incoming/{name}")
    assert [(one.name, one.size) for one in door.arrivals(3)] == [("a.zip", 54), ("b.csv", 8), ("c", 1)]


def test_a_folder_listing_says_what_is_what(door: OpenDoor) -> None:
    with door.client() as client:
        kinds = {entry.filename: stat.S_ISDIR(entry.st_mode or 0) for entry in client.listdir_attr("/")}
        assert kinds == {"incoming": True, "reports": True, "CT": True}
        assert client.normalize(".") == "/"
        assert stat.S_ISDIR(client.stat("/incoming").st_mode or 0)
        with pytest.raises(FileNotFoundError):
            client.listdir("/outgoing")


# RENAMING ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("temporary", "posix"),
    [
        ("day.dat.filepart", True),  # WinSCP
        (".in.day.dat.", False),  # lftp, xfer:use-temp-file
        ("day.UP", False),  # VA SPMP
        ("day.dat.tmp", False),  # Azure Data Factory and many scripts
    ],
)
def test_a_temporary_name_is_held_until_it_is_renamed(door: OpenDoor, temporary: str, posix: bool) -> None:  # noqa: FBT001  parametrised
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), f"/incoming/{temporary}")
        with pytest.raises(AssertionError, match="in time"):
            door.arrivals(seconds=1)  # three times the grace
        client.utime(f"/incoming/{temporary}", (1, 1))  # WinSCP sets times before it renames
        with pytest.raises(FileNotFoundError):  # lftp removes the target first, and lives with its absence
            client.remove("/incoming/day.dat")
        rename = client.posix_rename if posix else client.rename
        rename(f"/incoming/{temporary}", "/incoming/day.dat")
        assert client.stat("/incoming/day.dat").st_size == len(asap())
        assert client.listdir("/incoming") == ["day.dat"]
        (arrival,) = door.arrivals()
    assert arrival.name == "day.dat"
    assert door.bytes_of(arrival) == asap()


def test_what_was_never_renamed_waits_and_a_later_session_may_do_it(door: OpenDoor) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.tmp")
    wait_until(lambda: bool(door.events("sftp:session:ended")), 5)
    assert door.spool.waiting(10) == []
    with door.client() as client:
        assert client.listdir("/incoming") == ["day.tmp"]
        client.rename("/incoming/day.tmp", "/incoming/day.dat")
    assert [one.name for one in door.arrivals()] == ["day.dat"]


def test_a_final_name_may_be_changed_within_the_grace(door: OpenDoor) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/working.dat")
        client.rename("/incoming/working.dat", "/CT/20261124.dat")
    (arrival,) = door.arrivals()
    assert (arrival.folder, arrival.name) == ("/CT", "20261124.dat")
    (renamed,) = door.events("sftp:upload:renamed")
    assert (renamed["submission"], renamed["file"]) == (arrival.id, "20261124.dat")


def test_an_upload_is_released_when_its_session_ends_without_waiting_for_the_grace(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, grace_seconds=3600)) as door:
        with door.client() as client:
            client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
            assert door.spool.waiting(10) == []
        assert len(door.arrivals()) == 1


def test_what_does_not_exist_or_is_not_ones_own_cannot_be_renamed(door: OpenDoor) -> None:
    with door.client("elmstreet") as other:
        other.putfo(io.BytesIO(asap()), "/incoming/theirs.tmp")
        with door.client() as client:
            for name in ("theirs.tmp", "nothing.dat"):
                with pytest.raises(FileNotFoundError):
                    client.rename(f"/incoming/{name}", "/incoming/mine.dat")
            client.putfo(io.BytesIO(asap()), "/incoming/mine.dat")
            for target in ("/reports/x", "/etc/x", "/incoming/a/b", "/NY/x"):
                with pytest.raises(PermissionError):
                    client.rename("/incoming/mine.dat", target)


def test_a_torn_upload_cannot_be_renamed_into_a_whole_one(door: OpenDoor) -> None:
    with door.client() as client:
        with pytest.raises(OSError, match="No such file"):
            client.putfo(io.BytesIO(asap()[:-40]), "/incoming/day.dat.filepart")
        for name in ("day.dat.filepart", "day.dat.filepart.torn"):
            with pytest.raises(FileNotFoundError):
                client.rename(f"/incoming/{name}", "/incoming/day.dat")
    assert door.spool.of_account("acct-mainstreet") == []


def test_an_upload_goes_on_across_an_exchange_of_keys(door: OpenDoor) -> None:
    """As after each 512 MiB; whoever was logged in still is, and may open another session."""
    data = asap(500)
    with door.transport() as transport:
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        with client.open("/incoming/day.dat", "wb") as file:
            file.write(data[:10_000])
            transport.renegotiate_keys()
            file.write(data[10_000:])
            transport.renegotiate_keys()
        another = paramiko.SFTPClient.from_transport(transport)
        assert another is not None
        assert another.listdir("/incoming") == ["day.dat"]
    assert door.bytes_of(door.arrivals()[0]) == data


# MANY AT ONCE ------------------------------------------------------------------------------------------
def test_twenty_uploads_at_once_under_one_name_are_twenty_files(door: OpenDoor) -> None:
    files = [asap(30 + number, control=f"C-{number}") for number in range(20)]
    failures: list[BaseException] = []

    def send(data: bytes) -> None:
        try:
            with door.client() as client:
                client.putfo(io.BytesIO(data), "/incoming/day.dat", confirm=False)
        except BaseException as error:  # noqa: BLE001  carried over to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=send, args=(data,)) for data in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    arrivals = door.arrivals(20)
    assert sorted(door.bytes_of(one) for one in arrivals) == sorted(files)
    assert len({one.id for one in arrivals}) == 20


def test_a_password_login_is_written_down_with_its_method(door: OpenDoor) -> None:
    with door.client():
        pass
    with pytest.raises(paramiko.AuthenticationException), door.client(password="wrong"):
        pass
    assert door.events("sftp:login:granted") == [{"method": "password"}]
    assert door.events("sftp:login:refused") == [{"name": "mainstreet", "why": "wrong password", "method": "password"}]
