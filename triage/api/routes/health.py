"""Routes for those who watch over the service."""

import anyio.to_thread
from fastapi import APIRouter, Response

from triage.api.deps import ServiceDep
from triage.api.errors import documented
from triage.api.examples import ALIVE, READY, answered
from triage.api.guard import GuardedRoute, needs, open_to_all
from triage.api.schemas import Alive, Ready
from triage.errors import OverloadedError, StoreError
from triage.telemetry import METRICS_TYPE

router = APIRouter(tags=["health"], route_class=GuardedRoute)


@router.get("/livez", summary="Is the process alive", responses=answered(ALIVE, "It is."))
@open_to_all
async def livez() -> Alive:
    """Answer without touching anything."""
    return Alive(status="alive")


@router.get(
    "/readyz",
    summary="Can messages be answered",
    responses=answered(READY, "They can; `degraded` when they are not recorded.")
    | documented(500, 503),
)
@open_to_all
async def readyz(service: ServiceDep) -> Ready:
    """Tell whether this replica should be asked: it answers, reaches its store, and will not stop.

    Messages are labelled without the store too, for whoever asks nevertheless. Where the store is
    there but cannot be written, such as on a full disk, the service is ready and `degraded`.
    """
    state = await anyio.to_thread.run_sync(service.readiness)
    if not state.serving:
        raise OverloadedError("The service is stopping.", fix="Ask another replica.")
    if not state.store:
        raise StoreError("The store gives no answer.", fix="See the log of the service.")
    model = service.pipeline.model
    return Ready(
        status="ready" if state.journal else "degraded",
        bundle=model.bundle,
        profile=model.profile,
        store="ok" if state.journal else "failing",
    )


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Counters, gauges and histograms.",
            "content": {"text/plain": {"example": "triage_in_flight 0.0\n"}},
        }
    },
)
@needs("metrics")
async def metrics(service: ServiceDep) -> Response:
    """Write all metrics in the text format."""
    return Response(service.telemetry.metrics.render(), media_type=METRICS_TYPE)
