"""Logging: one JSON object a line, and no field that may carry patient data.

A log is read by people who may not see patients. So the gate is here, at the last moment, and it
holds whoever wrote the log call: a field whose name may carry a patient's value is dropped, and its
name (never its value) is noted instead.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import IO

import structlog
from structlog.typing import EventDict, WrappedLogger

from schemas.dispensation import PATIENT_COLUMNS


# The dispensation's patient columns, and what criteria and web requests call the same things.
REFUSED_FIELDS = PATIENT_COLUMNS | {"patient", "name", "dob", "criteria", "candidate", "body", "query", "value", "row"}


def refuse_patient_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop fields that may carry patient data; `refused_fields` names them."""
    refused = sorted(REFUSED_FIELDS.intersection(event))
    if not refused:
        return event
    kept = {key: value for key, value in event.items() if key not in REFUSED_FIELDS}
    return {**kept, "refused_fields": refused}


def hide_exception_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and the places it passed: its text may quote data."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else (info[1] if isinstance(info, tuple) else sys.exc_info()[1])
    places = []
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return {**event, "error": type(error).__name__, "at": places[-8:]}


def hide_what_ends_us() -> None:
    """Log what nobody catches, in this process and its threads, by type and place: a traceback quotes data."""

    def ended(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        structlog.get_logger(__name__).critical("ended by an error", exc_info=error)

    def thread_ended(facts: threading.ExceptHookArgs) -> None:
        if facts.exc_value is not None:
            structlog.get_logger(__name__).critical("a thread ended by an error", exc_info=facts.exc_value)

    sys.excepthook = ended
    threading.excepthook = thread_ended


def configure(stream: IO[str] | None = None, *, level: int = logging.INFO) -> None:
    """Send every log line, ours and the libraries', through the same gates to `stream` (stderr)."""
    gates: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_exception_values,
        refuse_patient_fields,
    ]
    structlog.configure(
        processors=[
            *gates,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=gates,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Libraries' information lines name requests and files; their warnings are enough.
    for noisy in ("paramiko", "uvicorn.access", "alembic", "sqlalchemy", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
