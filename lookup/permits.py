"""The lock on the door: what a question asks of the permit it is given."""

from __future__ import annotations

from access.permit import Act, Permit
from lookup.errors import PermitRefused


def check(permit: Permit, act: Act) -> None:
    """Let a permit of this act through.

    Raises:
        PermitRefused: it is none, or is for another act.
    """
    if not isinstance(permit, Permit):
        raise PermitRefused("This needs a permit, and what was given is none; ask access.permissions for one.")
    if permit.act is not act:
        raise PermitRefused(f"This needs a permit for {act}; the one given is for {permit.act}.")
