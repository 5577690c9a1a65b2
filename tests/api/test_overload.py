"""Turns: a few work, some wait, the rest is refused at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Lock
from time import monotonic

import anyio
import anyio.to_thread
import pytest

from tests.api.asking import PARCEL, problem
from tests.api.conftest import Serve
from triage.api.turns import Turns
from triage.domain import Message, Options, TriageResult
from triage.errors import OverloadedError
from triage.pipeline import Pipeline
from triage.telemetry import Metrics

LONG = {"text": PARCEL, "explain": True}
"""Work for a thread; short work is done on the event loop, which a gate would stop."""


class GatedPipeline(Pipeline):
    """A real pipeline that waits at a gate first."""

    def hold(self) -> None:
        """Put up the gate."""
        self.gate, self.entered, self.ran, self.lock = Event(), Event(), 0, Lock()

    def run(self, messages: list[Message], options: Options) -> list[TriageResult]:  # type: ignore[override] # tests pass lists
        """Wait for the gate, then answer."""
        with self.lock:
            self.ran += 1
        self.entered.set()
        assert self.gate.wait(20)
        return super().run(messages, options)


def counted(metrics: Metrics, reason: str) -> float:
    """Count refusals."""
    return metrics.registry.get_sample_value("triage_overloaded_total", {"reason": reason}) or 0.0


def test_requests_beyond_the_queue_are_refused_at_once(serve: Serve) -> None:
    """One works, one waits, the next hundred get 503; the two are answered in the end."""
    client = serve(threads=1, max_in_flight=2, queue_timeout_s=20.0)
    service = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    gated = GatedPipeline.__new__(GatedPipeline)
    gated.__dict__.update(service.pipeline.__dict__)
    gated.hold()
    service._live = replace(service._live, pipeline=gated)

    def ask() -> int:
        return client.post("/v1/classify", json=LONG).status_code

    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(ask)]
        assert gated.entered.wait(10)
        pending.append(pool.submit(ask))
        wait_until(lambda: in_flight(service.telemetry.metrics) == 2)
        begun = monotonic()
        refused = [client.post("/v1/classify", json=LONG) for _ in range(100)]
        took = monotonic() - begun
        alive = client.get("/livez").status_code
        gated.gate.set()
        answered = [one.result(20) for one in pending]

    for one in refused:
        problem(one, 503, "overloaded")
        assert one.headers["retry-after"] == "1"
    assert counted(service.telemetry.metrics, "queue_full") == 100
    assert took < 5.0
    assert alive == 200
    assert answered == [200, 200]
    assert gated.ran == 2


def test_nothing_of_a_request_is_read_that_there_is_no_room_for(serve: Serve) -> None:
    """It is refused, whatever its body holds, and logged once with its status."""
    client = serve(max_in_flight=1)
    turns = client.app.state.turns  # type: ignore[attr-defined] # the app is ours
    with turns._admitted():
        refused = client.post("/v1/classify", content=b"{", headers={"Content-Type": "text/plain"})
    after = client.post("/v1/classify", json={"text": PARCEL})

    problem(refused, 503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert after.status_code == 200


def test_work_whose_turn_comes_too_late_is_never_begun() -> None:
    """A request waits no longer than allowed and then is not computed."""
    metrics = Metrics()
    started, release = Event(), Event()
    begun: list[str] = []

    def work(name: str) -> str:
        begun.append(name)
        started.set()
        assert release.wait(10)
        return name

    async def run() -> str:
        turns = Turns(1, 10, 0.05, metrics)
        result = ""
        async with anyio.create_task_group() as group:

            async def first() -> None:
                nonlocal result
                result = await turns.run(work, "first")

            group.start_soon(first)
            await anyio.to_thread.run_sync(started.wait, 10)
            with pytest.raises(OverloadedError):
                await turns.run(work, "second")
            release.set()
        return result

    assert anyio.run(run) == "first"
    assert begun == ["first"]
    assert counted(metrics, "timeout") == 1


def test_failing_work_gives_its_turn_back() -> None:
    """An error does not use up a turn for ever."""

    async def run() -> int:
        turns = Turns(1, 1, 0.5, Metrics())
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await turns.run(divmod, 1, 0)
        return await turns.run(int, "7")

    assert anyio.run(run) == 7


def in_flight(metrics: Metrics) -> float:
    """Read how many requests wait or work."""
    return metrics.registry.get_sample_value("triage_in_flight") or 0.0


def wait_until(true: Callable[[], bool]) -> None:
    """Wait a few seconds for something to become true."""
    end = monotonic() + 10
    while not true():
        assert monotonic() < end
        Event().wait(0.005)
