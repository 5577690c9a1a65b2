"""JSON read value by value: lists and lines of objects of any length in bounded memory."""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from triage.bounds import MAX_LINE

CHUNK = 256 * 1024
MAX_VALUE = MAX_LINE
"""Longest object accepted, in characters."""
_SPACE = re.compile(r"[ \t\n\r]*")
# Python writes NaN where a value is missing.
_DECODER = json.JSONDecoder(parse_constant=lambda _name: None)


class JsonStream:
    """A place in a JSON text.

    Args:
        stream: The text.
        chunk: Fewest characters read at a time.
    """

    def __init__(self, stream: IO[str], chunk: int = CHUNK) -> None:
        self._stream = stream
        self._chunk = chunk
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is no white space, empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._fill()

    def skip(self, expected: str) -> bool:
        """Pass over a character if it comes next."""
        found = self.peek() == expected
        self._at += found
        return found

    def value(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Read the next value.

        Raises:
            ValueError: When there is none, or it is longer than ``MAX_VALUE``.
            RecursionError: When it is nested too deeply.
        """
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except ValueError:
                # What is cut off here may go on in the next chunk.
                if self._ended or len(self._text) - self._at > MAX_VALUE:
                    raise
            else:
                # A number at the end of a chunk may go on as well.
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            self._fill()

    def items(self) -> Iterator[Any]:
        """Yield the values of the list that has been entered.

        Raises:
            ValueError: When the list is broken or does not end.
        """
        while not self.skip("]"):
            yield self.value()
            if not self.skip(",") and self.peek() != "]":
                raise ValueError("neither a comma nor the end of the list")

    def _fill(self) -> None:
        # As much again as there is: a long value is tried few times.
        rest = self._text[self._at :]
        more = self._stream.read(max(self._chunk, len(rest)))
        self._text, self._at, self._ended = rest + more, 0, not more
