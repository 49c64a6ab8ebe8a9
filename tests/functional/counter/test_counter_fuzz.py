"""Whatever is sent, the counter answers in its own shapes and never breaks (A3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st


if TYPE_CHECKING:
    from counter_state import World


# Everything JSON can say, and text of every kind: the client refuses half a surrogate pair itself.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
ANYTHING = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXT, part, max_size=3), max_leaves=6
)
DATES = st.dates().map(str) | TEXT | ANYTHING
ATTESTED = st.just(["P-105", "P-110"]) | st.lists(TEXT, max_size=3) | ANYTHING

SEARCHES = st.fixed_dictionaries(
    {
        "last_name": TEXT | ANYTHING,
        "first_name": TEXT | ANYTHING,
        "date_of_birth": st.just("1980-02-29") | DATES,
        "reason": st.just("treatment") | ANYTHING,
        "attested": ATTESTED,
    },
    optional={"more": ANYTHING},
)
REPORTS = st.fixed_dictionaries(
    {
        "references": st.lists(TEXT, max_size=3) | ANYTHING,
        "reason": st.just("treatment") | ANYTHING,
        "attested": ATTESTED,
    },
    optional={"filled_from": DATES, "filled_to": DATES},
)


def sound(answer: Any, answers: set[int]) -> None:
    assert answer.status_code in answers, answer.text
    kind = "application/json" if answer.status_code == 200 else "application/problem+json"
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"


@given(body=SEARCHES)
def test_any_search(world: World, body: dict[str, Any]) -> None:
    answer = world.client.post("/v1/patients/search", json=body, headers=world.as_("maren"))
    sound(answer, {200, 403, 422})


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100))
def test_any_name_finds_somebody_or_nobody(world: World, name: str) -> None:
    sound(world.search(world.as_("maren"), last_name=name, first_name=name), {200, 422})


@given(body=REPORTS)
def test_any_report(world: World, body: dict[str, Any]) -> None:
    sound(world.client.post("/v1/reports", json=body, headers=world.as_("maren")), {403, 404, 422})


@given(content=st.binary(max_size=200), kind=st.sampled_from(["application/json", "text/plain", "", "application/xml"]))
def test_any_bytes(world: World, content: bytes, kind: str) -> None:
    for path in ("/v1/patients/search", "/v1/reports", "/v1/login"):
        answer = world.client.post(path, content=content, headers={**world.as_("maren"), "content-type": kind})
        sound(answer, {400, 422})
