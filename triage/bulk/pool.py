"""Worker processes that label units; answers come back in the order of the units.

Workers are started fresh, never forked, so that no thread of a library is copied half alive. Each
has a pipe of its own: the end of a process, ours or theirs, is the end of its pipe, so that neither
side ever waits for one that is gone. A worker gets a unit when it asks for one, and units far ahead
of the oldest unanswered one are not read, so that memory does not grow with the file.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Self

from triage import errors
from triage.bulk.labelling import Labelling
from triage.bulk.units import Unit
from triage.errors import TriageError, WorkerError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

AHEAD = 2
"""Units per worker that may be read or answered before the oldest one is."""
PATIENCE_S = 5.0
"""How long a worker may take to end when it is told to."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Workers take a core each; threads of libraries would only stand in their way."""
READY = -1


class Pool:
    """Processes that load a bundle once and label units.

    Args:
        labelling: What they do.
        workers: Their number.
    """

    def __init__(self, labelling: Labelling, workers: int) -> None:
        context = get_context("spawn")
        self._workers: dict[Connection, SpawnProcess] = {}
        with _quiet_start():
            for _ in range(workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, labelling), daemon=True)
                process.start()
                theirs.close()
                self._workers[ours] = process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers, busy ones too."""
        for pipe, process in self._workers.items():
            pipe.close()
            process.terminate()
        for process in self._workers.values():
            process.join(PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()

    def label(self, units: Iterator[Unit]) -> Iterator[tuple[int, bytes]]:
        """Yield for each unit, in order, its number of rows and the bytes of its labelled rows.

        Raises:
            WorkerError: When a worker is gone.
            TriageError: What a worker could not do, such as load the bundle.
        """
        busy = dict.fromkeys(self._workers, READY)
        idle: list[Connection] = []
        done: dict[int, bytes] = {}
        rows: dict[int, int] = {}
        sent = given = 0
        upcoming, ahead = next(units, None), AHEAD * len(self._workers)
        while True:
            while idle and upcoming and sent - given < ahead:
                pipe = idle.pop()
                self._send(pipe, upcoming)
                busy[pipe], rows[sent] = sent, upcoming.rows
                sent, upcoming = sent + 1, next(units, None)
            while given in done:
                yield rows.pop(given), done.pop(given)
                given += 1
            if given == sent and upcoming is None:
                return
            if idle and upcoming and sent - given < ahead:
                continue
            for found in wait(list(busy)):
                if isinstance(found, Connection):
                    answer = self._receive(found)
                    number = busy.pop(found)
                    idle.append(found)
                    if number != READY:
                        done[number] = answer

    def _send(self, pipe: Connection, unit: Unit) -> None:
        try:
            pipe.send(unit)
        except OSError as error:
            raise self._lost(pipe) from error

    def _receive(self, pipe: Connection) -> bytes:
        try:
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            raise self._lost(pipe) from error
        if isinstance(answer, bytes):
            return answer
        raise _error(*answer)

    def _lost(self, pipe: Connection) -> WorkerError:
        process = self._workers[pipe]
        process.join(PATIENCE_S)
        code = process.exitcode
        if code == -signal.SIGKILL:
            return WorkerError(
                "A worker process was killed, most likely because the memory ran out.",
                fix="Run the same command again to go on, with fewer --workers.",
            )
        how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        return WorkerError(
            f"A worker process ended ({how}).", fix="Run the same command again to go on."
        )


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Start processes on one thread each, deaf to ^C, which is for the one that started them."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    # It starts with the first process, and lets SIGINT through again when it does.
    resource_tracker.ensure_running()
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(pipe: Connection, labelling: Labelling) -> None:
    """Answer units until the other end of the pipe is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        label = labelling.open()
        pipe.send(b"")
        while True:
            pipe.send(label(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except TriageError as error:
        pipe.send((error.code, error.problem, error.fix))
    except MemoryError:
        pipe.send((WorkerError.code, "A worker process ran out of memory.", "Use fewer --workers."))
    except Exception as error:  # noqa: BLE001 - its text may quote a message, its class may not
        pipe.send((WorkerError.code, f"A worker process failed ({_place(error)}).", ""))


def _place(error: Exception) -> str:
    """Name class and line of an error, without its words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _error(code: str, problem: str, fix: str) -> TriageError:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    found = [kind for kind in kinds if issubclass(kind, TriageError) and kind.code == code]
    return (found or [TriageError])[0](problem, fix=fix)
