"""What every answer carries, what no log line does, and what happens when something breaks."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from counter_state import CANARY

from web.app import create_app


if TYPE_CHECKING:
    from collections.abc import Callable

    from counter_state import World


def answers(world: World) -> list[Any]:
    headers = world.fresh("maren")
    client = world.client
    return [
        client.get("/healthz"),
        client.get("/v1/me"),
        client.get("/v1/me", headers=headers),
        client.get("/v1/openapi.json"),
        client.get("/nowhere"),
        client.put("/v1/me"),
        client.post("/v1/login", json={}),
        client.post("/v1/login", content=b"x" * 70_000),
        world.search(headers),
        world.report(headers, [world.ada(headers)]),
        client.post("/v1/logout", headers=headers),
    ]


def test_every_answer_carries_the_safe_headers(world: World) -> None:
    """A5."""
    for answer in answers(world):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert len(answer.headers["x-request-id"]) == 32
        assert "server" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
            assert answer.json()["status"] == answer.status_code


def test_a_large_body_is_not_read(world: World) -> None:
    """A6."""
    headers = {**world.as_("maren"), "content-type": "application/json"}
    for body in (b" " * 65_537, (b" " * 8192 for _ in range(1000))):
        answer = world.client.post("/v1/patients/search", content=body, headers=headers)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_client_chooses_no_request_id(world: World) -> None:
    answer = world.client.get("/healthz", headers={"X-Request-Id": "chosen"})
    assert answer.headers["x-request-id"] != "chosen"


def test_the_log_names_the_template_and_nothing_that_was_sent(world: World, log: list[Any]) -> None:
    """A4, I8."""
    headers = world.as_("ann")
    settle(log)
    log.clear()
    world.client.get(f"/v1/submissions/{CANARY}/report?x={CANARY}", headers=headers)
    world.client.get(f"/{CANARY}")
    world.client.request(CANARY, "/v1/me")
    settle(log, 3)
    lines = [entry for entry in log if entry["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/v1/submissions/{submission_id}/report", 404),
        ("GET", "-", 404),
        ("OTHER", "/v1/me", 405),
    ]
    assert all(set(line) == {"event", "log_level", "method", "route", "status", "ms", "request_id"} for line in lines)
    assert CANARY not in str(log)


def settle(log: list[Any], lines: int = 0) -> None:
    """A line is written after its answer has gone out: wait for so many, and for silence."""
    deadline = time.monotonic() + 10
    while len(log) < lines and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)


def test_a_patient_leaves_no_trace_outside_the_store(
    world: World, log: list[Any], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """I7: the canary goes through everything that works and everything that fails."""
    caplog.set_level(logging.DEBUG)
    log.clear()
    headers = world.as_("maren")
    found = world.search(headers, last_name=CANARY, first_name="ZZCANARYFIRST")
    assert found.json()["grade"] == "exact"
    reference = found.json()["candidates"][0]["reference"]
    assert CANARY in world.report(headers, [reference]).text
    refused = [
        world.search(headers, last_name=CANARY, date_of_birth=CANARY),
        world.search(headers, last_name=CANARY * 20),
        world.search(headers, last_name=CANARY, reason=CANARY),
        world.search(headers, last_name=CANARY, attested=[CANARY]),
        world.search(world.as_("elm"), last_name=CANARY),
        world.report(headers, [CANARY]),
        world.report(headers, [reference], filled_from=CANARY),
        world.client.post("/v1/login", json={"email": CANARY, "password": CANARY}),
        world.client.post("/v1/patients/search", content=CANARY.encode(), headers=headers),
        world.client.get(f"/v1/submissions/{CANARY}", headers=headers),
    ]
    for answer in refused:
        assert answer.status_code >= 400
        assert CANARY not in answer.text
        assert all(CANARY not in str(value) for value in answer.headers.values())
    printed = capfd.readouterr()
    # What the client of this test logs of its own requests is not ours.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert "ZZCANARY" not in str(log) + str(logged) + printed.out + printed.err
    files = [path for path in world.home.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path.name for path in files if b"ZZCANARY" in path.read_bytes()] == []


class Exploding:
    """A lake whose failure quotes a patient."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(f"no column for {CANARY}")


def test_what_nobody_foresaw_is_a_500_that_says_nothing(
    world: World, start_server: Callable[..., Any], log: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """A3, I8."""
    app = create_app(replace(world.services, desk=replace(world.services.desk, lake=Exploding())))
    headers = world.as_("maren")
    log.clear()
    with start_server(app) as client:
        answer = client.post(
            "/v1/patients/search",
            headers=headers,
            json={
                "last_name": CANARY,
                "first_name": "Ada",
                "date_of_birth": "1980-02-29",
                "reason": "treatment",
                "attested": ["P-105", "P-110"],
            },
        )
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "urn:open-pdmp:problem:internal",
        "title": "Our fault",
        "status": 500,
        "detail": "Something went wrong on our side; it was noted. Quote the request id when you ask about it.",
        "request_id": answer.headers["x-request-id"],
        "retry": False,
    }
    settle(log, 2)
    (noted,) = [entry for entry in log if entry["event"] == "request failed"]
    assert noted["request_id"] == answer.headers["x-request-id"]
    assert noted["error"] == "builtins.ValueError"
    assert any("lookup.search:search" in place for place in noted["at"])
    printed = capfd.readouterr()
    assert CANARY not in str(log) + printed.out + printed.err
