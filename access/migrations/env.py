"""Alembic's entry: runs the revisions over the connection that `access.database.migrate` hands in."""

from __future__ import annotations

from alembic import context

from access import tables
from access.database import Base


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a column; Alembic then copies the table.
    render_as_batch=True,
)
assert tables.REGISTERED  # noqa: S101  imported for its tables
context.run_migrations()
