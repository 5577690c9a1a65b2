"""What routes are given: the service, a turn to do work in, and who asks."""

from typing import Annotated, cast

from fastapi import Depends, Request

from triage.api.bounded import CYCLE
from triage.api.turns import Gone, Turn, Turns
from triage.domain import Caller
from triage.service import Service


# Coroutines, since FastAPI hands plain functions to a thread each.
async def get_service(request: Request) -> Service:
    """Return the service that the app was built over."""
    return cast("Service", request.app.state.service)


async def get_turns(request: Request) -> Turn:
    """Return the app's queue as this request sees it."""
    return Turn(cast("Turns", request.app.state.turns), _gone_of(request))


def _gone_of(request: Request) -> Gone | None:
    """Ask the server whether a caller is gone; waiting for an answer would hold all who wait."""
    cycle = request.scope.get("extensions", {}).get(CYCLE)
    if cycle is None:
        return None

    def gone() -> bool:
        known = cycle()
        return known is None or known.disconnected

    return gone


async def get_caller(request: Request) -> Caller:
    """Return who asks, as the gate found."""
    return cast("Caller", request.state.caller)


CallerDep = Annotated[Caller, Depends(get_caller)]
ServiceDep = Annotated[Service, Depends(get_service)]
TurnsDep = Annotated[Turn, Depends(get_turns)]
