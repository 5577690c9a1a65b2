"""Composition root of the API: all its parts are put together here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from triage import __version__
from triage.api import server
from triage.api.deps import Turns
from triage.api.docs import POLICY, page
from triage.api.errors import add_handlers
from triage.api.examples import restore_nulls
from triage.api.middleware import Observed
from triage.api.routes import classify, health, models, suggestions
from triage.service import Service
from triage.settings import Settings, check_exposure
from triage.storage.lock import only_server

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


class TriageApp(FastAPI):
    """The app, with an OpenAPI document whose examples keep their nulls."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = restore_nulls(super().openapi())
        return self.openapi_schema


def create_app(service: Service) -> FastAPI:
    """Build the app over a service, which it closes at its end.

    Raises:
        ConfigError: When the settings would open the API to strangers.
    """
    settings = service.settings
    check_exposure(settings)

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
            Middleware(Observed, telemetry=service.telemetry, stopping=lambda: service.draining)
        ],
    )
    app.state.service = service
    app.state.turns = Turns(
        settings.threads,
        settings.max_in_flight,
        settings.queue_timeout_s,
        service.telemetry.metrics,
    )
    add_handlers(app)
    for routes in (classify.router, suggestions.router, models.router, health.router):
        app.include_router(routes)
    _add_docs(app)
    return app


def serve(settings: Settings) -> None:
    """Load the service and answer requests until the process is told to stop.

    Raises:
        TriageError: When something that serving needs is missing or broken.
    """
    check_exposure(settings)
    with only_server(settings.store_url):
        service = Service.open(settings)
        server.run(create_app(service), service)


def _add_docs(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    async def docs() -> Response:
        return HTMLResponse(page(app.openapi()), headers={"Content-Security-Policy": POLICY})
