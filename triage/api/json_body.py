"""Routes with a JSON body, read strictly: its bytes are counted before they are parsed."""

from collections.abc import Callable, Coroutine
from typing import Any

import anyio.to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from triage.api.correlation import header_of
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
READ = "triage.read"
"""Key of a scope whose body has been read and parsed already; taken out by who goes on with it,
since a scope lives as long as its connection is idle."""


class JsonRoute(GuardedRoute):
    """A route whose JSON body is read by this module."""

    def strict_model(self) -> type[Strict] | None:
        """Return what the body must look like, if the route says so."""
        model = self.body_field.field_info.annotation if self.body_field else None
        return model if isinstance(model, type) and issubclass(model, Strict) else None

    def get_route_handler(self) -> Handler:
        """Put strict reading before the usual handling."""
        usual, model = super().get_route_handler(), self.strict_model()
        if model is None:
            return usual

        async def handler(request: Request) -> Response:
            raw, parsed = request.scope.pop(READ, None) or await read_json(request, model)
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


async def read_json(request: Request, model: type[Strict]) -> tuple[bytes, object]:
    """Read and parse a body that is to be JSON.

    Raises:
        HTTPException: 415.
        TooLargeError: When there are more bytes than the settings allow.
        InputError: When it is no JSON that can be accepted.
    """
    check_type(request)
    raw = await read_body(request, request.app.state.service.settings.max_body_bytes)
    return raw, await parse_body(raw, model.checked_apart)


def check_type(request: Request) -> None:
    """Refuse a body that is not JSON in UTF-8.

    Raises:
        HTTPException: 415.
    """
    kind, _, parameters = header_of(request.scope, b"content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    encoding = header_of(request.scope, b"content-encoding", "identity").strip().lower()
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
    announced = header_of(request.scope, b"content-length", "")
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
