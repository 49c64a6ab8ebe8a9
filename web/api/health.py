"""Is the program alive, and can it answer? For whoever keeps it running; no session, no data."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from lookup.coverage import reported_through
from store.history import latest
from web.dependencies import ServicesOf
from web.openapi import problems


router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """A sign of life."""

    status: Literal["ok"]


@router.get("/healthz", summary="Is the process alive?", response_model=Alive, response_description="It is.")
def alive() -> Alive:
    """Answers as long as the process runs; looks at nothing else."""
    return Alive(status="ok")


@router.get(
    "/readyz",
    summary="Can it answer questions?",
    response_model=Alive,
    response_description="It can.",
    responses=problems("not-ready", "store-unavailable"),
)
def ready(services: ServicesOf) -> Alive:
    """Answers 200 when both the database and the store can be read, and 503 otherwise."""
    with services.database.reading() as session:
        reported_through(session)
    latest(services.desk.lake)
    return Alive(status="ok")
