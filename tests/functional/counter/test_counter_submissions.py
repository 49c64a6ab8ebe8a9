"""GET /v1/submissions… over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.ledger import Ledger


if TYPE_CHECKING:
    from counter_state import World

    from schemas.submission import Submission


def listed(world: World, name: str, **query: str | int) -> list[str]:
    answer = world.client.get("/v1/submissions", params=query, headers=world.as_(name))
    assert answer.status_code == 200, answer.text
    return [line["submission_id"] for line in answer.json()["submissions"]]


def test_a_dispenser_sees_its_organisations_and_an_administrator_all(world: World) -> None:
    assert listed(world, "elm") == ["s-elm-3", "s-elm-2", "s-elm-1"]
    assert listed(world, "oak") == ["s-oak-3", "s-oak-2", "s-oak-1"]
    assert set(listed(world, "ann")) == {f"s-{name}-{number}" for name in ("elm", "oak") for number in (1, 2, 3)}


def test_pages_go_on_where_the_last_ended(world: World) -> None:
    headers, seen, before = world.as_("ann"), [], None
    while True:
        query = {"limit": 2, **({"before": before} if before else {})}
        page = world.client.get("/v1/submissions", params=query, headers=headers).json()
        assert len(page["submissions"]) <= 2
        seen += [line["submission_id"] for line in page["submissions"]]
        before = page["next_before"]
        if before is None:
            break
    assert seen == listed(world, "ann", limit=100)
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1.5", "before=", "offset=5", "before=" + "x" * 101]
)
def test_pages_are_bounded(world: World, query: str) -> None:
    answer = world.client.get(f"/v1/submissions?{query}", headers=world.as_("ann"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/" + query.partition("=")[0]


def test_what_arrives_meanwhile_moves_no_page(world: World, submission: Submission) -> None:
    """A7."""
    headers = world.as_("ann")
    first = world.client.get("/v1/submissions", params={"limit": 3}, headers=headers).json()
    rest = {"limit": 100, "before": first["next_before"]}
    second = world.client.get("/v1/submissions", params=rest, headers=headers).json()
    Ledger(world.services.database).submission_received(submission)
    try:
        assert world.client.get("/v1/submissions", params=rest, headers=headers).json() == second
    finally:
        from sqlalchemy import text  # noqa: PLC0415  used here only

        with world.services.database.session() as session:
            session.execute(text("DELETE FROM submissions WHERE id = 's-zzz'"))


def test_the_detail_counts_per_pharmacy_and_says_what_to_do(world: World) -> None:
    detail = world.client.get("/v1/submissions/s-elm-1", headers=world.as_("elm")).json()
    assert (detail["submission_id"], detail["file"], detail["state"]) == ("s-elm-1", "elm_1.dat", "stored")
    assert detail["totals"]["rejected"] == 1
    assert [(part["dea"], part["totals"]["records"]) for part in detail["pharmacies"]] == [("FX1234563", 2)]
    assert (len(detail["findings"]), detail["findings_total"]) == (3, 3)
    finding = detail["findings"][0]
    assert (finding["code"], finding["element"], finding["record"]) == ("F-EMPTY", "DSP05", 2)
    assert finding["message"]
    assert finding["remedy"]


def test_while_nothing_is_decided_it_says_so(world: World) -> None:
    headers = world.as_("elm")
    detail = world.client.get("/v1/submissions/s-elm-2", headers=headers).json()
    assert (detail["state"], detail["outcome"], detail["totals"], detail["findings"]) == ("received", None, None, [])
    answer = world.client.get("/v1/submissions/s-elm-2/report", headers=headers)
    assert (answer.status_code, answer.json()["retry"]) == (409, True)
    assert int(answer.headers["retry-after"]) > 0


def test_the_text_report_is_the_one_of_the_reports_folder(world: World) -> None:
    answer = world.client.get("/v1/submissions/s-elm-1/report", headers=world.as_("elm"))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "FILE STATUS REPORT" in answer.text
    assert "elm_1.dat" in answer.text


@pytest.mark.parametrize("suffix", ["", "/report"])
def test_what_is_foreign_and_what_is_not_there_look_alike(world: World, suffix: str) -> None:
    answers = []
    for submission_id in ("s-oak-1", "s-nobody", "' or 1=1 --", "x" * 5000, "%00"):
        answer = world.client.get(f"/v1/submissions/{submission_id}{suffix}", headers=world.as_("elm"))
        assert answer.status_code == 404
        problem = answer.json()
        problem.pop("request_id")
        answers.append((problem, sorted(set(answer.headers) - {"x-request-id", "date"})))
    assert answers == [answers[0]] * len(answers)


def test_the_register_is_ready_for_the_next_day(world: World) -> None:
    assert world.services.today() == (world.clock.now - timedelta(hours=5)).date()
