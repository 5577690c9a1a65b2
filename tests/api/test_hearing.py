"""Between groups the event loop hears who has arrived, so that nobody waits uncounted."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import sleep

from triage.api.turns import Job, Turns
from triage.errors import OverloadedError
from triage.telemetry import Metrics


def test_whoever_arrives_during_work_on_the_loop_is_heard_before_the_next_group() -> None:
    """The loop counts them, however many steps each takes, and refuses whom it must at once."""
    refused_after: list[int] = []
    done: list[int] = []

    def slow(numbers: Sequence[int]) -> Sequence[int]:
        sleep(0.005)
        done.extend(numbers)
        return numbers

    async def late(turns: Turns) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        try:
            await turns.do_for(None, Job(slow, -1))
        except OverloadedError:
            refused_after.append(len(done))

    async def run() -> None:
        turns = Turns(1, 16, 5.0, Metrics())
        calls = [asyncio.ensure_future(turns.do_for(None, Job(slow, n))) for n in range(16)]
        await asyncio.sleep(0)
        await asyncio.gather(*calls, *(late(turns) for _ in range(40)))

    asyncio.run(run())

    assert set(refused_after) == {8}
    assert sorted(number for number in done if number >= 0) == list(range(16))


def test_hearing_those_who_arrive_ends() -> None:
    """A flood that never pauses does not keep the loop from its work."""

    async def run() -> bool:
        turns = Turns(1, 2, 5.0, Metrics())
        calls = [asyncio.ensure_future(turns.do_for(None, Job(list, n, n))) for n in range(2)]

        async def flood() -> None:
            while not all(call.done() for call in calls):
                with suppress(OverloadedError):
                    turns.check_room()
                await asyncio.sleep(0)

        await asyncio.wait_for(flood(), 5)
        return all(call.done() for call in calls)

    assert asyncio.run(run())
