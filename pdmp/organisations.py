"""Find an organisation by its name, or make it: the command line speaks of names, not of ids."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from access.audit import Actor
from access.organisations import create_organisation, list_organisations


def organisation_named(session: Session, name: str, *, by: Actor, now: datetime) -> str:
    """The id of the organisation of this name; it is made where there is none."""
    for organisation in list_organisations(session):
        if organisation.name == name:
            return organisation.id
    return create_organisation(session, name, by=by, now=now).id
