"""`pdmp serve`: the SFTP door, the worker and the web app as separate processes, kept running.

A child that dies is started again, after a pause that doubles from one second to a minute and is
forgotten once the child has run for a minute. All children hold the reading end of a pipe whose
writing end is ours: were we killed outright, they would see its end and stop.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pdmp.exit_codes import ExitCode
from pdmp.processes import SUPERVISED, Address, announced


FIRST_PAUSE, LONGEST_PAUSE, STEADY = 1.0, 60.0, 60.0
# -P: "-m" alone would look for our modules in the folder we were started in first, and run a `web.py` that lies there.
PROGRAM = (sys.executable, "-P", "-m", "pdmp")
# Long enough for a worker to finish the commit it is in.
PATIENCE = 20.0


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0
    last_code: int | None = None


def supervise(
    names: Sequence[str],
    home: Path,
    run: Path,
    stop: threading.Event,
    *,
    ready: Callable[[Mapping[str, Address]], None],
    notice: Callable[[str], None],
) -> int:
    """Run ``pdmp NAME`` for each name until `stop`; then end them all.

    Args:
        names: the commands to run, in the order in which to start them.
        home: the installation.
        run: where the children announce their addresses.
        stop: ends the supervision.
        ready: called once, when every child has announced itself.
        notice: told, in a sentence, of each restart.

    Returns:
        The exit code: 0; 1 where a child never came up before `stop`; 78 where one says that a setting is wrong.
    """
    children = [Child(name, (*PROGRAM, "--home", str(home), name)) for name in names]
    pipe_out, pipe_in = os.pipe()
    told = False
    try:
        while not stop.is_set():
            for child in children:
                _keep_running(child, pipe_out, notice)
            if not told and any(child.last_code == ExitCode.CONFIGURATION for child in children):
                # No restart mends a setting; the child has said which one.
                return ExitCode.CONFIGURATION
            if not told:
                addresses = _all_announced(children, run)
                if addresses is not None:
                    ready(addresses)
                    told = True
            stop.wait(0.05 if not told else 0.5)
    finally:
        os.close(pipe_in)
        _end(children)
        os.close(pipe_out)
    return 0 if told else 1


def _keep_running(child: Child, stdin: int, notice: Callable[[str], None]) -> None:
    now = time.monotonic()
    if child.process is not None and child.process.poll() is not None:
        code = child.process.returncode
        if now - child.started > STEADY:
            child.pause = FIRST_PAUSE
        child.due, child.process, child.last_code = now + child.pause, None, code
        notice(f"{child.name} ended with code {code}; starting it again in {child.pause:.0f} s.")
        child.pause = min(child.pause * 2, LONGEST_PAUSE)
    if child.process is None and now >= child.due:
        environment = {**os.environ, SUPERVISED: "1"}
        child.process = subprocess.Popen(child.command, stdin=stdin, env=environment)  # noqa: S603  our own command
        child.started = now


def _all_announced(children: Sequence[Child], run: Path) -> Mapping[str, Address] | None:
    found = {}
    for child in children:
        address = announced(run, child.name, child.process.pid) if child.process is not None else None
        if address is None:
            return None
        found[child.name] = address
    return found


def _end(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
