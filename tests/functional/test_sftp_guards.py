"""The guards of the door, each with a client that tries (engineering notes B5.1-5 and 8-14; S18, S19, S22)."""

import io
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from paramiko import common

from access.audit_acts import VOCABULARY, AuditAct
from ingest.errors import SpoolBusyError
from ingest.sftp_accounts import DoorEvent
from ingest.sftp_keys import CIPHERS, DIGESTS, host_keys
from tests.functional.door import PASSWORDS, ROOMY, BookOfAccounts, OpenDoor, asap, open_door, wait_until


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    with open_door(tmp_path) as opened:
        yield opened


def connect(door: OpenDoor) -> paramiko.Transport:
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", door.port), timeout=20))
    transport.start_client(timeout=20)
    return transport


# 1. ALGORITHMS -----------------------------------------------------------------------------------------
def offered(door: OpenDoor) -> list[list[str]]:
    """The name lists of the door's key exchange message, as any scanner reads them (RFC 4253, 7.1)."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as wire:
        wire.sendall(b"SSH-2.0-scanner\r\n")
        stream = wire.makefile("rb")
        stream.readline()
        (length,) = struct.unpack(">I", stream.read(4))
        packet = stream.read(length)
    body, lists = packet[1 + 17 :], []
    for _ in range(8):
        (size,) = struct.unpack(">I", body[:4])
        lists.append(body[4 : 4 + size].decode().split(","))
        body = body[4 + size :]
    return lists


def test_nothing_weak_is_offered(door: OpenDoor) -> None:
    exchanges, keys, *ciphers_and_macs, there, back = offered(door)
    assert "kex-strict-s-v00@openssh.com" in exchanges, "no guard against prefix truncation (Terrapin)"
    every = " ".join([*exchanges, *keys, *(name for names in ciphers_and_macs for name in names)])
    for weak in (
        "cbc",
        "3des",
        "arcfour",
        "md5",
        "sha1,",
        "hmac-sha1",
        "group1-",
        "group14-sha1",
        "ssh-rsa ",
        "ssh-dss",
    ):
        assert weak not in every
    assert ciphers_and_macs == [list(CIPHERS)] * 2 + [list(DIGESTS)] * 2
    assert set(keys) >= {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"}
    assert there == back == ["none"]


@pytest.mark.needs_sftp
@pytest.mark.parametrize(
    "option", ["Ciphers=aes128-cbc", "MACs=hmac-sha1", "KexAlgorithms=diffie-hellman-group14-sha1"]
)
def test_a_client_that_insists_on_a_weak_algorithm_stays_outside(door: OpenDoor, option: str) -> None:
    outcome = door.sftp(door.give_key("mainstreet"), "ls", options=["-o", option])
    assert outcome.returncode == 255
    assert "no matching" in outcome.stderr


# 2. HOST KEYS ------------------------------------------------------------------------------------------
@pytest.mark.needs_sftp
@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"])
def test_each_host_key_is_known_by_its_printed_fingerprint(door: OpenDoor, kind: str) -> None:
    key = door.give_key("mainstreet")
    outcome = door.sftp(key, "ls", options=["-v", "-o", f"HostKeyAlgorithms={kind}"])
    assert outcome.returncode == 0, outcome.stderr
    prints = host_keys(door.home / "host-keys").fingerprints()
    assert prints["ssh-rsa" if kind.startswith("rsa") else kind] in outcome.stderr


# 3. TOO MANY, TOO SLOW ---------------------------------------------------------------------------------
def test_a_silent_connection_is_put_out(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, auth_seconds=0.6)) as door:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as silent:
            while silent.recv(1000):
                pass
        assert 0.5 < time.monotonic() - began < 5


def test_who_shakes_hands_and_then_says_nothing_is_put_out(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, auth_seconds=1.5)) as door:
        transport = connect(door)
        wait_until(lambda: not transport.is_active(), 6)


def test_who_is_idle_is_put_out_and_who_is_busy_is_not(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, idle_seconds=1)) as door, door.client("elmstreet") as busy:
        with door.transport() as idle:
            deadline = time.monotonic() + 10
            while idle.is_active():
                assert time.monotonic() < deadline
                busy.listdir("/")
                time.sleep(0.1)
        assert busy.listdir("/incoming") == []


@pytest.mark.parametrize("silent", [20, pytest.param(100, marks=pytest.mark.long)])
def test_a_good_sender_gets_in_past_a_crowd_of_silent_ones(tmp_path: Path, silent: int) -> None:
    strangers = 8 if silent < 50 else 64
    with open_door(tmp_path, replace(ROOMY, strangers=strangers, auth_seconds=60)) as door:
        before = threading.active_count()
        with ExitStack() as crowd:
            for _ in range(silent):
                crowd.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=10))
            with door.client() as client:
                client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
            assert len(door.arrivals()) == 1
            wait_until(lambda: threading.active_count() - before <= strangers + 4, 20)


def test_a_full_door_refuses_and_opens_again(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, connections=2)) as door:
        with (
            door.client(),
            door.client("elmstreet"),
            pytest.raises((EOFError, OSError, paramiko.SSHException)),
            door.client(),
        ):
            pass
        wait_until(lambda: len(door.events(DoorEvent.SESSION_ENDED)) == 2, 5)
        time.sleep(0.3)
        with door.client() as client:
            assert client.listdir("/incoming") == []


def test_one_account_has_only_so_many_connections(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, account_connections=2)) as door, door.client(), door.client():
        with pytest.raises(paramiko.ChannelException), door.client():
            pass
        with door.client("elmstreet") as other:
            assert other.listdir("/incoming") == []


# 4. GUESSING -------------------------------------------------------------------------------------------
class NoThrottle:
    def admit(self, _name: str, _peer: str) -> bool:
        return True

    def succeeded(self, _name: str, _peer: str) -> None:
        pass


def test_after_its_tries_a_connection_is_shut_even_to_the_right_password(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, auth_tries=3), throttle=NoThrottle()) as door:
        transport = connect(door)
        for _ in range(3):
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password("mainstreet", "wrong")
        with pytest.raises((paramiko.SSHException, EOFError)):
            transport.auth_password("mainstreet", PASSWORDS["mainstreet"])
        wait_until(lambda: not transport.is_active(), 5)
        assert len(door.accounts.checks) == 3
        assert door.events(DoorEvent.LOGIN_GRANTED) == []


def test_guesses_over_many_connections_have_to_wait(door: OpenDoor) -> None:
    for _ in range(6):
        with pytest.raises(paramiko.AuthenticationException), door.client(password="wrong"):
            pass
    assert len(door.accounts.checks) == 3, "the others were refused without a look at the password"
    reasons = [detail["why"] for detail in door.events(DoorEvent.LOGIN_REFUSED)]
    assert reasons == ["wrong password"] * 3 + ["too many tries"] * 3


def test_keys_still_work_while_passwords_wait(door: OpenDoor) -> None:
    key = paramiko.PKey.from_path(door.give_key("mainstreet"))
    for _ in range(4):
        with pytest.raises(paramiko.AuthenticationException), door.client(password="wrong"):
            pass
    transport = connect(door)
    assert transport.auth_publickey("mainstreet", key) == []
    transport.close()


def test_passwords_are_checked_a_few_at_a_time(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, hashing=2), throttle=NoThrottle()) as door:
        door.accounts.password_seconds = 0.2
        threads = [threading.Thread(target=lambda: _try_to_enter(door)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(door.accounts.checks) == 8
        assert max(door.accounts.checks) == 2


def test_right_passwords_given_at_once_do_not_lock_each_other_out(door: OpenDoor) -> None:
    door.accounts.password_seconds = 0.03
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            _try_to_enter(door)
        except BaseException as error:  # noqa: BLE001  carried over to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(door.accounts.checks) == 20


def _try_to_enter(door: OpenDoor) -> None:
    with door.transport():
        pass


@pytest.mark.parametrize("password", ["x" * 5000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), ""])
def test_odd_passwords_let_nobody_in(door: OpenDoor, password: str) -> None:
    with pytest.raises(paramiko.AuthenticationException), door.client(password=password):
        pass
    assert len(door.accounts.checks) == (0 if len(password) > 1024 else 1)


# 5. WHO EXISTS -----------------------------------------------------------------------------------------
def answers(door: OpenDoor, name: str) -> tuple[list[str], bytes | None, int]:
    """What a stranger learns about a name: methods, banner, how often the password was hashed."""
    before = len(door.accounts.checks)
    transport = connect(door)
    with pytest.raises(paramiko.BadAuthenticationType) as refusal:
        transport.auth_none(name)
    banner = transport.get_banner()
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password(name, "wrong", fallback=False)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey(name, paramiko.ECDSAKey.generate())
    transport.close()
    return refusal.value.allowed_types, banner, len(door.accounts.checks) - before


def test_a_name_that_exists_cannot_be_told_from_one_that_does_not(door: OpenDoor) -> None:
    door.accounts.closed.add("elmstreet")
    door.give_key("mainstreet")
    found = [answers(door, name) for name in ("mainstreet", "elmstreet", "nobody")]
    assert found[0] == found[1] == found[2]
    assert found[0][0] == ["publickey", "password"]
    assert found[0][2] == 1


def test_what_was_typed_for_a_name_is_written_down_only_if_it_looks_like_one(door: OpenDoor) -> None:
    for name in ("my secret passphrase!", "x" * 65, "a\x1b[2J\nb"):
        transport = connect(door)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(name, "wrong")
        transport.close()
    assert {detail["name"] for detail in door.events(DoorEvent.LOGIN_REFUSED)} == {"(not a name)"}


# 6. A KEY IS PROVED, NOT SHOWN (S19) -------------------------------------------------------------------
def probe(transport: paramiko.Transport, name: str, algorithm: str, blob: bytes) -> bool:
    """Ask, unsigned, whether a public key would do, and wait for the answer."""
    answered, would_do = threading.Event(), threading.Event()
    handler = transport.auth_handler
    handler.auth_method, handler.auth_event = "publickey", answered
    # "It would do" has the number of another message, which paramiko's client does not expect here.
    handler._parse_userauth_info_request = lambda _message: (would_do.set(), answered.set())
    message = paramiko.Message()
    message.add_byte(common.cMSG_USERAUTH_REQUEST)
    for text in (name, "ssh-connection", "publickey"):
        message.add_string(text)
    message.add_boolean(b=False)
    message.add_string(algorithm)
    message.add_string(blob)
    transport._send_message(message)
    assert answered.wait(10)
    return would_do.is_set()


def begin_auth(transport: paramiko.Transport) -> None:
    """Ask for the authentication service, as clients do before their first try."""
    with pytest.raises(paramiko.BadAuthenticationType):
        transport.auth_none("mainstreet")


def test_who_only_shows_a_key_is_not_in(door: OpenDoor) -> None:
    key = paramiko.PKey.from_path(door.give_key("mainstreet"))
    transport = connect(door)
    begin_auth(transport)
    assert probe(transport, "mainstreet", key.get_name(), key.asbytes())
    with pytest.raises(paramiko.ChannelException, match="Administratively prohibited"):
        transport.open_session(timeout=10)
    transport.close()
    assert door.events(DoorEvent.LOGIN_GRANTED) == []


def test_who_signs_with_another_key_is_not_in_and_it_counts_as_a_try(door: OpenDoor) -> None:
    key = paramiko.PKey.from_path(door.give_key("mainstreet"))
    other = paramiko.ECDSAKey.generate()

    class Forged(paramiko.Ed25519Key):
        def sign_ssh_data(self, data: bytes, _algorithm: str | None = None) -> paramiko.Message:
            signature = paramiko.Message()
            signature.add_string("ssh-ed25519")
            signature.add_string(other.sign_ssh_data(data).asbytes()[:64].ljust(64, b"\0"))
            return signature

    transport = connect(door)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey("mainstreet", Forged(data=key.asbytes()))
    transport.close()
    assert "not signed with it" in door.events(DoorEvent.LOGIN_REFUSED)[0]["why"]
    assert door.events(DoorEvent.LOGIN_GRANTED) == []


# 7. KEYS OF AN UNKNOWN KIND ----------------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", ["sk-ssh-ed25519@openssh.com", "ssh-dss", "ssh-rsa", "ssh-ed25519"])
def test_after_a_key_of_an_unknown_kind_the_next_one_may_be_tried(door: OpenDoor, algorithm: str) -> None:
    key = paramiko.PKey.from_path(door.give_key("mainstreet"))
    transport = connect(door)
    begin_auth(transport)
    assert not probe(transport, "mainstreet", algorithm, b"\x00\x00\x00\x04what is this")
    assert transport.auth_publickey("mainstreet", key) == []
    transport.close()
    assert "unknown kind" in door.events(DoorEvent.LOGIN_REFUSED)[0]["fingerprint"]


# 8, 13. REQUESTS ---------------------------------------------------------------------------------------
def test_a_hash_past_the_end_of_a_file_is_not_computed(door: OpenDoor) -> None:
    reports = door.accounts.reports("acct-mainstreet")
    reports.mkdir(parents=True)
    (reports / "a.txt").write_text("x" * 1000)
    with door.client() as client:
        with client.open("/reports/a.txt") as report, pytest.raises(OSError, match="Operation unsupported"):
            report.check("md5", offset=500, length=10_000, block_size=1000)
        assert client.listdir("/reports") == ["a.txt"], "the session lives on"


def test_a_request_that_is_too_long_ends_its_session_only(door: OpenDoor) -> None:
    with door.transport() as transport:
        channel = transport.open_session()
        channel.invoke_subsystem("sftp")
        channel.settimeout(10)
        channel.sendall(struct.pack(">IBI", 5, 1, 3))
        assert channel.recv(100)[4] == 2
        channel.sendall(struct.pack(">IB", 15 << 20, 6))
        while channel.recv(1000):
            pass
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        assert client.listdir("/incoming") == []


def test_requests_of_256_kib_are_served(door: OpenDoor) -> None:
    data = asap(4000)
    with door.client() as client, client.open("/incoming/day.dat", "wb") as file:
        file.MAX_REQUEST_SIZE = 256 * 1024
        file.write(data)
    assert door.bytes_of(door.arrivals()[0]) == data


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.long)])
def test_random_requests_get_answers_or_end_the_session_and_nobody_else_suffers(door: OpenDoor, count: int) -> None:
    rng = random.Random(20261124)  # noqa: S311  the same every time
    kinds = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 200, 0, 1, 99, 255]
    before = threading.active_count()
    sent = 0
    while sent < count:
        with door.transport() as transport:
            channel = transport.open_session()
            channel.invoke_subsystem("sftp")
            channel.settimeout(10)
            channel.sendall(struct.pack(">IBI", 5, 1, 3))
            channel.recv(100)
            for _ in range(100):
                body = rng.choice([rng.randbytes(rng.randrange(60)), _plausible(rng)])
                packet = struct.pack(">BI", rng.choice(kinds), sent) + body
                channel.sendall(struct.pack(">I", len(packet)) + packet)
                sent += 1
                head = channel.recv(5)
                if len(head) < 5:
                    break
                left = struct.unpack(">I", head[:4])[0] - 1
                while left > 0 and (got := channel.recv(left)):
                    left -= len(got)
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
    wait_until(lambda: threading.active_count() <= before + 3, 10)
    assert any(one.size == len(asap()) for one in door.arrivals())


def _plausible(rng: random.Random) -> bytes:
    """A request's body that begins with a handle or a path of ours, then numbers."""
    start = rng.choice([b"hx1", b"hx2", b"/incoming/a", b"/reports", b"/", b"/CT/x.tmp", b"posix-rename@openssh.com"])
    numbers = [rng.choice([0, 1, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF]) for _ in range(rng.randrange(6))]
    return struct.pack(">I", len(start)) + start + b"".join(struct.pack(">I", number) for number in numbers)


def test_setting_attributes_of_an_unknown_handle_is_answered_in_the_protocol(door: OpenDoor) -> None:
    with door.client() as client, pytest.raises(OSError, match="Invalid handle"):
        client._request(10, b"hx99", paramiko.SFTPAttributes())


def test_files_can_only_be_used_for_what_they_are_for(door: OpenDoor) -> None:
    reports = door.accounts.reports("acct-mainstreet")
    reports.mkdir(parents=True)
    (reports / "a.txt").write_text("report")
    read, write, setstat, fstat = 5, 6, 10, 8
    resize = paramiko.SFTPAttributes()
    resize.st_size, resize._flags = 0, paramiko.SFTPAttributes.FLAG_SIZE
    with door.client() as client:
        upload = client.open("/incoming/day.dat", "wb")
        upload.write(asap())
        assert upload.stat().st_size == len(asap())
        with pytest.raises(PermissionError):
            client._request(read, upload.handle, paramiko.sftp.int64(0), 10)
        report = client.open("/reports/a.txt")
        assert report.stat().st_size == 6
        with pytest.raises(PermissionError):
            client._request(write, report.handle, paramiko.sftp.int64(0), b"forged")
        with pytest.raises(PermissionError):
            client._request(setstat, report.handle, resize)
        with pytest.raises(EOFError):
            client._convert_status(client._request(read, report.handle, paramiko.sftp.int64(1 << 63), 10)[1])
        assert report.read() == b"report"
        upload.close()
        with pytest.raises(PermissionError):
            client.truncate("/incoming/day.dat", 10)
        with pytest.raises(OSError, match="Failure"):
            client.open("/incoming/day.dat", "wbx")
        with pytest.raises(FileNotFoundError):
            client._request(3, "/incoming/new.dat", 0x2, paramiko.SFTPAttributes())  # WRITE without CREAT
        with pytest.raises(OSError, match="Invalid handle"):
            client._request(fstat, b"hx99")
    assert (reports / "a.txt").read_text() == "report"
    assert door.bytes_of(door.arrivals()[0]) == asap()


def test_a_session_that_does_not_begin_with_a_greeting_ends(door: OpenDoor) -> None:
    with door.transport() as transport:
        channel = transport.open_session()
        channel.invoke_subsystem("sftp")
        channel.settimeout(10)
        channel.sendall(struct.pack(">IB", 1, 9))
        assert channel.recv(100) == b""


def test_a_connection_that_cannot_be_served_is_not_the_end_of_the_door(
    door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_transport: object) -> None:
        raise RuntimeError("out of threads, say")

    with monkeypatch.context() as patch:
        patch.setattr("ingest.sftp_connections.speak_strongly", broken)
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as wire:
            assert wire.recv(100) == b""
    with door.client() as client:
        assert client.listdir("/incoming") == []


# 9. QUOTAS ---------------------------------------------------------------------------------------------
def test_only_so_many_files_are_open_at_once(door: OpenDoor) -> None:
    with door.client() as client:
        files = [client.open(f"/incoming/{number}.dat", "wb") for number in range(8)]
        with pytest.raises(OSError, match="Too many files are open; close some first"):
            client.open("/incoming/9.dat", "wb")
        with pytest.raises(OSError, match="Too many files are open"):
            client.listdir("/incoming")
        files[0].close()
        with client.open("/incoming/9.dat", "wb") as file:
            file.write(asap())
    assert [one.name for one in door.arrivals()] == ["9.dat"]


@pytest.mark.parametrize(
    "limits",
    [
        replace(ROOMY, session_files=2),
        replace(ROOMY, day_files=2),
        replace(ROOMY, session_bytes=2 * len(asap())),
    ],
    ids=["files in a session", "files in a day", "bytes in a session"],
)
def test_a_session_may_send_so_much(tmp_path: Path, limits: object) -> None:
    with open_door(tmp_path, limits) as door, door.client() as client:  # type: ignore[arg-type]
        for number in range(2):
            client.putfo(io.BytesIO(asap()), f"/incoming/{number}.dat")
        with pytest.raises(OSError, match=r"Failure|No such file"):
            client.putfo(io.BytesIO(asap()), "/incoming/2.dat")
        assert [one.name for one in door.arrivals(2)] == ["0.dat", "1.dat"]


def test_a_connection_starts_only_so_many_sessions(tmp_path: Path) -> None:
    with open_door(tmp_path, replace(ROOMY, sessions=2)) as door, door.transport() as transport:
        for _ in range(2):
            transport.open_session().invoke_subsystem("sftp")
        with pytest.raises(paramiko.SSHException):
            transport.open_session().invoke_subsystem("sftp")


# 10, 11. NAMES AND PATHS -------------------------------------------------------------------------------
BAD_NAMES = [
    "/incoming/../../../../srv/x",
    "/../x/y",
    "/etc/cron.d/x",
    "/incoming/..\\..\\x",
    "/incoming/a\x00b",
    "/incoming/a\nb",
    "/incoming/\x1b[2J",
    "/incoming/gpj.\u202etad",
    "/incoming/" + "x" * 129,
    "/incoming/CT/deep/x",
    "/NY/x",
    "/reports/x",
    "/incoming",
    "/reports",
    "/",
]


@pytest.mark.parametrize("path", BAD_NAMES, ids=ascii)
def test_no_name_leads_out_of_the_tree(door: OpenDoor, path: str) -> None:
    before = set(door.home.rglob("*"))
    with door.client() as client:
        with pytest.raises(OSError, match=r"Permission denied|No such file|Failure"):
            client.putfo(io.BytesIO(asap()), path)
        with pytest.raises(OSError, match=r"Permission denied|No such file|Failure"):
            client.open(path, "rb")
        with pytest.raises(OSError, match=r"Permission denied|unsupported|Failure"):
            client.symlink("/etc/passwd", path)
        with pytest.raises(OSError, match=r"No such file|unsupported"):
            client.readlink(path)
    assert door.spool.of_account("acct-mainstreet") == []
    assert door.spool.torn() == []
    assert set(door.home.rglob("*")) == before


def test_names_on_disk_are_the_doors_own(door: OpenDoor) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/Zz Canary (name).dat")
        assert client.listdir("/incoming") == ["Zz_Canary__name_.dat"]
        assert client.stat("/incoming/Zz Canary (name).dat").st_size == len(asap())
    assert door.arrivals()[0].name == "Zz_Canary__name_.dat"
    assert not [path for path in door.home.rglob("*") if "anary" in path.name]


@pytest.mark.parametrize("act", ["remove", "rmdir", "mkdir"])
def test_nothing_can_be_made_or_removed(door: OpenDoor, act: str) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        for path in ("/incoming/day.dat", "/incoming", "/reports", "/new"):
            if act == "mkdir" and path == "/incoming":
                continue  # it is there, as the client wants it
            with pytest.raises(OSError, match=r"Permission denied|No such file"):
                getattr(client, act)(path)
        assert client.listdir("/incoming") == ["day.dat"]
    assert {detail["request"] for detail in door.events(DoorEvent.REQUEST_REFUSED)} == {act}


# 12. OTHERS --------------------------------------------------------------------------------------------
def test_nobody_sees_what_another_sent_or_was_answered(door: OpenDoor) -> None:
    reports = door.accounts.reports("acct-elmstreet")
    reports.mkdir(parents=True)
    (reports / "theirs.txt").write_text("x")
    with door.client("elmstreet") as other, door.client() as client:
        other.putfo(io.BytesIO(asap()), "/incoming/theirs.dat")
        with pytest.raises(OSError, match="No such file"):
            other.putfo(io.BytesIO(asap()[:-40]), "/incoming/torn.dat")
        assert other.listdir("/incoming") == ["theirs.dat", "torn.dat.torn"]
        assert client.listdir("/incoming") == client.listdir("/reports") == []
        for path in ("/incoming/theirs.dat", "/incoming/torn.dat.torn", "/reports/theirs.txt"):
            with pytest.raises(FileNotFoundError):
                client.stat(path)
        for path in ("/reports/theirs.txt", "/reports/../acct-elmstreet/theirs.txt"):
            with pytest.raises(OSError, match=r"No such file|Permission denied"):
                client.open(path)


def test_shells_commands_and_forwarding_are_refused(door: OpenDoor) -> None:
    with door.transport() as transport:
        for ask in (
            lambda: transport.open_session().invoke_shell(),
            lambda: transport.open_session().exec_command("id"),
            lambda: transport.open_session().get_pty(),
            lambda: transport.open_session().invoke_subsystem("netconf"),
            lambda: transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1), timeout=5),
            lambda: transport.request_port_forward("127.0.0.1", 0),
        ):
            with pytest.raises(paramiko.SSHException):
                ask()


def test_nobody_opens_a_channel_before_logging_in(door: OpenDoor) -> None:
    transport = connect(door)
    with pytest.raises((paramiko.SSHException, EOFError)):
        transport.open_session(timeout=5)
    transport.close()


# 14. THE RECORD ----------------------------------------------------------------------------------------
def test_the_whole_story_of_an_upload_is_written_down(door: OpenDoor) -> None:
    key = paramiko.PKey.from_path(door.give_key("mainstreet"))
    transport = connect(door)
    transport.auth_publickey("mainstreet", key)
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    client.putfo(io.BytesIO(asap()), "/incoming/day.tmp")
    client.rename("/incoming/day.tmp", "/incoming/day.dat")
    transport.close()
    wait_until(lambda: bool(door.events(DoorEvent.SESSION_ENDED)), 5)
    assert [name for name, account, _ in door.accounts.events if account == "acct-mainstreet"] == [
        DoorEvent.LOGIN_GRANTED,
        DoorEvent.SESSION_OPENED,
        DoorEvent.UPLOAD_OPENED,
        DoorEvent.UPLOAD_TAKEN,
        DoorEvent.UPLOAD_RENAMED,
        DoorEvent.SESSION_ENDED,
    ]
    assert door.events(DoorEvent.LOGIN_GRANTED) == [{"method": "publickey", "fingerprint": key.fingerprint}]
    (taken,) = door.events(DoorEvent.UPLOAD_TAKEN)
    (arrival,) = door.arrivals()
    assert (taken["submission"], taken["digest"]) == (arrival.id, arrival.digest)


def test_the_trail_knows_every_event_of_the_door_and_every_detail(door: OpenDoor) -> None:
    """What the audit vocabulary did not know, it would keep as a mere name."""
    with pytest.raises(paramiko.AuthenticationException), door.client(password="wrong"):
        pass
    reports = door.accounts.reports("acct-mainstreet")
    reports.mkdir(parents=True)
    (reports / "a.txt").write_text("x")
    with door.client() as client:
        client.open("/reports/a.txt").close()
        client.putfo(io.BytesIO(asap()), "/incoming/day.tmp")
        client.rename("/incoming/day.tmp", "/incoming/day.dat")
        with pytest.raises(OSError, match="No such file"):
            client.putfo(io.BytesIO(asap()[:-40]), "/incoming/torn.dat")
        with pytest.raises(PermissionError):
            client.mkdir("/new")
    wait_until(lambda: bool(door.events(DoorEvent.SESSION_ENDED)), 5)
    assert {name for name, _, _ in door.accounts.events} == set(DoorEvent)
    senders_words = {"name", "file"}
    for name, _, detail in door.accounts.events:
        assert set(detail) - senders_words <= VOCABULARY[AuditAct(name)].details, name


def test_without_an_audit_trail_nobody_gets_in_and_nothing_begins(door: OpenDoor) -> None:
    reports = door.accounts.reports("acct-mainstreet")
    reports.mkdir(parents=True)
    (reports / "a.txt").write_text("x")
    with door.client() as client:
        client.listdir("/")  # the session has begun
        door.accounts.audit_fails = True
        with pytest.raises(OSError, match="Failure"):
            client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        with pytest.raises(OSError, match="Failure"):
            client.open("/reports/a.txt")
        with pytest.raises((paramiko.SSHException, EOFError)), door.client("elmstreet"):
            pass
    assert door.spool.of_account("acct-mainstreet") == []


def test_an_account_that_is_closed_sends_nothing_more_even_in_an_open_session(door: OpenDoor) -> None:
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        door.accounts.closed.add("mainstreet")
        with pytest.raises(PermissionError):
            client.putfo(io.BytesIO(asap()), "/incoming/more.dat")
    with pytest.raises(paramiko.AuthenticationException), door.client():
        pass


def test_an_account_that_is_closed_reads_nothing_more_even_in_an_open_session(door: OpenDoor) -> None:
    folder = door.accounts.reports("acct-mainstreet")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "day.dat.1.txt").write_bytes(b"FILE STATUS REPORT")
    with door.client() as client:
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat.tmp")
        assert client.listdir("/reports") == ["day.dat.1.txt"]
        door.accounts.closed.add("mainstreet")
        for act in (
            lambda: client.listdir("/reports"),
            lambda: client.open("/reports/day.dat.1.txt").read(),
            lambda: client.rename("/incoming/day.dat.tmp", "/incoming/day.dat"),
        ):
            with pytest.raises(PermissionError):
                act()
    assert not door.events("sftp:report:read")


def test_if_accounts_cannot_be_asked_nobody_is_let_in(door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> str:
        raise RuntimeError("the database is away")

    key = paramiko.PKey.from_path(door.give_key("mainstreet"))
    for name in ("check_password", "account_of"):
        with monkeypatch.context() as patch:
            patch.setattr(BookOfAccounts, name, broken)
            with pytest.raises((paramiko.SSHException, EOFError)), door.client():
                pass
    for name in ("public_keys", "account_of"):
        with monkeypatch.context() as patch:
            patch.setattr(BookOfAccounts, name, broken)
            transport = connect(door)
            with pytest.raises((paramiko.SSHException, EOFError)):
                _ = transport.auth_publickey("mainstreet", key) or transport.open_session(timeout=5)
            transport.close()
    assert door.events(DoorEvent.LOGIN_GRANTED) == []
    with door.client() as client:
        assert client.listdir("/incoming") == []


def test_two_doors_on_one_spool_are_one_too_many(door: OpenDoor) -> None:
    with pytest.raises(SpoolBusyError), open_door(door.home):
        pass


def test_what_is_behind_the_door_is_its_owners_alone_and_never_in_the_clear(door: OpenDoor) -> None:
    with door.client() as client:
        handle = client.open("/incoming/coming.dat", "wb")
        handle.write(asap(300))
        client.putfo(io.BytesIO(asap()), "/incoming/day.dat")
        for root in (door.home / "spool", door.home / "vault", door.home / "host-keys"):
            files = [path for path in root.rglob("*") if path.is_file()]
            assert files
            assert all(path.stat().st_mode & 0o077 == 0 for path in files), root.name
            assert all(b"SAMPLE*REX" not in path.read_bytes() for path in files)
