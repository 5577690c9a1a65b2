"""Run wrk with bodies from a file, and read what it found."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.serving.children import HOST, NotMeasuredError

MISSING = (
    "wrk is not installed; it makes the load of this benchmark. Install it with: "
    "apt-get install wrk (Debian, Ubuntu), dnf install wrk (Fedora), brew install wrk."
)
ANSWER_S, GRACE_S = 60, 90
"""Longest wait of wrk for one answer, and ours for wrk beyond its time, in seconds."""
MARK = "RESULT "
SCRIPT = """local requests, at = {}, 0
function init(args)
  for line in io.lines(args[2]) do
    requests[#requests + 1] = wrk.format(
      "POST", args[1], {["Content-Type"] = "application/json"}, line)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %.0f, "us": %.0f, "bytes": %.0f, "p50": %.0f, "p90": %.0f, ' ..
    '"p99": %.0f, "max": %.0f, "status": %.0f, "connect": %.0f, "read": %.0f, "write": %.0f, ' ..
    '"timeout": %.0f}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(90), latency:percentile(99), latency.max, errors.status, errors.connect,
    errors.read, errors.write, errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk found.

    Args:
        requests: Answers, whatever their status.
        seconds: How long it asked.
        p50_ms: Median of the time to an answer, in milliseconds.
        p99_ms: The 99th percentile.
        max_ms: The longest.
        refused: Answers with a status above 399.
        lost: Requests without an answer: connections refused or broken, and timeouts.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    refused: int
    lost: int

    @property
    def answered(self) -> int:
        """Requests that were answered well."""
        return self.requests - self.refused


def check_installed() -> None:
    """End with a clear line where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit(MISSING)


def parse(text: str) -> Load:
    """Read the line that the script of a run printed.

    Raises:
        NotMeasuredError: When there is none, or nothing was answered.
    """
    lines = [line for line in text.splitlines() if line.startswith(MARK)]
    if not lines:
        raise NotMeasuredError(
            f"wrk printed no result: {' / '.join(text.strip().splitlines()[-3:])}"
        )
    found = json.loads(lines[-1].removeprefix(MARK))
    if not found["requests"]:
        raise NotMeasuredError("wrk got no answer in its time")
    return Load(
        requests=found["requests"],
        seconds=found["us"] / 1e6,
        p50_ms=found["p50"] / 1e3,
        p99_ms=found["p99"] / 1e3,
        max_ms=found["max"] / 1e3,
        refused=found["status"],
        lost=sum(found[kind] for kind in ("connect", "read", "write", "timeout")),
    )


class Wrk:
    """A run in progress; started where this thread is pinned to.

    Args:
        folder: Where the script is written.
        port: Of the server.
        path: Of the route.
        bodies: One body a line; they are sent in turn.
        connections: Kept open at once, each with one request under way.
        seconds: How long.
    """

    def __init__(
        self, folder: Path, port: int, path: str, bodies: Path, connections: int, seconds: int
    ) -> None:
        script = folder / f"cycle-{port}.lua"  # another wrk may be reading its own just now
        script.write_text(SCRIPT, encoding="utf-8")
        self._seconds = seconds
        self._process = subprocess.Popen(  # noqa: S603 - fixed words
            command(script, port, path, bodies, connections, seconds),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def result(self) -> Load:
        """Wait for the end.

        Raises:
            NotMeasuredError: When wrk fails or hangs.
        """
        try:
            text, _ = self._process.communicate(timeout=self._seconds + GRACE_S)
        except subprocess.TimeoutExpired:
            raise NotMeasuredError("wrk did not end") from None
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.communicate()
        return parse(text)


def command(
    script: Path, port: int, path: str, bodies: Path, connections: int, seconds: int
) -> Sequence[str]:
    """Write the command of a run."""
    return [
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout",
        f"{ANSWER_S}s", "-s", str(script), f"http://{HOST}:{port}", "--", path, str(bodies),
    ]  # fmt: skip
