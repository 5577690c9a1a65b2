"""The command itself in processes of its own: killed, interrupted, out of memory."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.unit.bulk.tables import many, save
from triage.bulk.units import ROWS

COUNT = 24 * ROWS
PATIENCE_S = 120.0


@pytest.fixture
def begun(tmp_path: Path, bundle_folder: Path) -> "subprocess.Popen[str]":
    """Start the command on two workers in a group of its own; wait until rows are on disk."""
    save(tmp_path / "in.jsonl", many(COUNT))
    process = start(tmp_path, bundle_folder)
    journal, deadline = tmp_path / "out.jsonl.part.journal", monotonic() + PATIENCE_S
    while process.poll() is None and monotonic() < deadline:
        if journal.exists() and len(journal.read_bytes().splitlines()) > 2:
            return process
        sleep(0.01)
    raise AssertionError(process.communicate()[1])


def start(folder: Path, bundle_folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Start the command."""
    # What starts in the background inherits an ignored SIGINT, and so would the command.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import triage.bulk.part as p; p.EVERY_S = 0.0; from triage.cli import main; main()"
    )
    names = ["--file", "in.jsonl", "--out", "out.jsonl", "--workers", "2", *more]
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", program, "classify", *names],
        cwd=folder,
        env={
            **os.environ,
            "TRIAGE_MODELS": str(bundle_folder.parent),
            "PYTHONPATH": str(Path.cwd()),
        },
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def gone(group: int) -> bool:
    """Wait until a group has no process left; tell whether that came about."""
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        sleep(0.05)
    return False


def finished(folder: Path, bundle_folder: Path) -> str:
    """Run the command to its end and return what it said."""
    process = start(folder, bundle_folder)
    told = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 0, told
    return told


def test_killed_tree_goes_on_to_the_same_bytes(
    begun: "subprocess.Popen[str]", tmp_path: Path, bundle_folder: Path
) -> None:
    """Everything is killed at once; the same command ends with the bytes of an undisturbed run."""
    os.killpg(begun.pid, signal.SIGKILL)
    begun.communicate()
    assert not (tmp_path / "out.jsonl").exists()

    told = finished(tmp_path, bundle_folder)

    assert "going on behind row" in told
    killed = (tmp_path / "out.jsonl").read_bytes()
    (tmp_path / "out.jsonl").unlink()
    finished(tmp_path, bundle_folder)
    assert (tmp_path / "out.jsonl").read_bytes() == killed
    assert len(killed.splitlines()) == COUNT


def test_workers_do_not_outlive_the_command(begun: "subprocess.Popen[str]") -> None:
    """Killed alone, the command leaves no process behind."""
    begun.kill()
    begun.communicate()

    assert gone(begun.pid)


def test_interrupt_says_how_to_go_on(begun: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """^C reaches the whole group: exit code 130, what is kept, and not one trace."""
    os.killpg(begun.pid, signal.SIGINT)
    told = begun.communicate(timeout=PATIENCE_S)[1]

    assert begun.returncode == 130
    assert f"of {COUNT} rows are kept in out.jsonl.part" in told
    assert "--restart" in told
    assert "Traceback" not in told
    assert gone(begun.pid)
    assert (tmp_path / "out.jsonl.part.journal").exists()


def test_killed_worker_leaves_a_state_to_go_on_from(
    begun: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """As when the memory runs out: one line, exit code 2, and the rows so far."""
    children = Path(f"/proc/{begun.pid}/task/{begun.pid}/children").read_text().split()
    workers = [
        pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(int(workers[0]), signal.SIGKILL)
    told = begun.communicate(timeout=PATIENCE_S)[1]

    assert begun.returncode == 2
    assert "worker_lost: A worker process was killed" in told
    assert "rows are kept" in told
    assert "Traceback" not in told
    assert gone(begun.pid)
    assert (tmp_path / "out.jsonl.part.journal").exists()
