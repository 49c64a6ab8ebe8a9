"""Kills a program at every system call it makes on certain files, one call after another.

strace stops the program as it enters the chosen call and kills it there, so the call never happens. The
tool has traps, and they decide how this is done. ``when=K`` counts per system call and per thread: so
each system call has a loop of its own, and the program must do its work in one thread. It counts the
calls of Python's own start as well, of which no two runs make the same: so the program starts untraced
and calls `wait_to_be_traced` when its work begins. And a kill that misses proves nothing: so K comes from
the trace of an unhurt run, where each call on our files has its number, the trace of the killed run is
read, and a kill counts only where the program died entering the call that was meant.

    for kill in kill_points(argv, env, [root], ("write", "fsync", "openat"), reset):
        ...  # the files are as the kill left them: start again as usual, and check what must hold

The same serves for faults: ``fault="error=ENOSPC"`` lets the call fail instead.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


# The calls that change what is on a disk. Not every platform has each: where there is no `rename` there is
# `renameat`, and what a program never calls is never hit.
CHANGING = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "close", "ftruncate"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "mkdir", "mkdirat"),
)

# One thread does the work: ours, polars' and DuckDB's (`Lake.open(threads=1)`).
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}

# How often a call may be missed, because a run made a call more or less before it than the traced one.
_TRIES = 4

# strace pads a short process id with spaces.
_LINE = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\(")


# The program stops where its work begins only if the environment has this.
_ASKED = "STOP_TO_BE_TRACED"
_PR_SET_PTRACER = 0x59616D61


class MissedError(AssertionError):
    """A call of the unhurt run was not hit in any of several tries."""


@dataclass(frozen=True)
class Kill:
    """One run that was killed, or had a fault.

    Attributes:
        name: the system call.
        number: which of the calls of that name on our files, counted from 1.
        of: how many of them the unhurt run made.
        call: what strace printed of the call.
        returncode: how the program ended; -9 where it was killed.
    """

    name: str
    number: int
    of: int
    call: str
    returncode: int


def wait_to_be_traced() -> None:
    """Stop here until strace has come; nothing where nobody asked for it. The traced program calls it."""
    if os.environ.get(_ASKED):
        # Some systems let a process be traced by its parents only, unless it says otherwise.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)


def allowed() -> bool:
    """True where strace is installed and may trace: some containers forbid it."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    return subprocess.run([strace, "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0


def kill_points(
    argv: Sequence[str],
    env: Mapping[str, str],
    paths: Sequence[Path],
    names: Sequence[str],
    reset: Callable[[], None],
    *,
    every: int = 1,
    fault: str = "signal=KILL",
) -> Iterator[Kill]:
    """Run a program again and again, and kill it at another call on our files each time.

    Args:
        argv: the program. It calls `wait_to_be_traced` before its work; unhurt it ends with 0, does its
            work in one thread, and makes the same calls every time as long as the files are the same.
        env: its whole environment; `ONE_THREAD` is added.
        paths: our files and folders, with everything below them.
        names: the system calls to be hit, such as `CHANGING`.
        reset: puts the files back as they were; called before every run.
        every: hit only each so-many-th call of a name, the first and the last always.
        fault: what strace does to the call.

    Yields:
        One `Kill` per call, right after that run, with the files as it left them.

    Raises:
        MissedError: a call could not be hit.
    """
    with TemporaryDirectory(prefix="strace-") as folder:
        trace = Path(folder) / "trace"
        surroundings = {**env, **ONE_THREAD}
        reset()
        finished = _run(argv, surroundings, trace, names, None)
        if finished != 0:
            raise MissedError(f"the unhurt program ended with {finished}")
        for name in names:
            numbers = _ours(trace.read_text(errors="replace"), name, paths)
            chosen = sorted({*range(0, len(numbers), every), len(numbers) - 1}) if numbers else []
            seen = Path(folder) / "killed"
            for index in chosen:
                yield _hit(argv, surroundings, seen, name, numbers, index, paths, reset, fault)


def _run(argv: Sequence[str], env: Mapping[str, str], trace: Path, names: Sequence[str], inject: str | None) -> int:
    """Run the program, traced from where its work begins; how it ended."""
    # The program's own words are of no use here, and a test's log is no place for them.
    with subprocess.Popen(
        argv, env={**env, _ASKED: "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        ended = os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if ended is None or ended.si_code != os.CLD_STOPPED:
            raise MissedError("the program ended before its work: does it call wait_to_be_traced?")
        # Not --seccomp-bpf, though it is faster: strace 6.1 then prints the call and never sends the signal.
        command = [
            "strace",
            "-f",
            "-y",
            "-s",
            "16",
            "-o",
            str(trace),
            f"--trace={','.join(f'?{name}' for name in names)}",
        ]
        command += [f"--inject={inject}"] if inject else []
        with subprocess.Popen([*command, "-p", str(program.pid)], stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            # Said when every thread is traced; a program woken earlier would run ahead of its tracer.
            said = tracer.stderr.readline()
            if "attached" not in said:
                program.kill()
                raise MissedError(f"strace could not attach: {said.strip()}")
            program.send_signal(signal.SIGCONT)
            program.wait()
            tracer.communicate()
        return program.returncode


def _calls(trace: str, name: str) -> list[str]:
    """The calls of one name by the program's first thread, as strace prints them."""
    calls = []
    first = None
    for line in trace.splitlines():
        if not (found := _LINE.match(line)):
            continue
        first = first or found["thread"]
        if found["thread"] == first and found["name"] == name:
            calls.append(line)
    return calls


def _is_ours(call: str, paths: Sequence[Path]) -> bool:
    return any(re.search(rf'[<"]{re.escape(str(path))}(?=[/">.-])', call) for path in paths)


def _ours(trace: str, name: str, paths: Sequence[Path]) -> list[int]:
    """Strace's numbers, counted from 1, of the calls of one name on our files."""
    return [number for number, call in enumerate(_calls(trace, name), start=1) if _is_ours(call, paths)]


def _hit(
    argv: Sequence[str],
    env: Mapping[str, str],
    trace: Path,
    name: str,
    numbers: Sequence[int],
    index: int,
    paths: Sequence[Path],
    reset: Callable[[], None],
    fault: str,
) -> Kill:
    """Run until the call with this index among ours was the one that was hit."""
    when = numbers[index]
    for _ in range(_TRIES):
        reset()
        returncode = _run(argv, env, trace, [name], f"{name}:{fault}:when={when}")
        calls = _calls(trace.read_text(errors="replace"), name)
        before = sum(_is_ours(call, paths) for call in calls[: when - 1])
        hit = calls[when - 1] if len(calls) >= when else ""
        if hit and before == index and _is_ours(hit, paths):
            return Kill(name, index + 1, len(numbers), hit, returncode)
        # This run made other calls before ours than the traced one: count again from it.
        ours = [number for number, call in enumerate(calls, start=1) if _is_ours(call, paths)]
        when = ours[index] if len(ours) > index else when + (index - before if index != before else 1)
    raise MissedError(f"{name} number {index + 1} of {len(numbers)} on our files was never hit")
