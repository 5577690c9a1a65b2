"""What makes the load of the serving benchmark, and what reads processes."""

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.benchmarks.serving import articles, machine, messages, open_loop, wrk
from tests.benchmarks.serving.bundle import write_bundle
from tests.benchmarks.serving.children import NotMeasuredError, ask, free_port, running
from triage.bundle.store import load_bundle
from triage.knowledge.markdown import parse_article
from triage.settings import CHECKOUT
from triage.suggest.calibrator import from_json

FOUND = {
    "requests": 1200, "us": 2_000_000, "bytes": 99, "p50": 1500, "p90": 2000, "p99": 9000,
    "max": 12000, "status": 3, "connect": 0, "read": 1, "write": 0, "timeout": 2,
}  # fmt: skip
WORDS = ["one two three four five six seven eight", "alpha beta gamma", "my parcel is late again"]
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Alternating(BaseHTTPRequestHandler):
    """Answers 200 and 503 in turn, on connections that are kept."""

    protocol_version = "HTTP/1.1"
    lock, count = threading.Lock(), 0

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["content-length"]))
        with self.lock:
            type(self).count += 1
            status = 200 if self.count % 2 else 503
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def alternating() -> Iterator[int]:
    """Serve on a free port; yield it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Alternating) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)


def test_a_run_of_wrk_without_a_result_is_not_measured() -> None:
    """What wrk said stands in the reason."""
    with pytest.raises(NotMeasuredError, match="unable to connect"):
        wrk.parse("unable to connect to 127.0.0.1:9 Connection refused\n")


def test_a_run_of_wrk_without_answers_is_not_measured() -> None:
    """Zero answers have no median."""
    with pytest.raises(NotMeasuredError, match="no answer"):
        wrk.parse(wrk.MARK + json.dumps(FOUND | {"requests": 0}))


def test_the_result_of_wrk_is_read_among_its_own_lines() -> None:
    """Times come in ms, refused answers apart from lost requests."""
    found = wrk.parse(f"Running 2s test\n  1 threads\n{wrk.MARK}{json.dumps(FOUND)}\n")

    assert (found.p50_ms, found.p99_ms, found.max_ms, found.seconds) == (1.5, 9.0, 12.0, 2.0)
    assert (found.refused, found.lost, found.answered) == (3, 3, 1197)


def test_a_missing_wrk_is_told_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is measured without the program that makes the load."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit, match="apt-get install wrk"):
        wrk.check_installed()


def test_names_of_processes_may_hold_parentheses() -> None:
    """Fields are counted from the last parenthesis."""
    line = "42 (a) b (c)) S 7 42 42 0 -1 4194560 100 0 0 0 150 50 25 25 20 0 1 0 9 0 0"

    found = machine.parse_stat(line)

    assert (found.pid, found.parent) == (42, 7)
    assert found.seconds == pytest.approx(250 / machine.TICKS)


def test_the_busy_time_leaves_idle_and_guests_out() -> None:
    """Guest time is a part of user time, waiting for a disk is no work."""
    assert machine.busy_seconds("cpu 100 10 50 9999 8888 5 5 30 77 66") == 200 / machine.TICKS


def test_a_process_tree_holds_children_and_their_memory() -> None:
    """A child's child is found from the root."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], stdin=subprocess.PIPE
    ) as root:
        while len(found := machine.tree(root.pid)) < 2:
            assert root.poll() is None
        memory = machine.peak_mb(root.pid)
        root.communicate(b"\n", timeout=20)

    assert found[0].pid == root.pid
    assert found[1].parent == root.pid
    assert memory > 5
    assert machine.tree(root.pid) == []


@pytest.mark.parametrize(
    ("available", "server", "load", "outside"),
    [
        ({3}, (3,), (3,), (3,)),
        ({0, 1}, (0,), (1,), (0, 1)),
        ({0, 1, 2, 5}, (0,), (2, 5), (2, 5)),
    ],
)
def test_load_stays_off_the_server_where_it_can(
    available: set[int], server: tuple[int, ...], load: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    """With two processors each has one; with more the second server has one too."""
    found = machine.share_out(available)

    assert (found.server, found.load, found.outside) == (server, load, outside)


def test_messages_have_exactly_the_length_asked_for_and_differ() -> None:
    """Words end a message that is too short; the same seed gives the same ones."""

    def count(text: str) -> int:
        return len(text.split()) + 2

    lengths = [5, 9, 9, 30, 5]

    found = messages.compose(WORDS, lengths, count, lambda _: True)

    assert [count(text) for text in found] == lengths
    assert len(set(found)) == len(found)
    assert found == messages.compose(WORDS, lengths, count, lambda _: True)


def test_a_length_that_no_words_make_is_given_up() -> None:
    """Words of two tokens make no odd length."""
    draw = random.Random(0)  # noqa: S311 - no secret

    assert messages.exactly(draw, ["aa bb"], 7, lambda text: 2 * len(text.split())) is None
    with pytest.raises(ValueError, match="7 tokens"):
        messages.compose(["aa bb"], [7], lambda text: 2 * len(text.split()), lambda _: True)


def test_the_mix_has_thirty_tokens_on_average() -> None:
    """Within its bounds, with a tail."""
    lengths = messages.mix_lengths(messages.COUNT)

    assert 29 <= sum(lengths) / len(lengths) <= 31
    assert min(lengths) == messages.SHORTEST
    assert max(lengths) > 120


def test_a_histogram_counts_every_length_once() -> None:
    """Bounds belong to their range."""
    found = dict(messages.histogram([1, 10, 11, 200, 201, 999]))

    assert (found["1-10"], found["11-15"], found["121-200"], found["over 200"]) == (2, 1, 1, 2)
    assert sum(found.values()) == 6


def test_the_help_centre_holds_articles_that_can_be_imported() -> None:
    """Each has a title of its own, and composing is repeatable."""
    composed = articles.compose(articles._answers(), 1460)
    parsed = [parse_article(text) for _, text in composed]

    assert len({one.title for one in parsed}) == len({one.id for one in parsed}) == 1460
    assert composed == articles.compose(articles._answers(), 1460)


def test_the_bundle_that_is_measured_suggests_whatever_is_nearest(tmp_path: Path) -> None:
    """It is the starter with thresholds of zero, and passes every check on loading."""
    folder = write_bundle(tmp_path / "bundle")

    bundle = load_bundle(folder, CHECKOUT / "models/encoders", "tiny")

    assert bundle.retrieval
    assert {one.threshold for one in from_json(bundle.retrieval).values()} == {0.0}


@pytest.mark.parametrize(
    ("buffer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", 0),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntru", 0),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ntrue", 503),
    ],
)
def test_an_answer_counts_once_it_is_whole(buffer: bytes, status: int) -> None:
    """Its status is told then."""
    assert open_loop.whole(buffer) == status


def test_percentiles_are_values_that_occurred() -> None:
    """Nearest rank, in ms."""
    assert open_loop.percentile([], 99) is None
    assert open_loop.percentile([0.003, 0.001, 0.002], 50) == pytest.approx(2)
    assert open_loop.percentile([0.003, 0.001, 0.002], 99) == pytest.approx(3)


def test_a_flood_keeps_its_rate_and_tells_answers_apart() -> None:
    """Served and refused requests have their own times."""
    with alternating() as port:
        found = open_loop.summarise(open_loop.flood(port, "/", ["{}", "[]"], 200, 0.5), 0.5)

    assert (found["asked"], found["served"], found["refused"]) == (100, 50, 50)
    assert (found["refused_share"], found["lost"], found["other"]) == (0.5, 0, 0)
    assert found["served_p99_ms"]


def test_a_flood_of_a_dead_server_is_lost() -> None:
    """Nobody answers; nothing hangs."""
    found = open_loop.summarise(open_loop.flood(free_port(), "/", ["{}"], 100, 0.1), 0.1)

    assert (found["asked"], found["lost"], found["served_p50_ms"]) == (10, 10, None)


def test_a_server_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The reason stands in the table."""
    command = [sys.executable, "-c", "raise SystemExit('no such model')"]
    cores = machine.share_out(os.sched_getaffinity(0)).server
    with (
        running(command, {}, free_port(), cores, tmp_path / "log") as child,
        pytest.raises(NotMeasuredError, match="ended with 1: no such model"),
    ):
        child.first_answer("/", {})


def test_a_server_is_awaited_asked_and_ended(tmp_path: Path) -> None:
    """Its start is timed to the first answer, and nothing is left of it."""
    port = free_port()
    cores = machine.share_out(os.sched_getaffinity(0)).server
    command = [sys.executable, "-c", SERVER, str(port)]
    with running(command, {}, port, cores, tmp_path / "log") as child:
        seconds = child.first_answer("/", {})
        child.settle()
        status, content = ask(port, "/", {"text": "x"})

    assert seconds > 0
    assert (status, content) == (200, b"{}")
    assert machine.tree(child.pid) == []
