"""What an endpoint asks for in its signature: the services, who is signed in, and that they may.

WHO MAY CALL STANDS IN THE SIGNATURE. Every route that is not public has a `Needs` among its
dependencies; a test walks all routes and fails on one that has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from access.errors import Forbidden, NotSignedIn
from access.permission_table import Action
from access.permissions import check_may, record_refusal
from access.sessions import NO_SESSION, Person, authenticate
from web.services import Services


# auto_error off: our own refusal, in our own shape.
BEARER: Final = HTTPBearer(auto_error=False, description="The token that POST /v1/login gave, as `Bearer …`.")


def services_of(request: Request) -> Services:
    """What this application was made with."""
    return cast("Services", request.app.state.services)


def peer_of(request: Request) -> str:
    """The client's network address; behind a trusted proxy, the one that it names."""
    return request.client.host if request.client else ""


ServicesOf = Annotated[Services, Depends(services_of)]
Peer = Annotated[str, Depends(peer_of)]


def token_of(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> str:
    """The bearer token.

    Raises:
        NotSignedIn: there is none.
    """
    if credentials is None:
        raise NotSignedIn(NO_SESSION)
    return credentials.credentials


Token = Annotated[str, Depends(token_of)]


def signed_in(token: Token, services: ServicesOf) -> Person:
    """Who is signed in.

    Raises:
        NotSignedIn: nobody.
    """
    return authenticate(services.database, token, services.clock(), rules=services.session_rules)


@dataclass(frozen=True)
class Needs:
    """The person signed in, if their role may do this.

    Attributes:
        action: what they must be allowed to do; None asks for a session only.
    """

    action: Action | None

    def __call__(self, person: Annotated[Person, Depends(signed_in)], services: ServicesOf, peer: Peer) -> Person:
        """Let them through.

        Raises:
            Forbidden: their role may not; that they asked is in the audit trail.
        """
        if self.action is not None:
            try:
                check_may(person.role, self.action)
            except Forbidden as refusal:
                record_refusal(services.database, person, self.action, str(refusal), services.clock(), peer)
                raise
        return person
