"""Which request this is, in the caller's own words where those can be no text."""

import re
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

from starlette.types import Scope

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-?)(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}")
"""A UUID with or without its hyphens; a wider form could carry words into logs and traces."""
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00 of https://www.w3.org/TR/trace-context/; identifiers of zeros are not valid."""
Absent = TypeVar("Absent", str, None)


@dataclass(frozen=True, slots=True)
class Origin:
    """How a request is told apart in logs, traces and problems.

    Args:
        request_id: The caller's ``X-Request-Id`` where it is a UUID, else one of our own.
        traceparent: The caller's header where it is valid.
        trace_id: The trace that it names.
    """

    request_id: str
    traceparent: str | None
    trace_id: str | None


def origin_of(scope: Scope) -> Origin:
    """Read the headers that tell where a request comes from; what has another form is ignored."""
    given = header_of(scope, b"x-request-id", "")
    request_id = given if _UUID.fullmatch(given) else str(uuid4())
    traceparent = header_of(scope, b"traceparent", "")
    found = _TRACEPARENT.fullmatch(traceparent)
    return Origin(request_id, traceparent if found else None, found[1] if found else None)


def header_of(scope: Scope, name: bytes, absent: Absent) -> str | Absent:
    """Return the first header of a name, in small letters, as the framework's mapping does.

    That one raises an error inside for each that is not there, as most of them are not.
    """
    for known, value in scope["headers"]:
        if known == name:
            return str(value, "latin-1")
    return absent


def urn(request_id: str) -> str:
    """Name a request as the ``instance`` of a problem."""
    return f"urn:uuid:{UUID(request_id)}"
