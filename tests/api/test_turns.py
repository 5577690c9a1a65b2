"""Short work on the event loop: counted, bounded, and left undone when nobody waits for it."""

import asyncio
from functools import partial
from time import sleep

import pytest
from starlette.requests import ClientDisconnect

from triage.api.deps import PATIENCE_S, Turns
from triage.errors import OverloadedError
from triage.telemetry import Metrics


def test_short_work_beyond_the_queue_is_refused() -> None:
    """Of what arrives together exactly the limit is answered, in order, and the rest refused."""
    done: list[int] = []

    async def run() -> list[object]:
        turns = Turns(1, 5, 1.0, Metrics())
        calls = (turns.run_short_for(None, partial(done.append, n)) for n in range(8))
        return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(run())

    assert done == [0, 1, 2, 3, 4]
    assert [type(one) for one in found[5:]] == [OverloadedError] * 3


def test_short_work_whose_time_is_over_is_never_begun() -> None:
    """Work behind work that took too long is refused, not done late."""
    done: list[int] = []

    def slow(number: int) -> None:
        done.append(number)
        sleep(0.05)

    async def run() -> list[object]:
        turns = Turns(1, 5, 0.02, Metrics())
        calls = (turns.run_short_for(None, partial(slow, n)) for n in range(3))
        return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(run())

    assert done == [0]
    assert [type(one) for one in found[1:]] == [OverloadedError] * 2


@pytest.mark.parametrize("short", [True, False])
def test_work_of_a_caller_who_left_is_not_done(*, short: bool) -> None:
    """Who has waited is asked for before the work; nothing is done for one who is gone."""
    done: list[str] = []

    async def gone() -> bool:
        return True

    def first() -> None:
        done.append("first")
        sleep(2 * PATIENCE_S)

    async def run() -> list[object]:
        turns = Turns(1, 5, 5.0, Metrics())
        ask = turns.run_short_for if short else turns.run_for
        calls = [ask(None, first), ask(gone, partial(done.append, "second"))]
        return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(run())

    assert done == ["first"]
    assert isinstance(found[1], ClientDisconnect)


def test_failing_short_work_gives_its_place_back() -> None:
    """An error does not fill the queue for ever."""

    async def run() -> int:
        turns = Turns(1, 1, 0.5, Metrics())
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await turns.run_short_for(None, lambda: divmod(1, 0))
        return await turns.run_short_for(None, lambda: 7)

    assert asyncio.run(run()) == 7
