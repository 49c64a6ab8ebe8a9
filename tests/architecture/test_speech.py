"""Who speaks, and what is never said: no print, no value in a log call (P-131, no values in logs)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from schemas.dispensation import PATIENT_COLUMNS


if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Module


LEVELS = {"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "msg", "bind"}
LOGGERS = {"log", "_log", "logger", "_logger", "logging", "LOG"}


def log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls such as ``log.info(…)``, ``self._log.warning(…)``, ``logging.getLogger(…).error(…)``."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        speaker = node.func.value
        while isinstance(speaker, ast.Call):  # log.bind(…).info(…), get_logger().info(…)
            speaker = speaker.func
        name = speaker.attr if isinstance(speaker, ast.Attribute) else getattr(speaker, "id", "")
        inner = getattr(getattr(speaker, "value", None), "id", "")
        if name in LOGGERS or inner in LOGGERS or name in {"getLogger", "get_logger"}:
            yield node


def faults(tree: ast.AST) -> list[str]:
    """What is wrong with a module's log calls."""
    found = []
    for call in log_calls(tree):
        said = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(isinstance(part, ast.JoinedStr) for part in said):
            found.append(f"line {call.lineno}: an f-string in a log call")
        if any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod) for part in said):
            found.append(f"line {call.lineno}: text put together in a log call")
        found += [
            f"line {call.lineno}: a log call names the patient column {keyword.arg}"
            for keyword in call.keywords
            if keyword.arg in PATIENT_COLUMNS
        ]
    return found


def test_no_log_call_carries_made_up_text_or_a_patient_column(modules: list[Module]) -> None:
    assert [f"{module.path}: {fault}" for module in modules for fault in faults(module.tree)] == []


@pytest.mark.parametrize(
    "code",
    [
        'log.info(f"came {name}")',
        'self._log.warning("came", detail=f"{row}")',
        'logging.getLogger("x").error("%s" % name)',
        'structlog.get_logger().bind(last_name="x")',
        'log.bind(a=1).info("came", date_of_birth=day)',
    ],
)
def test_the_check_sees_an_offence(code: str) -> None:
    assert len(faults(ast.parse(code))) == 1


def test_the_check_lets_plain_calls_pass() -> None:
    assert faults(ast.parse('log.info("came", count=3)\nmath.log(f"{x}")\nqueue.info(f"{x}")')) == []


def test_only_the_front_door_writes_to_a_terminal(modules: list[Module]) -> None:
    offences = [
        f"{module.path}:{node.lineno}"
        for module in modules
        if not module.name.startswith("pdmp.")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"print", "input"}
    ]
    assert offences == []


def test_only_the_front_door_reads_environment_and_clock(modules: list[Module]) -> None:
    """Inner functions take `now`, paths and connections as arguments."""
    offences = []
    for module in modules:
        if module.name.startswith(("pdmp", "access.migrations")):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute):
                text = ast.unparse(node)
                if text in {"os.environ", "os.getenv", "date.today", "datetime.date.today"}:
                    offences.append(f"{module.path}:{node.lineno}: {text}")
    assert offences == []
