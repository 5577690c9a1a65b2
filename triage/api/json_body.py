"""Read a JSON body strictly: bytes are counted before parsing, and nothing is guessed.

A plain decoder takes NaN, lone surrogates, numbers of thousands of digits and the last of two equal
keys; each of these has broken something behind it.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import numpy as np
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from triage.api.errors import instance_of, problem_of_faults, respond
from triage.api.guard import GuardedRoute
from triage.api.requests import Strict
from triage.api.validation import faults, part_name
from triage.errors import InputError, TooLargeError

MAX_DEPTH = 16
MAX_KEYS = 200
"""Most keys of one object."""
MAX_DIGITS = 20
BITS = 63
LARGE = 64 * 1024
"""Bodies of more bytes are parsed in a thread, so that other requests do not wait for them."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _Refused:
    """Stands in a parsed value for what cannot be accepted, until its place is known."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem, self.fix = problem, fix


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """Stands in a batch for an item that cannot be accepted; ``error`` names the place in it."""

    id: object
    error: InputError


class JsonRoute(GuardedRoute):
    """A route whose JSON body is read by this module."""

    def get_route_handler(self) -> Handler:
        """Put strict reading before the usual handling."""
        usual = super().get_route_handler()
        model = self.body_field.field_info.annotation if self.body_field else None
        if not (isinstance(model, type) and issubclass(model, Strict)):
            return usual

        async def handler(request: Request) -> Response:
            check_type(request)
            raw = await read_body(request, request.app.state.service.settings.max_body_bytes)
            parsed = await parse_body(raw, model.checked_apart)
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


def parse_json(raw: bytes, apart: str = "") -> object:
    """Parse a body.

    Args:
        raw: The bytes.
        apart: Field whose list holds items that are refused one by one, as ``UnreadableItem``.

    Raises:
        InputError: When it is no UTF-8, no JSON, nested too deeply, has an object with too many
            keys, or holds what JSON or Unicode do not allow; ``field`` names the place.
    """
    if not raw.strip():
        raise _body("The body is empty.", "Send a JSON object.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _body(
            f"The body is not UTF-8 at byte {error.start}.", "Encode it as UTF-8."
        ) from None
    if _depth(raw) > MAX_DEPTH:
        raise _body(f"The body is nested deeper than {MAX_DEPTH}.", "Send a flatter object.")
    decoder = _Decoder()
    value = decoder.decode(text)
    if decoder.refused or b"\\u" in raw:
        _set_apart(value, apart)
        _walk(value, "")
    return value


class _Decoder:
    """Marks what it refuses and parses on, so that the place can be named."""

    def __init__(self) -> None:
        self.refused = False

    def decode(self, text: str) -> object:
        try:
            return json.loads(
                text,
                object_pairs_hook=self._object,
                parse_int=self._integer,
                parse_float=self._number,
                parse_constant=self._constant,
            )
        except json.JSONDecodeError as error:
            # The cause would quote the text.
            raise _body(
                f"The body is no JSON from line {error.lineno}, column {error.colno}.",
                "Check quotes, commas and brackets there.",
            ) from None

    def _refuse(self, problem: str, fix: str) -> _Refused:
        self.refused = True
        return _Refused(problem, fix)

    def _object(self, pairs: list[tuple[str, object]]) -> object:
        if len(pairs) > MAX_KEYS:
            raise _body(
                f"An object in the body has more than {MAX_KEYS} keys.", "Send fewer fields."
            )
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = counts.most_common(1)[0][0]
            found[twice] = self._refuse("stands twice in its object.", "Keep one of the two.")
        return found

    def _integer(self, digits: str) -> object:
        if len(digits) <= MAX_DIGITS:
            value = int(digits)
            if -(1 << BITS) <= value < 1 << BITS:
                return value
        return self._refuse("is a whole number of more than 64 bits.", "Send a smaller one.")

    def _number(self, digits: str) -> object:
        value = float(digits)
        return value if math.isfinite(value) else self._constant(digits)

    def _constant(self, _name: str) -> object:
        return self._refuse("is no finite number.", "Send a finite number, or null.")


def _set_apart(value: object, field: str) -> None:
    """Put an ``UnreadableItem`` in the place of each item that must be refused."""
    items = value.get(field) if isinstance(value, dict) else None
    if not isinstance(items, list):
        return
    for place, item in enumerate(items):
        try:
            _walk(item, "")
        except InputError as error:
            given = item.get("id") if isinstance(item, dict) else None
            # An id that is at fault itself cannot be sent back.
            readable = isinstance(given, str) and not _NO_TEXT.search(given)
            items[place] = UnreadableItem(given if readable else None, error)


def _walk(value: object, path: str) -> None:
    """Refuse the first marked value, and text that is no Unicode."""
    if isinstance(value, _Refused):
        raise InputError(f"{path or 'body'} {value.problem}", fix=value.fix, field=path or "body")
    if isinstance(value, str):
        found = None if value.isascii() and "\x00" not in value else _NO_TEXT.search(value)
        if found:
            raise InputError(
                f"{path or 'body'} holds a NUL or a lone surrogate at position {found.start()}.",
                fix="Send valid Unicode text.",
                field=path or "body",
            )
    elif isinstance(value, dict):
        for key, inner in value.items():
            if _NO_TEXT.search(key):
                raise InputError(
                    f"A key of {path or 'body'} holds a NUL or a lone surrogate.",
                    fix="Send only known fields.",
                    field=path or "body",
                )
            _walk(inner, f"{path}.{part_name(key)}" if path else part_name(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _walk(inner, f"{path}.{number}" if path else str(number))


def _depth(raw: bytes) -> int:
    """Count how deep brackets nest outside strings, in linear time."""
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    codes = np.frombuffer(brackets, np.uint8)
    steps = np.where((codes == ord("[")) | (codes == ord("{")), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def _body(problem: str, fix: str) -> InputError:
    return InputError(problem, fix=fix, field="body")


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
    if announced.isdecimal() and len(announced) <= MAX_DIGITS and int(announced) > limit:
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
