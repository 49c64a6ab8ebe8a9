"""What happens to every request, whatever it asks: an id, headers, a log line, and no loose exception.

THE LOG LINE holds method, route template, status, duration and request id: never a path as sent, a
query or a body. An exception that nobody foresaw is logged by its type and the places it passed, never
by its text, and answered with a 500 that says nothing but the id.
"""

from __future__ import annotations

import time
import uuid
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import BY_STATUS, problem


log = structlog.get_logger(__name__)

# For every answer. There is nothing to frame, run or cache: this is an interface for programs.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# P-129: once reached over HTTPS, a browser comes back over nothing else.
HSTS: Final = "max-age=31536000; includeSubDomains"

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Envelope:
    """The outermost layer of our own; inside another one of its kind it does nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and dress its answer."""
        if scope["type"] != "http" or "request_id" in scope:
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope["request_id"] = request_id
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["X-Request-Id"] = request_id
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = HSTS
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001  the last place that can keep its text from the log
            # Not log.exception: a traceback would quote data.
            fault = {"error": _name(error), "at": _places(error)}
            log.error("request failed", request_id=request_id, route=_route(scope), **fault)  # noqa: TRY400
            if not status:
                await problem(BY_STATUS[500], request_id)(scope, receive, send_with_headers)
        log.info(
            "request",
            method=scope["method"] if scope["method"] in METHODS else "OTHER",
            route=_route(scope),
            status=status,
            ms=round((time.perf_counter() - began) * 1000, 1),
            request_id=request_id,
        )


def _route(scope: Scope) -> str:
    """The template that matched, such as ``/v1/submissions/{submission_id}``; ``-`` where none did."""
    return str(getattr(scope.get("route"), "path", "-"))


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _places(error: BaseException) -> list[str]:
    """The last places an exception passed, as module:function:line."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-8:]
