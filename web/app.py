"""The web app: which routes there are, and what wraps them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.report import PatientReport, SearchResult
from web import errors
from web.api import health, login, me, passwords, patients, reports, submissions
from web.envelope import Envelope
from web.examples import EXAMPLES
from web.openapi import describe
from web.services import Services


ROUTERS = (
    login.router,
    me.router,
    passwords.router,
    patients.router,
    reports.router,
    submissions.router,
    health.router,
)
MOST_BODY_BYTES = 64 * 1024


def create_app(services: Services) -> FastAPI:
    """The app over these services."""
    app = bare_app(services.version, services.clock, services.most_body_bytes)
    app.state.services = services
    return app


def bare_app(
    version: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC), most_body_bytes: int = MOST_BODY_BYTES
) -> FastAPI:
    """The app without services: enough to describe its interface, not to answer."""
    app = FastAPI(
        version=version,
        # The framework's own pages load scripts from elsewhere; the description itself is served.
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
    )
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app, clock)
    describe(app, (SearchResult, PatientReport), EXAMPLES)
    # The last one added is the outermost.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=most_body_bytes)
    app.add_middleware(_Announced, most=most_body_bytes)
    app.add_middleware(Envelope)
    return app


class _Announced:
    """Refuses a body that says itself that it is too large, in our own shape; the framework's answer is bare text."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            length = Headers(scope=scope).get("content-length", "").lstrip("0")
            if length.isdecimal() and (len(length) > len(str(self.most)) + 1 or int(length) > self.most):
                kind = errors.BY_STATUS[413]
                await errors.problem(kind, str(scope.get("request_id", "")))(scope, receive, send)
                return
        await self.app(scope, receive, send)
