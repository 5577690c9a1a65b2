"""Bounds on how long a caller may take, and on what is read of a body that nobody wants.

Uvicorn waits for ever for a request that was begun, and reads the rest of a body after its request
was answered. Both cost a connection for as long as a caller likes.
"""

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any, cast
from weakref import ref

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from triage.api.correlation import urn
from triage.api.errors import PROBLEM_JSON, http_problem
from triage.api.middleware import HEADERS

HEADER_S = 10.0
"""Longest time from a connection, or from the first byte of a later request, to its last header."""
BODY_S = 15.0
"""Longest time from the last header to the last byte of the body."""
SURPLUS = 64 * 1024
"""Bytes of a body that are read after its request was answered, so that a short one costs no
connection; a caller that sends more is cut off."""

CYCLE = "triage.cycle"
"""Extension of a scope: a weak reference to what knows at once whether the caller is gone."""

_IDLE, _HEADERS, _BODY = 0, 1, 2


class BoundedProtocol(HttpToolsProtocol):
    """HTTP of a caller who must be done in time.

    A request that arrives in one piece, as nearly all do, sets no timer.
    """

    header_s = HEADER_S
    body_s = BODY_S
    _stage = _IDLE
    _messages = 0
    _surplus = 0
    _timer: TimerHandle | None = None
    _timed: tuple[int, int] | None = None

    def connection_made(  # type: ignore[override] # as the parent narrows it
        self, transport: Transport
    ) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._expect(_HEADERS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in, and wait for the rest of their request if there is more to come."""
        before = self._messages
        super().data_received(data)
        if self.transport.is_closing():
            self._forget()
        elif self._stage != _IDLE:
            self._expect(self._stage)
        elif self._messages != before:
            self._forget()
            self._rest()
        else:
            # Line ends before a request begin none, and must not hold the connection either.
            self._expect(_HEADERS)

    def on_message_begin(self) -> None:
        """Note that headers follow."""
        self._stage = _HEADERS
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that a body may follow."""
        self._stage, self._surplus = _BODY, 0
        super().on_headers_complete()
        # Weakly: a scope that holds its cycle, which holds the scope, would wait for the collector.
        scope = cast("dict[str, Any]", self.cycle.scope)
        scope["extensions"] = {CYCLE: ref(self.cycle)}

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, or count it where its request has been answered."""
        super().on_body(body)
        if self.cycle.response_complete:
            self._surplus += len(body)
            if self._surplus > SURPLUS:
                self.transport.close()

    def on_message_complete(self) -> None:
        """Note that nothing is missing."""
        self._stage = _IDLE
        self._messages += 1
        super().on_message_complete()

    def send_400_response(self, _msg: str) -> None:
        """Refuse what is no HTTP in the shape of every other refusal."""
        self.transport.write(_refusal(HTTPStatus.BAD_REQUEST))
        self.transport.close()

    def _expect(self, stage: int) -> None:
        """Wait for the end of a stage from when it began."""
        if self._timed == (self._messages, stage):
            return
        self._forget()
        self._timed = (self._messages, stage)
        seconds = self.header_s if stage == _HEADERS else self.body_s
        self._timer = self.loop.call_later(seconds, self._too_late)

    def _rest(self) -> None:
        """Close an idle connection in time where the answer came before the end of the body.

        The parent counts from the answer on, and stops at the first byte that comes after it.
        """
        if self.cycle.response_complete and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timed = None

    def _too_late(self) -> None:
        """Say so where no answer is under way, and close; what runs for it hears of the end."""
        if self.transport.is_closing():
            return
        cycle, in_body = self.cycle, self._stage == _BODY
        # None before the first request, whatever the parent declares.
        known: object = cycle
        answering = known is not None and not cycle.response_complete
        if answering and not in_body:
            # The request before is still worked on; its answer is the last.
            cycle.keep_alive = False
            return
        if not (in_body and (cycle.response_started or self.pipeline)):
            state = cycle.scope.get("state", {}) if in_body else {}
            request_id = cast("str | None", state.get("request_id"))
            self.transport.write(_refusal(HTTPStatus.REQUEST_TIMEOUT, request_id))
        if answering:
            cycle.disconnected = True
        self.transport.close()


def _refusal(status: int, request_id: str | None = None) -> bytes:
    """Write a problem as bytes, where no app is asked."""
    problem = http_problem(status, urn(request_id) if request_id else None)
    body = problem.model_dump_json().encode()
    headers = {
        **HEADERS,
        **({"X-Request-Id": request_id} if request_id else {}),
        "Content-Type": PROBLEM_JSON,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + lines.encode() + b"\r\n" + body
