"""Short work on the event loop: counted, bounded, and left undone when nobody waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from threading import get_ident
from time import monotonic, sleep

import pytest
from starlette.requests import ClientDisconnect

from triage.api.turns import Job, Turns
from triage.errors import OverloadedError
from triage.telemetry import Metrics


def job(work: Callable[[int], object], number: int, group: str = "", size: int = 0) -> Job:
    """Make a job for one number, of work that takes several."""

    def several(numbers: Sequence[int]) -> list[object]:
        return [work(one) for one in numbers]

    return Job(several, number, group, size)


def test_short_work_beyond_the_queue_is_refused() -> None:
    """Of what arrives together exactly the limit is answered, in order, and the rest refused."""
    done: list[int] = []

    async def run() -> list[object]:
        turns = Turns(1, 5, 1.0, Metrics())
        calls = (turns.do_for(None, job(done.append, n)) for n in range(8))
        return list(await asyncio.gather(*calls, return_exceptions=True))

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
        calls = (turns.do_for(None, job(slow, n)) for n in range(3))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    found = asyncio.run(run())

    assert done == [0]
    assert [type(one) for one in found[1:]] == [OverloadedError] * 2


@pytest.mark.parametrize("short", [True, False])
def test_work_of_a_caller_who_left_is_not_done(*, short: bool) -> None:
    """Who has waited is asked for before the work; nothing is done for one who is gone."""
    done: list[str] = []

    def gone() -> bool:
        return bool(done)

    def first() -> None:
        done.append("first")

    def second() -> None:
        done.append("second")

    async def run() -> list[object]:
        turns = Turns(1, 5, 5.0, Metrics())
        if short:
            calls = [
                turns.do_for(None, job(lambda _: first(), 1)),
                turns.do_for(gone, job(lambda _: second(), 2)),
            ]
        else:
            calls = [turns.run_for(None, first), turns.run_for(gone, second)]
        return list(await asyncio.gather(*calls, return_exceptions=True))

    found = asyncio.run(run())

    assert done == ["first"]
    assert isinstance(found[1], ClientDisconnect)


def test_failing_short_work_gives_its_place_back() -> None:
    """An error does not fill the queue for ever."""

    async def run() -> int:
        turns = Turns(1, 1, 0.5, Metrics())
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await turns.do_for(None, job(lambda n: divmod(n, 0), 1))
        answer: int = await turns.do_for(None, job(lambda _: 7, 1))
        return answer

    assert asyncio.run(run()) == 7


def groups_of(jobs: Sequence[tuple[str, int]]) -> list[list[int]]:
    """Ask for jobs of a group and a size all at once; list which were done together."""
    together: list[list[int]] = []

    def note(numbers: Sequence[int]) -> Sequence[int]:
        together.append(list(numbers))
        return numbers

    async def run() -> list[int]:
        turns = Turns(1, 50, 5.0, Metrics())
        calls = (
            turns.do_for(None, Job(note, number, group, size))
            for number, (group, size) in enumerate(jobs)
        )
        return list(await asyncio.gather(*calls))

    assert asyncio.run(run()) == list(range(len(jobs)))
    return together


def test_short_work_that_waits_is_done_together() -> None:
    """Neighbours of one kind share a group, up to its number of items."""
    assert groups_of([("a", 1)] * 10) == [list(range(8)), [8, 9]]
    assert groups_of([("a", 1), ("b", 1), ("b", 1), ("a", 1)]) == [[0], [1, 2], [3]]


def test_long_items_do_not_make_a_long_group() -> None:
    """A group ends before it gets too large; one large item is a group of its own."""
    assert groups_of([("a", 900), ("a", 900), ("a", 900)]) == [[0, 1], [2]]
    assert groups_of([("a", 9_000), ("a", 1)]) == [[0], [1]]


def test_failing_item_does_not_fail_its_group() -> None:
    """Whoever shared a group with an item that fails gets a result all the same."""

    def inverse(numbers: Sequence[int]) -> list[float]:
        return [1 / number for number in numbers]

    async def run() -> list[object]:
        turns = Turns(1, 50, 5.0, Metrics())
        calls = (turns.do_for(None, Job(inverse, number)) for number in (1, 0, 2))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    first, second, third = asyncio.run(run())

    assert (first, third) == (1.0, 0.5)
    assert isinstance(second, ZeroDivisionError)


def test_caller_who_is_cancelled_leaves_the_others_in_peace() -> None:
    """What nobody waits for any more is not done, and its place is free."""
    done: list[int] = []

    async def run() -> int:
        turns = Turns(1, 2, 5.0, Metrics())
        calls = [asyncio.ensure_future(turns.do_for(None, job(done.append, n))) for n in (1, 2)]
        await asyncio.sleep(0)
        calls[0].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        answer: int = await turns.do_for(None, job(lambda n: n, 3))
        return answer

    assert asyncio.run(run()) == 3
    assert done == [2]


def test_long_work_is_done_in_threads_and_shared_among_them() -> None:
    """The loop goes on meanwhile, and no thread takes all that waits."""
    seen: list[tuple[bool, int]] = []
    loop_thread = get_ident()

    def note(numbers: Sequence[int]) -> Sequence[int]:
        seen.append((get_ident() == loop_thread, len(numbers)))
        sleep(0.01)
        return numbers

    async def run() -> list[int]:
        turns = Turns(2, 50, 5.0, Metrics())
        calls = (turns.do_for(None, Job(note, n, short=False)) for n in range(8))
        return list(await asyncio.gather(*calls))

    assert asyncio.run(run()) == list(range(8))
    assert not any(on_loop for on_loop, _ in seen)
    assert len(seen) > 1
    assert max(count for _, count in seen) <= 4


def test_who_waits_behind_long_work_is_refused_in_time() -> None:
    """The deadline holds while the only thread is busy, and what runs is not refused."""

    def slow(numbers: Sequence[int]) -> Sequence[int]:
        sleep(0.3)
        return numbers

    async def run() -> tuple[list[object], float]:
        turns = Turns(1, 50, 0.05, Metrics())
        first = asyncio.ensure_future(turns.do_for(None, Job(slow, 1, short=False)))
        await asyncio.sleep(0.01)
        begun = monotonic()
        second = asyncio.ensure_future(turns.do_for(None, Job(slow, 2, short=False)))
        await asyncio.wait([second])
        waited = monotonic() - begun
        return list(await asyncio.gather(first, second, return_exceptions=True)), waited

    (first, second), waited = asyncio.run(run())

    assert first == 1
    assert isinstance(second, OverloadedError)
    assert waited < 0.2


@pytest.mark.parametrize("short", [True, False])
def test_broken_connection_leaves_nobody_waiting(*, short: bool) -> None:
    """Where it cannot be asked whether a caller left, all of the group are told, and the rest done.

    So it is with work that ends like an iterator, which no future can tell.
    """

    def broken() -> bool:
        raise RuntimeError("no connection")

    def work(numbers: Sequence[int]) -> list[int]:
        if 3 in numbers:
            raise StopIteration
        return list(numbers)

    async def run() -> list[object]:
        turns = Turns(1, 50, 30.0, Metrics())
        groups = [0, 1, 1, 3, 4]
        calls = [
            turns.do_for(broken if place == 2 else None, Job(work, n, n, 0, short))
            for place, n in enumerate(groups)
        ]
        return list(await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5))

    found = asyncio.run(run())

    assert found[0] == 0
    assert [type(one) for one in found[1:4]] == [RuntimeError] * 3
    assert found[4] == 4


def test_end_of_the_loop_leaves_nobody_waiting() -> None:
    """Whoever leads may be stopped: what it was doing is cancelled, not lost."""

    def slow(numbers: Sequence[int]) -> Sequence[int]:
        sleep(0.2)
        return numbers

    async def run() -> list[object]:
        turns = Turns(1, 50, 30.0, Metrics())
        first = asyncio.ensure_future(turns.do_for(None, Job(slow, 1, short=False)))
        await asyncio.sleep(0.01)
        others = asyncio.all_tasks() - {asyncio.current_task(), first}
        for leader in others:
            leader.cancel()
        return list(await asyncio.wait_for(asyncio.gather(first, return_exceptions=True), 5))

    assert [type(one) for one in asyncio.run(run())] == [asyncio.CancelledError]
