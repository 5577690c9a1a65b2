"""What routes are given: the service, a turn to do work in, and who asks."""

from typing import Annotated, cast

from fastapi import Depends, Request

from triage.api.turns import Turn, Turns
from triage.domain import Caller
from triage.service import Service


# Coroutines, since FastAPI hands plain functions to a thread each.
async def get_service(request: Request) -> Service:
    """Return the service that the app was built over."""
    return cast("Service", request.app.state.service)


async def get_turns(request: Request) -> Turn:
    """Return the app's queue as this request sees it."""
    return Turn(cast("Turns", request.app.state.turns), request.is_disconnected)


async def get_caller(request: Request) -> Caller:
    """Return who asks, as the gate found."""
    return cast("Caller", request.state.caller)


CallerDep = Annotated[Caller, Depends(get_caller)]
ServiceDep = Annotated[Service, Depends(get_service)]
TurnsDep = Annotated[Turn, Depends(get_turns)]
