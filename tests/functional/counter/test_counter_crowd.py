"""Many at once: one lake and one database serve all threads, each with its own answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from counter_state import World


ASKED = [
    ({}, "exact", "SAMPLE"),
    ({"last_name": "Owner", "first_name": "Olga"}, "exact", "Owner"),
    ({"last_name": "Oneill Bohm", "first_name": "Zoe"}, "exact", "O'Néill-Böhm"),
    ({"last_name": "Nobody", "first_name": "Whatever"}, "none", None),
]


def test_a_crowd_is_served_without_mixing_answers(world: World) -> None:
    headers = {name: world.as_(name) for name in ("maren", "marcus")}

    def ask(number: int) -> None:
        who = ("maren", "marcus")[number % 2]
        asked, grade, last_name = ASKED[number % len(ASKED)]
        found = world.search(headers[who], **asked)
        assert found.status_code == 200, found.text
        assert found.json()["grade"] == grade
        for candidate in found.json()["candidates"]:
            assert candidate["last_name"] == last_name
            report = world.report(headers[who], [candidate["reference"]])
            assert report.status_code == 200, report.text
            assert report.json()["identities"][0]["last_name"] == last_name

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(ask, range(32)))
