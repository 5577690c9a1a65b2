"""Routes with a JSON body, read strictly: its bytes are counted before they are parsed."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio.to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from triage.api.errors import instance_of, problem_of_faults, respond
from triage.api.guard import GuardedRoute
from triage.api.json_text import parse_json
from triage.api.requests import Strict
from triage.api.validation import faults
from triage.errors import TooLargeError

MAX_LENGTH = 20
"""Most digits of an announced length that is read as a number."""
LARGE = 64 * 1024
"""Bodies of more bytes are parsed in a thread, so that other requests do not wait for them."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Direct = Callable[[Request, Any], Coroutine[Any, Any, Response]]
"""Answers a request whose body has the form that its route asks for. It is to go to the queue, so
that a request for which there is no room is refused before it is read."""
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
DIRECT = "__triage_direct__"
"""Attribute of an endpoint that has a direct way."""


def directly(answer: Direct) -> Callable[[Endpoint], Endpoint]:
    """Answer by another function where the body is valid; goes below the line with the path.

    FastAPI finds out anew for each request what an endpoint is to be given, which takes longer than
    all else around a short answer. The endpoint stays what is documented, and says what is wrong
    with a body that is not valid.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, DIRECT, answer)
        return endpoint

    return mark


class JsonRoute(GuardedRoute):
    """A route whose JSON body is read by this module."""

    def get_route_handler(self) -> Handler:
        """Put strict reading before the usual handling."""
        usual = super().get_route_handler()
        model = self.body_field.field_info.annotation if self.body_field else None
        if not (isinstance(model, type) and issubclass(model, Strict)):
            return usual
        direct: Direct | None = getattr(self.endpoint, DIRECT, None)

        async def handler(request: Request) -> Response:
            if direct:
                request.app.state.turns.check_room()
            check_type(request)
            raw = await read_body(request, request.app.state.service.settings.max_body_bytes)
            parsed = await parse_body(raw, model.checked_apart)
            payload = _valid(model, parsed) if direct else None
            if direct and payload is not None:
                return await direct(request, payload)
            try:
                return await usual(ParsedRequest(request, raw, parsed))
            except RequestValidationError as error:
                found = faults(error.errors(), model)
            return respond(problem_of_faults(found, instance_of(request)))

        return handler


class ParsedRequest(Request):
    """A request whose body has been read and parsed."""

    def __init__(self, request: Request, raw: bytes, value: object) -> None:
        super().__init__(request.scope, request.receive)
        self._raw, self._value = raw, value

    async def body(self) -> bytes:
        """Return the bytes that were read."""
        return self._raw

    async def json(self) -> Any:  # noqa: ANN401 - the signature is Starlette's
        """Return what was parsed."""
        return self._value


def _valid(model: type[Strict], parsed: object) -> Strict | None:
    """Return a body as its model, or None where something is wrong with it."""
    try:
        return model.model_validate(parsed) if isinstance(parsed, dict) else None
    except ValidationError:
        return None


def check_type(request: Request) -> None:
    """Refuse a body that is not JSON in UTF-8.

    Raises:
        HTTPException: 415.
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if (
        kind.strip().lower() != "application/json"
        or charset not in {"", "charset=utf-8"}
        or encoding != "identity"
    ):
        raise HTTPException(415)


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes; one that announces more is not read at all.

    Raises:
        TooLargeError: When there are more.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) <= MAX_LENGTH and int(announced) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"The body has more than {limit} bytes.",
        fix="Send a shorter text, or fewer messages at once.",
        field="body",
    )


async def parse_body(raw: bytes, apart: str) -> object:
    """Parse a body as ``parse_json`` does, a large one in a thread."""
    if len(raw) <= LARGE:
        return parse_json(raw, apart)
    return await anyio.to_thread.run_sync(parse_json, raw, apart)
