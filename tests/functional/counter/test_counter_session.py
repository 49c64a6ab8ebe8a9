"""POST /v1/login, POST /v1/logout, GET /v1/me, and the health addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from counter_state import PASSWORD

from access.accounts import find_account
from web.app import create_app


if TYPE_CHECKING:
    from collections.abc import Callable

    from counter_state import World


def test_who_am_i(world: World) -> None:
    me = world.client.get("/v1/me", headers=world.as_("maren")).json()
    assert (me["name"], me["email"], me["role"]) == ("Maren", "maren@example.org", "prescriber")
    assert me["may"] == ["patient:search", "patient:report", "password:change"]
    assert me["reasons"] == ["referral", "treatment"]
    assert [one["number"] for one in me["attestations"]] == ["P-105", "P-110"]


def test_signing_out_ends_this_session_only(world: World) -> None:
    first, second = world.fresh("maren"), world.fresh("maren")
    answer = world.client.post("/v1/logout", headers=first)
    assert (answer.status_code, answer.content) == (204, b"")
    assert world.client.get("/v1/me", headers=first).status_code == 401
    assert world.client.get("/v1/me", headers=second).status_code == 200


@pytest.mark.parametrize(
    "name", ["phil@example.org", "nobody@example.org", "gone@example.org", "no address", "' or 1=1 --"]
)
def test_whatever_is_wrong_the_answer_is_the_same(world: World, name: str) -> None:
    """P-140, L4: no answer says whether an account exists."""
    answer = world.client.post("/v1/login", json={"email": name, "password": "wrong"})
    assert answer.status_code == 401
    problem = answer.json()
    problem.pop("request_id")
    assert problem == {
        "type": "urn:open-pdmp:problem:not-signed-in",
        "title": "Not signed in",
        "status": 401,
        "detail": "E-mail address or password is wrong. Try again, or reset the password.",
        "retry": False,
    }


@pytest.mark.parametrize("name", ["marcus@example.org", "invented@example.org"])
def test_the_fifth_try_must_wait(world: World, name: str) -> None:
    """L-09, whether or not there is such an account."""
    before = world.clock.now
    try:
        for _ in range(4):
            assert world.client.post("/v1/login", json={"email": name, "password": "wrong"}).status_code == 401
        answer = world.client.post("/v1/login", json={"email": name, "password": PASSWORD})
        assert (answer.status_code, answer.json()["retry"]) == (429, True)
        assert answer.headers["retry-after"] == "600"
        world.clock.advance(minutes=10)
        answer = world.client.post("/v1/login", json={"email": name, "password": PASSWORD})
        assert answer.status_code == (200 if name.startswith("marcus") else 401)
    finally:
        world.clock.now = before


def test_an_expired_password_says_so_to_its_owner_only(world: World) -> None:
    """P-145, P-150."""
    before = world.clock.now
    try:
        world.clock.advance(days=91)
        right = world.client.post("/v1/login", json={"email": "ann@example.org", "password": PASSWORD})
        assert (right.status_code, right.json()["type"]) == (403, "urn:open-pdmp:problem:password-expired")
        assert world.client.post("/v1/login", json={"email": "ann@example.org", "password": "wrong"}).status_code == 401
    finally:
        world.clock.now = before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@example.org"},
        {"email": "a@example.org", "password": ""},
        {"email": "a@example.org", "password": 12345678},
        {"email": ["a@example.org"], "password": "x"},
        {"email": "a@example.org", "password": "x", "role": "administrator"},
        {"email": "a" * 321, "password": "x"},
        {"email": "a@example.org", "password": "x" * 1001},
    ],
)
def test_a_login_is_strict(world: World, body: dict[str, Any]) -> None:
    answer = world.client.post("/v1/login", json=body)
    assert answer.status_code == 422
    assert "x" * 20 not in answer.text


def test_health(world: World) -> None:
    assert world.client.get("/healthz").json() == {"status": "ok"}
    assert world.client.get("/readyz").json() == {"status": "ok"}


class Broken:
    """A part of the world that is not there."""

    def __getattr__(self, name: str) -> Any:
        from store.errors import LakeBusyError  # noqa: PLC0415  used here only

        raise LakeBusyError("could not read: the catalog of the lake at /srv/secret is locked; try again")


def test_not_ready_is_said_without_naming_folders(world: World, start_server: Callable[..., Any]) -> None:
    desk = replace(world.services.desk, lake=Broken())
    with start_server(create_app(replace(world.services, desk=desk))) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["retry"]) == (503, True)
        assert "/srv" not in answer.text
        assert int(answer.headers["retry-after"]) > 0


NEW = "another-Horse-staple"


def test_a_password_is_changed_by_who_knows_it(world: World) -> None:
    """P-148, P-149, P-138."""
    first, second = world.fresh("oak"), world.fresh("oak")
    url = "/v1/me/password"
    wrong = world.client.post(url, json={"current": "wrong", "new": NEW, "again": NEW}, headers=first)
    assert (wrong.status_code, wrong.json()["type"]) == (403, "urn:open-pdmp:problem:forbidden")
    for new, again in (("short", "short"), (NEW, "other-Horse-staple"), (PASSWORD, PASSWORD)):
        weak = world.client.post(url, json={"current": PASSWORD, "new": new, "again": again}, headers=first)
        assert (weak.status_code, weak.json()["type"]) == (422, "urn:open-pdmp:problem:weak-password")
    done = world.client.post(url, json={"current": PASSWORD, "new": NEW, "again": NEW}, headers=first)
    assert done.status_code == 204
    assert world.client.get("/v1/me", headers=first).status_code == 200
    assert world.client.get("/v1/me", headers=second).status_code == 401
    body = {"email": "oak@example.org", "password": PASSWORD}
    assert world.client.post("/v1/login", json=body).status_code == 401
    back = world.client.post(url, json={"current": NEW, "new": PASSWORD, "again": PASSWORD}, headers=first)
    assert back.status_code == 204


def test_a_temporary_password_opens_nothing_until_it_is_replaced(world: World) -> None:
    with world.services.database.session() as session:
        account = find_account(session, "temp@example.org")
        assert account is not None
    body = {"email": "temp@example.org", "password": PASSWORD}
    assert world.client.post("/v1/login", json=body).json()["type"] == "urn:open-pdmp:problem:password-expired"
    change = {"email": "temp@example.org", "temporary": PASSWORD, "new": NEW, "again": NEW}
    refused = world.client.post("/v1/password", json={**change, "temporary": "wrong"})
    unknown = world.client.post("/v1/password", json={**change, "email": "nobody-else@example.org"})
    permanent = world.client.post("/v1/password", json={**change, "email": "phil@example.org"})
    assert {answer.status_code for answer in (refused, unknown, permanent)} == {401}
    assert len({answer.json()["detail"] for answer in (refused, unknown, permanent)}) == 1
    assert world.client.post("/v1/password", json=change).status_code == 204
    assert world.client.post("/v1/login", json={**body, "password": NEW}).status_code == 200
    # Only once: from then on it is the owner's own.
    assert world.client.post("/v1/password", json={**change, "temporary": NEW}).status_code == 401
