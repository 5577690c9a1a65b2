"""Around every request: an id, security headers, a log line, metrics, and the last safety net."""

from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.api.correlation import Origin, origin_of, urn
from triage.api.errors import http_problem, respond
from triage.telemetry import Telemetry, place
from triage.tracing import Open, Request

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
_NAMES = frozenset(name for name, _ in _RAW)
_CLOSE = [(b"connection", b"close")]
TOGETHER = ("/console", "/widget", "/v1/knowledge")
"""Routes that logs and metrics do not tell apart: there are dozens of pages, and few series."""
GONE = 499
"""Status in logs and metrics when the caller went away; nothing is sent."""


class Observed:
    """Outermost layer of the app; whatever is raised inside ends here as a problem.

    Servers log the traceback of an error that leaves the app, and a traceback may quote a message;
    here only the kind of the error and its line of code are logged.

    Args:
        app: What is wrapped.
        telemetry: Logger, metrics and spans.
        stopping: Tells that the service will stop soon; callers are then asked to connect anew,
            so that none sends into a connection that is just being closed.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry, stopping: Callable[[], bool]) -> None:
        self.app = app
        self.telemetry = telemetry
        self.stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = perf_counter()
        origin = origin_of(scope)
        scope.setdefault("state", {})["request_id"] = origin.request_id
        tracing = self.telemetry.tracing
        opened = tracing.begin(origin.traceparent) if tracing else None
        status = GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                free = _NAMES.isdisjoint(given)
                message["headers"] = [
                    *message["headers"],
                    *(_RAW if free else [pair for pair in _RAW if pair[0] not in given]),
                    (b"x-request-id", origin.request_id.encode()),
                    *(_CLOSE if self.stopping() else ()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - the safety net must hold for everything
            self._log_fault(error, origin.request_id)
            if status == GONE:
                problem = http_problem(HTTPStatus.INTERNAL_SERVER_ERROR, urn(origin.request_id))
                await respond(problem)(scope, receive, watched)
        finally:
            request = _request(scope, origin, status, perf_counter() - begun)
            caller = scope["state"].get("caller")
            self._record(request, origin, opened, caller.key_id if caller else "")

    def _log_fault(self, error: Exception, request_id: str) -> None:
        self.telemetry.log.error(
            "request_crashed",
            request_id=request_id,
            error=type(error).__name__,
            where=place(error),
        )

    def _record(self, request: Request, origin: Origin, opened: Open | None, key: str) -> None:
        metrics, route = self.telemetry.metrics, request.route
        # A route has one method or two; the others it refuses would each be a series of their own.
        refused = request.status == HTTPStatus.METHOD_NOT_ALLOWED
        method = "other" if refused else request.method
        metrics.request_of(method, route, str(request.status)).inc()
        metrics.seconds_of(route).observe(request.seconds)
        if opened and self.telemetry.tracing:
            self.telemetry.tracing.end(opened, request)
        known = {"trace_id": origin.trace_id} if origin.trace_id else {}
        self.telemetry.log.info(
            "request",
            request_id=request.request_id,
            key=key,
            method=request.method,
            route=route,
            status=request.status,
            duration_ms=round(request.seconds * MS, 2),
            **known,
        )


def _request(scope: Scope, origin: Origin, status: int, seconds: float) -> Request:
    # The path itself may hold anything; the template of a known route does not.
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in METHODS else "other"
    return Request(origin.request_id, method, label_of(route), status, seconds)


def label_of(route: str) -> str:
    """Name a route in logs and metrics."""
    return next((one for one in TOGETHER if route.startswith(one)), route)
