"""What the serving benchmark makes of its cells."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.serving.cells import WHY, Cells, fingerprint
from tests.benchmarks.serving.children import NotMeasuredError
from tests.benchmarks.serving.figures import Figures, best, joined, ratio, spread
from tests.benchmarks.serving.machine import share_out
from tests.benchmarks.serving.page import page, summary, table
from tests.benchmarks.serving.peer import executable
from tests.benchmarks.serving.plots import draw
from tests.benchmarks.serving.publish import BEGIN, END, README, replaced
from tests.benchmarks.serving.run import QUICK, STEPS, Bench
from tests.benchmarks.serving.servers import ORDER, Start, Starts, check_ours
from tests.benchmarks.serving.targets import Target, judged, rate
from triage.settings import CHECKOUT

RUN: dict[str, Any] = {
    "machine": {
        "processor": "Abacus", "cores": 2, "siblings": True, "memory_gb": 4, "load_average": 0.1,
    },
    "cores": "server on processor 0, load on 1", "form": "quick", "seconds": 2, "rounds": 2,
    "begun": "2026-01-01 00:00 UTC", "revision": "abc", "versions": "Python 3.11",
    "mean": 30.2, "histogram": [["1-10", 3], ["11-15", 1]],
}  # fmt: skip
SPEED = {
    "constant": 4000.0, "tiny": 1200.0, "twin": 200.0, "naive": 40.0,
    "infinity": 50.0, "infinity-bf16": 60.0,
}  # fmt: skip


def cell(round_: int, server: str, step: str, **fields: object) -> dict[str, Any]:
    """Make a cell."""
    return {"round": round_, "server": server, "step": step, "key": "k", **fields}


def full() -> list[dict[str, Any]]:
    """Make the cells of two rounds; the second is a tenth slower for everybody."""
    found = []
    for round_, slower in ((1, 1.0), (2, 0.9)):
        for server in ORDER:
            speed = SPEED[server] * slower
            start = {"start_s": 2000 / SPEED[server], "reply_bytes": 5000}
            found.append(cell(round_, server, "start", **start))
            found += [
                cell(
                    round_, server, step, per_cpu_s=speed, per_s=speed, p50_ms=1000 / speed,
                    p99_ms=2000 / speed, lost=0, refused=0, peak_mb=100 + start["start_s"],
                    others_cores=0.3,
                )
                for step in STEPS
            ]  # fmt: skip
        calls = {"mix": 4.5, "15": 2.0, "60": 6.0, "250": 20.0}
        found.append(cell(round_, "bare", "call", **calls))
    return found


def verdicts(records: list[dict[str, Any]]) -> dict[str, str]:
    """Judge cells, by the title of the target."""
    return {
        f"{target.title} ({target.of})": verdict for target, _, verdict in judged(Figures(records))
    }


def test_ratios_are_taken_inside_rounds() -> None:
    """A slow round slows both sides; a round without one side is left out."""
    found = ratio({1: 10.0, 2: 4.0, 3: 9.0, 4: 1.0}, {1: 5.0, 2: 2.0, 3: 3.0, 4: 0.0})

    assert found is not None
    assert (found.middle, found.low, found.high) == (2.0, 2.0, 3.0)
    assert ratio({1: 1.0}, {2: 1.0}) is None
    assert spread({}) is None


def test_the_better_of_two_counts_and_sums_need_both() -> None:
    """A rival is taken at its best."""
    assert best({1: 1.0}, {1: 2.0, 2: 3.0}) == {1: 2.0, 2: 3.0}
    assert joined({1: 2.0, 2: 1.0}, {1: 1.0}, 1.5) == {1: 4.0}
    assert rate(Figures(full()), "infinity", "mix-1") == {1: 60.0, 2: 54.0}


def test_the_worst_figure_decides() -> None:
    """All must keep a bound, and what is missing is not reached."""
    lower = Target("t", "", lambda _: [], 2.0, 3.0)
    upper = Target("t", "", lambda _: [], 2.0, least=False)
    one, two, four = (spread({1: value}) for value in (1.0, 2.0, 4.0))

    assert lower.verdict([four, one]) == "**missed**"
    assert lower.verdict([four, two]) == "reached"
    assert lower.verdict([four, four]) == "ambition reached"
    assert lower.verdict([four, None]) == "not measured"
    assert upper.verdict([one, four]) == "**missed**"
    assert upper.verdict([one, two]) == "reached"
    assert Target("t", "", lambda _: [], None, 3.0).verdict([two]) == "ambition missed"


def test_targets_read_the_cells_they_name() -> None:
    """What was measured is judged, what was not is said so."""
    found = verdicts(full())

    rates = "requests per CPU-second, {} over {} (1 / 16 / 64 connections)"
    assert found[rates.format("tiny", "the constant route")] == "reached"
    assert found[rates.format("tiny", "the naive service")] == "ambition reached"
    assert found[rates.format("tiny", "infinity-emb")] == "ambition missed"
    assert found[rates.format("twin", "the naive service")] == "**missed**"
    assert found["p99 over p50 (tiny / twin, 64 connections)"] == "reached"
    assert found["start to first answer over naive (tiny)"] == "ambition reached"
    assert found["requests/s of two servers over one (tiny / twin)"] == "not measured"


def test_the_page_shows_figures_noise_and_reasons() -> None:
    """Machine, disturbed cells and servers that could not run stand on it."""
    records = [*full(), cell(1, "pair", "one-tiny", **{WHY: "no PostgreSQL"})]

    text = page(Figures(records), RUN)

    assert "Abacus, 2 processors (two threads of one core)" in text
    assert "over 0.25 in 72 of 72 cells" in text
    assert "- two servers: no PostgreSQL" in text
    assert "| constant route | 3,800 |" in text
    assert "| messages | 3 | 1 |" in text
    assert "Cells of different code" not in text
    assert "Twice the capacity" not in text


def test_the_page_owns_up_to_cells_of_different_code() -> None:
    """A table of mixed cells says so."""
    records = full()
    records[3] = records[3] | {"key": "older"}

    assert "Cells of different code are mixed" in page(Figures(records), RUN)


def test_nothing_measured_is_said() -> None:
    """An empty run has no tables, and draws nothing."""
    empty = Figures([])

    assert page(empty, {}) == "Nothing is measured yet.\n"
    assert summary(empty) == "Nothing is measured yet."
    assert draw(empty, Path("nowhere")) == []


def test_plots_name_every_server_and_repeat(tmp_path: Path) -> None:
    """Text stays text, and the same cells give the same files."""
    paths = draw(Figures(full()), tmp_path)
    first = [path.read_bytes() for path in paths]

    assert [path.name for path in paths] == ["serving-throughput.svg", "serving-latency.svg"]
    assert all(b"SentenceTransformer" in content for content in first)
    assert first == [path.read_bytes() for path in draw(Figures(full()), tmp_path)]


def test_cells_are_kept_until_their_code_or_form_changes(tmp_path: Path) -> None:
    """Another length of the run asks for other cells."""
    cells = Cells(tmp_path, {"seconds": 2})
    cells.put(1, "naive", "start", {"start_s": 5.0})

    kept = cells.kept(1, "naive", "start")

    assert kept
    assert (kept["start_s"], kept["round"], kept["server"]) == (5.0, 1, "naive")
    assert cells.kept(2, "naive", "start") is None
    assert Cells(tmp_path, {"seconds": 6}).kept(1, "naive", "start") is None
    assert len(Cells(tmp_path, {"seconds": 6}).every()) == 1


def test_what_could_not_be_measured_is_tried_again(tmp_path: Path) -> None:
    """Its reason is shown meanwhile."""
    cells = Cells(tmp_path, {})
    cells.put(1, "infinity", "start", {WHY: "not installed"})

    assert cells.kept(1, "infinity", "start") is None
    assert Figures(cells.every()).why("infinity") == "not installed"


def test_a_fingerprint_follows_contents() -> None:
    """Order does not matter; the form does."""
    files = [CHECKOUT / "Makefile", CHECKOUT / "README.md"]

    assert fingerprint(files, "a") == fingerprint(reversed(files), "a")
    assert fingerprint(files, "a") != fingerprint(files, "b")
    assert fingerprint(files, "a") != fingerprint(files[:1], "a")


def test_published_tables_stand_between_the_marks() -> None:
    """The rest of the README stays, and what stood there is replaced."""
    found = replaced(f"head\n{BEGIN}\nold\n{END}\ntail\n", "new")

    assert found == f"head\n{BEGIN}\n\nnew\n\n{END}\ntail\n"
    assert replaced(found, "new") == found
    with pytest.raises(ValueError, match="lacks the mark"):
        replaced("head\n", "new")


def test_tables_have_a_rule_below_their_head() -> None:
    """Markdown needs it."""
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_the_readme_has_the_marks() -> None:
    """Publishing finds its place."""
    assert replaced(README.read_text(encoding="utf-8"), "x")


class Absent(Starts):
    """Starts of a machine where nothing can be started."""

    def of(self, name: str, reply_bytes: Callable[[], int]) -> Start:
        """Refuse."""
        raise NotMeasuredError(f"no {name} here, {reply_bytes() if name == 'constant' else 0}")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Make a benchmark on a machine where nothing can be started."""
    cells = Cells(tmp_path / "cells", {})
    starts = Absent(tmp_path, tmp_path, build=False)
    return Bench(QUICK, cells, share_out({0, 1}), starts, tmp_path, {"mix": ["hello"]})


def test_a_server_that_cannot_run_leaves_its_reason_in_every_cell(bench: Bench) -> None:
    """The others are measured all the same."""
    bench.serve(1, "infinity")

    found = Figures(bench.cells.every())
    assert len(found.records) == 1 + len(STEPS)
    assert found.why("infinity") == "no infinity here, 0"
    assert "- infinity-emb: no infinity here, 0" in page(found, RUN)


def test_the_constant_is_as_long_as_an_answer_of_ours(bench: Bench) -> None:
    """It takes the length of the same round, else of the first, and is not guessed."""
    bench.serve(1, "constant")
    assert "measure tiny too" in str(Figures(bench.cells.every()).why("constant"))

    bench.cells.put(1, "tiny", "start", {"reply_bytes": 5120})
    bench.serve(2, "constant")

    assert bench.cells.every()[-1]["not_measured"] == "no constant here, 5120"


@pytest.mark.parametrize(
    ("connections", "rate", "seconds"),
    [(64, 4000.0, 2), (64, 160.0, 4), (64, 10.0, 8), (1, None, 2)],
)
def test_slow_servers_get_longer_cells(
    bench: Bench, connections: int, rate: float | None, seconds: int
) -> None:
    """Ten answers a connection, within bounds."""
    assert bench._seconds(connections, rate) == seconds


def test_a_missing_environment_is_not_built_unasked(tmp_path: Path) -> None:
    """The reason names the option."""
    with pytest.raises(NotMeasuredError, match="--no-install"):
        executable(tmp_path, build=False)


def test_our_answers_must_hold_every_task() -> None:
    """A server that answers something else is not measured."""
    answer = {
        "labels": {"category": {}, "priority": {}, "sentiment": {}},
        "suggestions": [{}, {}],
        "language": {"code": "en"},
    }

    assert check_ours(json.dumps(answer).encode()) == {"suggestions": 2, "english": 1.0}
    with pytest.raises(NotMeasuredError, match="1 tasks"):
        check_ours(json.dumps(answer | {"labels": {"category": {}}}).encode())
