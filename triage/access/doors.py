"""What every door of the service goes by: the scope of a route, and whether a caller is at home.

The API and the console have doors of their own; both mark their routes with ``needs`` or
``open_to_all``, and both ask ``is_from_here`` as long as nobody has a key.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from triage import domain
from triage.access.keys import SCOPES

ANYBODY = domain.Caller("", frozenset(SCOPES))
"""Who asks on this machine as long as no key was ever made."""
_MARK = "__triage_scope__"
_HERE = re.compile(rb"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_PEERS = re.compile(r"127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3}")
_FORWARDED = re.compile(
    rb"forwarded|via|x-(forwarded|original|real|client|cluster)-.*|cf-.*|true-client-ip"
)
"""Headers that proxies add."""

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def needs(scope: domain.Scope) -> Callable[[Endpoint], Endpoint]:
    """Let only keys with a scope reach a route; goes below the line with its path."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, scope)
        return endpoint

    return mark


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Let everybody reach a route, with and without a key."""
    setattr(endpoint, _MARK, "")
    return endpoint


def scope_of(endpoint: object) -> str | None:
    """Return the scope that a route takes, empty for none; None where it says nothing."""
    found: str | None = getattr(endpoint, _MARK, None)
    return found


def is_from_here(scope: Mapping[str, Any]) -> bool:
    """Tell whether a program on this machine asks directly.

    A proxy on this machine passes strangers on from a loopback address, and a page in a browser
    reaches it under a name of its own that leads to 127.0.0.1 (DNS rebinding).
    """
    peer = scope.get("client")
    if not peer or not _PEERS.fullmatch(peer[0]):
        return False
    hosts = []
    for name, value in scope["headers"]:
        if _FORWARDED.fullmatch(name):
            return False
        if name == b"host":
            hosts.append(value)
    return len(hosts) == 1 and _HERE.fullmatch(hosts[0]) is not None
