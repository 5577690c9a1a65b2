"""Around every request: an id, security headers, a log line, metrics, and the last safety net."""

from http import HTTPStatus
from time import perf_counter
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.api.errors import http_problem, respond
from triage.telemetry import Telemetry, place

MS = 1000
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every response; a route that needs another policy sets its own."""
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
GONE = 499
"""Status in logs and metrics when the caller went away; nothing is sent."""


class Observed:
    """Outermost layer of the app; whatever is raised inside ends here as a problem.

    Servers log the traceback of an error that leaves the app, and a traceback may quote a message;
    here only the kind of the error and its line of code are logged.

    Args:
        app: What is wrapped.
        telemetry: Logger and metrics.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = perf_counter()
        request_id = str(uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        status = GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _RAW if pair[0] not in given),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - the safety net must hold for everything
            self._log_fault(error, request_id)
            if status == GONE:
                problem = http_problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"urn:uuid:{request_id}")
                await respond(problem)(scope, receive, watched)
        finally:
            self._record(scope, status, perf_counter() - begun)

    def _log_fault(self, error: Exception, request_id: str) -> None:
        self.telemetry.log.error(
            "request_crashed",
            request_id=request_id,
            error=type(error).__name__,
            where=place(error),
        )

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        # The path itself may hold anything; the template of a known route does not.
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.telemetry.metrics.requests.labels(method, route, str(status)).inc()
        self.telemetry.metrics.seconds.labels(route).observe(seconds)
        self.telemetry.log.info(
            "request",
            request_id=scope["state"]["request_id"],
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * MS, 2),
        )
