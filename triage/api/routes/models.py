"""Routes that tell what may answer, put a bundle live, and take it back."""

from fastapi import APIRouter

from triage.api.deps import CallerDep, ServiceDep, TurnsDep
from triage.api.errors import documented
from triage.api.examples import MODELS, MOVED, TAKEN_BACK, answered
from triage.api.guard import needs
from triage.api.json_body import JsonRoute
from triage.api.model_schemas import Models, Moved, PromoteRequest, RollbackRequest
from triage.bundle.gate import load_gate
from triage.bundle.moves import Signature, history
from triage.bundle.promotion import Bench, promote, rollback
from triage.bundle.registry import CHAMPION
from triage.bundle.state import state_of
from triage.domain import Caller
from triage.service import Service

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=JsonRoute)
SHOWN = 20
"""Moves listed, the newest first."""
_REFUSALS = documented(404, 409, 413, 415, 422, 500, 503)


@router.get(
    "",
    summary="List bundles, aliases and moves",
    responses=answered(MODELS, "What answers, what there is, and the last 20 moves.")
    | documented(500, 503),
)
@needs("models:read")
async def models(service: ServiceDep, turns: TurnsDep) -> Models:
    """Tell which bundle answers, and why it is another than the champion if it is."""
    return await turns.run(_models, service)


@router.post(
    "/promote",
    summary="Put a bundle live",
    responses=answered(MOVED, "The champion; servers answer from it within 5 seconds.") | _REFUSALS,
)
@needs("models:promote")
async def promote_bundle(
    payload: PromoteRequest, service: ServiceDep, turns: TurnsDep, caller: CallerDep
) -> Moved:
    """Make a bundle of the registry the champion if the gate lets it.

    409 `gate_failed` names every reason against it; 409 `alias_moved` means that the champion is
    another than `expected`. In both cases nothing has changed.
    """
    return await turns.run(_promote, service, caller, payload)


@router.post(
    "/rollback",
    summary="Take a bundle back",
    responses=answered(TAKEN_BACK, "The previous bundle is the champion again.") | _REFUSALS,
)
@needs("models:promote")
async def roll_back(
    payload: RollbackRequest, service: ServiceDep, turns: TurnsDep, caller: CallerDep
) -> Moved:
    """Make the previous bundle the champion again; a second call finds none and changes nothing."""
    return await turns.run(_rollback, service, caller, payload)


def _models(service: Service) -> Models:
    moves = history(service.registry)[: -SHOWN - 1 : -1]
    model = service.pipeline.model
    shadow, state = service.monitor.shadow, state_of(service.registry)
    return Models.of(model, service.bundle_fault, shadow, state, moves)


def _promote(service: Service, caller: Caller, payload: PromoteRequest) -> Moved:
    signature = Signature(_signed(caller, payload.who), payload.why, "api")
    done = promote(_bench(service), payload.bundle, signature, expected=payload.expected)
    return Moved.of(done, service.registry.aliases()[CHAMPION])


def _rollback(service: Service, caller: Caller, payload: RollbackRequest) -> Moved:
    signature = Signature(_signed(caller, payload.who), payload.why, "api")
    done = rollback(_bench(service), signature, expected=payload.expected)
    return Moved.of(done, done.bundle)


def _signed(caller: Caller, who: str) -> str:
    """Name the key, and beside it whom its holder claims to ask for."""
    if not caller.name:
        return who
    return f"{caller.name} ({who})" if who else caller.name


def _bench(service: Service) -> Bench:
    settings = service.settings
    # Read each time, so that a bound can be changed without a restart.
    gate = load_gate(settings.gate)
    return Bench(service.registry, settings.encoders, gate, settings.profile)
