"""One thread writes the journal and commits in groups, off the path of every request.

Eight writers with a commit each gave 260 acknowledged rows a second on SQLite, one writer with
group commit more than 5,000: the price of a durable commit is the wait for the disk, not the row.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

from triage.errors import StoreError
from triage.telemetry import Telemetry

GROUP = 64
"""Most rows in one commit."""
CAPACITY = 10_000
"""Rows that may wait; a store that stands still must not eat the memory."""
DRAIN_S = 20.0
"""Longest wait for the last rows when the service stops."""

T = TypeVar("T")


class GroupWriter(Generic[T]):
    """Appends items in the order they came.

    Args:
        append: Makes a group durable, or raises; it may return one outcome for each item, which
            its future gets: a value, or the error that this item alone met.
        telemetry: Counts what is written and lost, and hears when the store fails and recovers.
        capacity: Items that may wait.
        group: Most items in one commit.
        linger_s: How long the first item of a group waits for others. A commit costs more than a
            row, so where nobody waits for the acknowledgement a short pause saves most of it.
    """

    def __init__(
        self,
        append: Callable[[Sequence[T]], Sequence[object] | None],
        telemetry: Telemetry,
        *,
        capacity: int = CAPACITY,
        group: int = GROUP,
        linger_s: float = 0.0,
    ) -> None:
        self._append = append
        self._telemetry = telemetry
        self._group = group
        self._linger_s = linger_s
        # The mark that ends the thread is None; how many may wait is looked at by submit.
        self._queue: SimpleQueue[Waiting[T] | None] = SimpleQueue()
        self._capacity = capacity
        self._lock = Lock()
        self._hurry = Event()
        self._closed = False
        self.failing = False
        telemetry.metrics.journal_waiting.set_function(self._queue.qsize)
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, item: T, *, urgent: bool = False) -> Future[Any]:
        """Hand over an item without waiting; the future is done when it is durable.

        The future holds a StoreError when the item is lost: the queue is full, the writer is
        closed, or the store refused it.

        Args:
            item: What is written.
            urgent: Somebody waits for it: its group does not wait for more items.
        """
        future: Future[Any] = Future()
        with self._lock:
            reason = self._obstacle()
            if not reason:
                self._queue.put(Waiting(item, future))
                if urgent or self._queue.qsize() >= self._group:
                    self._hurry.set()
        if reason:
            self._telemetry.metrics.journal_lost.labels(reason).inc()
            future.set_exception(
                StoreError(f"This row is lost: {reason}.", fix="See the log for the store's state.")
            )
        return future

    def close(self, timeout_s: float = DRAIN_S) -> None:
        """Write what waits and stop; what a standing store cannot take in time is counted lost."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
            self._hurry.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            lost = self._queue.qsize() - 1  # without the mark that ends the thread
            self._telemetry.metrics.journal_lost.labels("stopped").inc(lost)
            self._telemetry.log.error("journal_not_drained", count=lost)

    def _obstacle(self) -> str:
        if self._closed:
            return "stopped"
        return "queue_full" if self._queue.qsize() >= self._capacity else ""

    def _run(self) -> None:
        while group := self._next_group():
            self._write(group)

    def _next_group(self) -> "list[Waiting[T]]":
        """Wait for one item and take what gathers behind it; empty means the end.

        The thread sleeps while they gather: waking it for each would cost more than its row.
        """
        first = self._queue.get()
        if first is None:
            return []
        if self._linger_s:
            self._hurry.wait(self._linger_s)
            self._hurry.clear()
        group = [first]
        while len(group) < self._group:
            try:
                more = self._queue.get_nowait()
            except Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            group.append(more)
        if len(group) == self._group:
            # What is left may hold an urgent item, whose call was heard with this group.
            self._hurry.set()
        return group

    def _write(self, group: "Sequence[Waiting[T]]") -> None:
        try:
            outcomes = self._append([one.item for one in group]) or [None] * len(group)
        except StoreError as error:
            self._lose(group, error, error.problem)
        except Exception as error:  # noqa: BLE001 - the one writer must outlive any fault of a row
            self._lose(group, error, type(error).__name__)
        else:
            self._telemetry.metrics.journal_rows.inc(len(group))
            if self.failing:
                self.failing = False
                self._telemetry.log.info("journal_recovered")
            for one, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    one.future.set_exception(outcome)
                else:
                    one.future.set_result(outcome)

    def _lose(self, group: "Sequence[Waiting[T]]", error: Exception, reason: str) -> None:
        self._telemetry.metrics.journal_lost.labels("store").inc(len(group))
        if not self.failing:
            self.failing = True
            self._telemetry.log.error("journal_failing", reason=reason, count=len(group))
        for one in group:
            one.future.set_exception(error)


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """An item in the queue, and who hears of it."""

    item: T
    future: Future[Any]
