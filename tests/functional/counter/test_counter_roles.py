"""Who may call what: every role at every address, and nobody without a role (engineering.md C4 group Z)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from access.permission_table import BY_ACTION, Action
from access.roles import ROLES
from web.app import bare_app
from web.dependencies import Needs
from web.openapi import who_may_call


if TYPE_CHECKING:
    from counter_state import World


# One account of each role.
ACCOUNTS = {"administrator": "ann", "prescriber": "maren", "pharmacist": "phil", "dispenser": "elm"}

# The status that each role gets, in the order of ACCOUNTS, and what somebody who is not signed in gets.
# 422: past the lock, and then the empty body is refused.
TABLE: dict[tuple[str, str], tuple[tuple[int, ...], int]] = {
    ("POST", "/v1/login"): ((422, 422, 422, 422), 422),
    ("POST", "/v1/logout"): ((204, 204, 204, 204), 401),
    ("GET", "/v1/me"): ((200, 200, 200, 200), 401),
    ("POST", "/v1/me/password"): ((422, 422, 422, 422), 401),
    ("POST", "/v1/password"): ((422, 422, 422, 422), 422),
    ("POST", "/v1/patients/search"): ((403, 422, 422, 403), 401),
    ("POST", "/v1/reports"): ((403, 422, 422, 403), 401),
    ("GET", "/v1/submissions"): ((200, 403, 403, 200), 401),
    ("GET", "/v1/submissions/{submission_id}"): ((200, 403, 403, 200), 401),
    ("GET", "/v1/submissions/{submission_id}/report"): ((200, 403, 403, 200), 401),
    ("GET", "/healthz"): ((200, 200, 200, 200), 200),
    ("GET", "/readyz"): ((200, 200, 200, 200), 200),
    ("GET", "/v1/openapi.json"): ((200, 200, 200, 200), 200),
}
PUBLIC = {"/v1/login", "/v1/password", "/healthz", "/readyz", "/v1/openapi.json"}


def routes() -> dict[tuple[str, str], Any]:
    return {
        (method, context.path): context.original_route
        for context in iter_route_contexts(bare_app("0").routes)
        for method in (getattr(context.original_route, "methods", None) or {"?"}) - {"HEAD"}
    }


def test_the_table_has_every_route_and_every_role() -> None:
    """`app.routes` does not list the routes of included routers; this does (engineering.md decision 19)."""
    assert set(TABLE) == set(routes())
    assert set(ACCOUNTS) == set(ROLES)


def call(world: World, method: str, path: str, headers: dict[str, str]) -> int:
    body = {"json": {}} if method == "POST" else {}
    return world.client.request(method, path.format(submission_id="s-elm-1"), headers=headers, **body).status_code


@pytest.mark.parametrize("role", ACCOUNTS)
def test_each_role_at_each_address(world: World, role: str) -> None:
    """Z1."""
    for (method, path), (statuses, _) in TABLE.items():
        status = statuses[list(ACCOUNTS).index(role)]
        assert call(world, method, path, world.fresh(ACCOUNTS[role])) == status, (method, path)


@pytest.mark.parametrize("held", ["nothing", "forged", "ended", "empty", "basic", "twice", "padded"])
def test_without_a_session_everything_but_the_public_is_closed(world: World, held: str) -> None:
    """Z5."""
    token = world.token("maren")
    headers = {
        "nothing": {},
        "forged": {"Authorization": "Bearer " + "A" * 43},
        "ended": {"Authorization": f"Bearer {token}"},
        "empty": {"Authorization": "Bearer"},
        "basic": {"Authorization": "Basic bWFyZW46cGFzcw=="},
        "twice": {"Authorization": f"Bearer {token} {token}"},
        "padded": {"Authorization": "Bearer " + "A" * 6000},
    }[held]
    if held == "ended":
        world.client.post("/v1/logout", headers=headers)
    for (method, path), (_, anonymous) in TABLE.items():
        assert call(world, method, path, headers) == anonymous, (method, path)


def test_a_session_ends_by_itself(world: World) -> None:
    headers, before = world.fresh("maren"), world.clock.now
    try:
        world.clock.advance(minutes=29)
        assert world.client.get("/v1/me", headers=headers).status_code == 200
        world.clock.advance(minutes=31)
        answer = world.client.get("/v1/me", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    finally:
        world.clock.now = before


def test_every_route_that_is_not_public_has_a_lock() -> None:
    """Z2."""
    for (_, path), route in routes().items():
        if path in PUBLIC:
            continue
        assert isinstance(route, APIRoute)
        assert who_may_call(route) != "everybody", path


def test_the_lock_is_the_permission_table() -> None:
    titles = {role.title for role in ROLES.values()}
    for (method, path), (statuses, _) in TABLE.items():
        route = routes()[method, path]
        if path in PUBLIC or not isinstance(route, APIRoute):
            continue
        allowed = {ROLES[role].title for role, status in zip(ACCOUNTS, statuses, strict=True) if status != 403}
        said = who_may_call(route)
        assert allowed == (titles if said == "everybody signed in" else set(said.split(", ")))


def test_an_unknown_action_opens_nothing() -> None:
    assert set(BY_ACTION) == set(Action)
    assert Needs(None).action is None


ODD = [
    ("GET", "/v1/patients/search"),
    ("PUT", "/v1/reports"),
    ("DELETE", "/v1/submissions/s-elm-1"),
    ("OPTIONS", "/v1/reports"),
    ("TRACE", "/v1/me"),
    ("GET", "/v1/me/"),
    ("GET", "/V1/ME"),
    ("GET", "/v1/submissions/s-elm-1/"),
    ("GET", "/v1%2fme%2f"),
    ("GET", "/v1/submissions/..%2f..%2fme"),
    ("GET", "/v1//me"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
    ("GET", "/openapi.json"),
    ("GET", "/"),
]


@pytest.mark.parametrize(("method", "path"), ODD)
def test_odd_spellings_lead_nowhere(world: World, method: str, path: str) -> None:
    """Z6."""
    answer = world.client.request(method, path, headers=world.as_("ann"), follow_redirects=False)
    assert answer.status_code in {404, 405}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_cannot_be_overridden(world: World, header: str) -> None:
    answer = world.client.get("/v1/reports", headers={**world.as_("maren"), header: "POST"})
    assert answer.status_code == 405
