"""Composition root of the API: all its parts are put together here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from triage import __version__
from triage.access.rates import Rates, read_rate
from triage.api import server
from triage.api.docs import POLICY, page
from triage.api.errors import add_handlers, status_of
from triage.api.examples import restore_nulls
from triage.api.guard import Gate, check_routes, open_to_all
from triage.api.middleware import Observed
from triage.api.openapi import with_security
from triage.api.routes import (
    articles,
    canned,
    classify,
    feedback,
    health,
    knowledge,
    models,
    requesters,
    suggestions,
    widget,
)
from triage.api.store_deps import StoreTurns
from triage.api.straight import Straight, ways
from triage.api.turns import Turns
from triage.console.app import add_console
from triage.memory import uncollected
from triage.service import Service
from triage.settings import Settings, check_exposure, is_loopback
from triage.storage.lock import only_server
from triage.storage.store import Store

TITLE = "Triage"
DESCRIPTION = (
    "Labels help-desk messages with category, priority and sentiment at calibrated confidence, "
    "and suggests replies from the knowledge base."
)


SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""The framework's own telemetry would carry error messages, which may quote a message."""


ROUTERS = (
    classify.router,
    suggestions.router,
    feedback.router,
    articles.import_router,
    articles.router,
    canned.router,
    knowledge.router,
    requesters.router,
    models.router,
    health.router,
)


class TriageApp(FastAPI):
    """The app, with an OpenAPI document whose examples keep their nulls."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = restore_nulls(with_security(super().openapi(), self))
        return self.openapi_schema


def create_app(service: Service) -> FastAPI:
    """Build the app over a service, which it closes at its end.

    Raises:
        ConfigError: When the settings would open the API to strangers, or hold no rate.
    """
    settings, keyring = service.settings, service.keyring
    check_exposure(settings, keys=keyring.any_live)
    rate = read_rate(settings.rate, "TRIAGE_RATE")
    always = settings.require_keys or not is_loopback(settings.host)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.telemetry.log.info("ready", host=settings.host, port=settings.port)
        try:
            yield
        finally:
            service.close()

    app = TriageApp(
        title=TITLE,
        description=DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry=SILENT,
        middleware=[
            Middleware(Observed, telemetry=service.telemetry, stopping=lambda: service.draining),
            Middleware(Straight, ways=ways(ROUTERS)),
        ],
    )
    app.state.service = service
    app.state.gate = Gate(keyring, Rates(), rate, always=always)
    app.state.turns = _turns(service)
    app.state.store_turns = StoreTurns()
    add_handlers(app)
    for routes in ROUTERS:
        app.include_router(routes)
    widget.add_widget(app, service)
    add_console(app, service, app.state.turns, app.state.store_turns, status_of)
    app.get("/docs", include_in_schema=False, response_class=HTMLResponse)(_docs)
    check_routes(app)
    return app


def _turns(service: Service) -> Turns:
    settings, metrics = service.settings, service.telemetry.metrics
    return Turns(settings.threads, settings.max_in_flight, settings.queue_timeout_s, metrics)


def serve(settings: Settings) -> None:
    """Load the service and answer requests until the process is told to stop.

    Raises:
        TriageError: When something that serving needs is missing or broken.
    """
    if not is_loopback(settings.host):
        _check_keys(settings)
    with only_server(settings.store_url):
        with uncollected():
            service = Service.open(settings)
            app = create_app(service)
        server.run(app, service)


def _check_keys(settings: Settings) -> None:
    """Refuse before anything is loaded, which takes seconds."""
    now = datetime.now(UTC)
    with Store.open(settings.store_url) as store:
        keys = any(key.state(now) == "live" for key in store.keys.list_keys())
    check_exposure(settings, keys=keys)


@open_to_all
async def _docs(request: Request) -> Response:
    # No closure over the app: the framework remembers endpoints, and apps would live for ever.
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": POLICY})
