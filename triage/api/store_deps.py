"""What routes that read or write the store are given: turns of their own, and who asks."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar, cast

import anyio
import anyio.to_thread
from fastapi import Depends, Header, Request, Response

from triage.errors import InputError, OverloadedError
from triage.storage.idempotency import MAX_KEY, Attempt, Reply, fingerprint
from triage.writes.base import Asker

THREADS = 16
"""Requests that wait for the store at once; a commit in a group serves them together."""
MAX_WAITING = 256

P = ParamSpec("P")
T = TypeVar("T")


class StoreTurns:
    """Threads for what waits for the store, so that a slow store keeps no message from its label.

    Args:
        threads: Requests that work at once.
        max_in_flight: Requests that work or wait; more are refused at once.
    """

    def __init__(self, threads: int = THREADS, max_in_flight: int = MAX_WAITING) -> None:
        self._threads = anyio.CapacityLimiter(threads)
        self._max_in_flight = max_in_flight
        self._in_flight = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a thread when one is free.

        Raises:
            OverloadedError: When too many wait already.
        """
        if self._in_flight >= self._max_in_flight:
            raise OverloadedError(
                "Too many requests wait for the store already.",
                fix="Try again after the seconds of Retry-After.",
            )
        self._in_flight += 1
        try:
            return await anyio.to_thread.run_sync(
                lambda: work(*args, **kwargs), limiter=self._threads
            )
        finally:
            self._in_flight -= 1


def get_store_turns(request: Request) -> StoreTurns:
    """Return the app's turns at the store."""
    return cast("StoreTurns", request.app.state.store_turns)


def get_brand(request: Request) -> str | None:
    """Return the brand that the caller is bound to; None is bound to none."""
    caller = request.scope.get("state", {}).get("caller")
    return caller.brand if caller else None


async def get_asker(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Your name for this request, at most 255 characters: sent again with the "
            "same key within 72 hours it is answered as before and written once."
        ),
    ] = None,
) -> Asker:
    """Tell who asks, and what names the attempt.

    Raises:
        InputError: When the key is empty or too long.
    """
    caller = request.scope.get("state", {}).get("caller")
    brand, name = get_brand(request), caller.name if caller else ""
    if idempotency_key is None:
        return Asker(brand, name=name)
    if not idempotency_key or len(idempotency_key) > MAX_KEY:
        raise InputError(
            f"Idempotency-Key has {len(idempotency_key)} characters; 1 to {MAX_KEY} are allowed.",
            fix="Send a random one, such as a UUID.",
            field="Idempotency-Key",
        )
    asked = fingerprint(
        request.method.encode(),
        request.scope["path"].encode("utf-8", "surrogateescape"),
        request.scope["query_string"],
        await request.body(),
    )
    return Asker(brand, Attempt(idempotency_key, asked, caller.key_id if caller else ""), name)


def sent(reply: Reply) -> Response:
    """Turn a reply into a response, byte for byte as the first time."""
    headers = {"Idempotent-Replayed": "true"} if reply.replayed else None
    return Response(reply.body, reply.status, headers=headers, media_type="application/json")


StoreTurnsDep = Annotated[StoreTurns, Depends(get_store_turns)]
BrandDep = Annotated[str | None, Depends(get_brand)]
AskerDep = Annotated[Asker, Depends(get_asker)]
