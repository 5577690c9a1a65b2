"""Parse JSON strictly: nothing is guessed, and nothing is taken that breaks something behind it.

A plain decoder takes NaN, lone surrogates, numbers of thousands of digits and the last of two equal
keys; each of these has broken something.
"""

import json
import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from triage.api.validation import part_name
from triage.errors import InputError

MAX_DEPTH = 16
MAX_KEYS = 200
"""Most keys of one object."""
MAX_DIGITS = 20
BITS = 63

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class _Refused:
    """Stands in a parsed value for what cannot be accepted, until its place is known."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem, self.fix = problem, fix


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """Stands in a batch for an item that cannot be accepted; ``error`` names the place in it."""

    id: object
    error: InputError


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
    if _too_deep(raw):
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


def _too_deep(raw: bytes) -> bool:
    """Tell whether brackets nest deeper than allowed, in linear time."""
    few = raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH
    return not few and _depth(raw) > MAX_DEPTH


def _depth(raw: bytes) -> int:
    """Count how deep brackets nest outside strings, in linear time."""
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    codes = np.frombuffer(brackets, np.uint8)
    steps = np.where((codes == ord("[")) | (codes == ord("{")), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def _body(problem: str, fix: str) -> InputError:
    return InputError(problem, fix=fix, field="body")
