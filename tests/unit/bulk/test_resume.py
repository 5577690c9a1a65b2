"""A killed run goes on where it was, and its file is that of a run that was never killed."""

import fcntl
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import copied_bundle
from tests.unit.bulk.tables import label, many, objects, save
from triage.bulk import part, units
from triage.errors import ExportError
from triage.settings import Settings

Fault = Callable[[], None]
ROWS = 64
COUNT = 3 * ROWS + 40


@pytest.fixture(autouse=True)
def _small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small units and make each last at once: a short run has many places to be killed."""
    monkeypatch.setattr(units, "ROWS", ROWS)
    monkeypatch.setattr(part, "EVERY_S", 0.0)


def killed_at(call: int, name: str, run: Callable[[], object]) -> int:
    """Run in a process that kills itself at a call of a function of ``os``; return its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    real, calls = getattr(os, name), 0

    def fatal(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    setattr(os, name, fatal)
    try:
        run()
    finally:
        os._exit(0)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 7, 11, 12])
def test_killed_run_goes_on_to_the_same_bytes(
    settings: Settings, tmp_path: Path, ending: str, call: int
) -> None:
    """Killed before any sync to disk, the next run ends with the bytes of an undisturbed one."""
    source = save(tmp_path / "in.csv", many(COUNT))
    whole = label(settings, source, tmp_path / f"whole{ending}")
    out = tmp_path / f"out{ending}"

    status = killed_at(call, "fsync", lambda: label(settings, source, out))

    assert status == -signal.SIGKILL
    assert not out.exists()
    label(settings, source, out)
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("out*")) == [out.name]


def test_rows_on_disk_are_not_labelled_again(settings: Settings, tmp_path: Path) -> None:
    """What the journal says is kept, and only what is missing is made."""
    source, out = save(tmp_path / "in.csv", many(COUNT)), tmp_path / "out.jsonl"
    killed_at(8, "fsync", lambda: label(settings, source, out))
    kept = tmp_path / "out.jsonl.part"
    lines = kept.read_bytes().splitlines(keepends=True)
    lines[5] = b'{"n": "marked"'.ljust(len(lines[5]) - 2) + b"}\n"
    kept.write_bytes(b"".join(lines))

    label(settings, source, out)

    assert sum(b'"marked"' in line for line in out.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_killed_before_the_last_step_is_finished(
    settings: Settings, tmp_path: Path, ending: str
) -> None:
    """A kill between the rename and the tidying up leaves a whole file, which stays."""
    source, out = save(tmp_path / "in.csv", many(40)), tmp_path / f"out{ending}"

    status = killed_at(1, "unlink", lambda: label(settings, source, out))

    assert status == -signal.SIGKILL
    before = out.read_bytes()
    label(settings, source, out)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("out*")) == [out.name]


def begun(settings: Settings, folder: Path) -> tuple[Path, Path]:
    """Leave a run behind that was killed after its first unit."""
    source, out = save(folder / "in.csv", many(COUNT)), folder / "out.csv"
    killed_at(6, "fsync", lambda: label(settings, source, out))
    assert (folder / "out.csv.part").exists()
    return source, out


def test_other_work_is_refused(settings: Settings, tmp_path: Path, bundle_folder: Path) -> None:
    """Another input, bundle or option does not go on with the rows of the first."""
    source, out = begun(settings, tmp_path)
    other = copied_bundle(bundle_folder, tmp_path / "other")
    named = settings.model_copy(update={"bundle": str(other)})
    tiny = settings.model_copy(update={"profile": "tiny"})

    with pytest.raises(ExportError, match="another bundle"):
        label(named, source, out)
    with pytest.raises(ExportError, match="another profile"):
        label(tiny, source, out)
    with pytest.raises(ExportError, match=r"another --suggestions.*--restart"):
        label(settings, source, out, suggestions=2)
    with source.open("a") as stream:
        stream.write("9,more,\n")
    with pytest.raises(ExportError, match="another input file"):
        label(settings, source, out)


def test_restart_begins_anew(settings: Settings, tmp_path: Path) -> None:
    """What was kept is thrown away on demand, even that of other work."""
    source, out = begun(settings, tmp_path)
    save(source, many(30))

    label(settings, source, out, restart=True)

    assert len(out.read_text().splitlines()) > 30
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.csv"]


def test_half_written_line_of_the_journal_is_passed_over(
    settings: Settings, tmp_path: Path
) -> None:
    """A line without its end was not promised."""
    source, out = begun(settings, tmp_path)
    whole = label(settings, source, tmp_path / "whole.csv")
    with (tmp_path / "out.csv.part.journal").open("a") as stream:
        stream.write('{"rows": 9999, "by')

    label(settings, source, out)

    assert out.read_bytes() == whole.read_bytes()


def test_shortened_part_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Bytes that the journal promised and that are gone cannot be gone on from."""
    source, out = begun(settings, tmp_path)
    os.truncate(tmp_path / "out.csv.part", 10)

    with pytest.raises(ExportError, match=r"shorter than its journal.*--restart"):
        label(settings, source, out)


def test_lost_part_begins_anew(settings: Settings, tmp_path: Path) -> None:
    """A journal without its file has nothing to go on from."""
    source, out = begun(settings, tmp_path)
    (tmp_path / "out.csv.part").unlink()

    label(settings, source, out)

    assert out.read_bytes() == label(settings, source, tmp_path / "whole.csv").read_bytes()


def test_two_runs_never_write_one_file(settings: Settings, tmp_path: Path) -> None:
    """The second is refused as long as the first holds the journal."""
    source, out = save(tmp_path / "in.csv", many(3)), tmp_path / "out.csv"
    with (tmp_path / "out.csv.part.journal").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(ExportError, match="another process"):
            label(settings, source, out)


def test_file_that_changes_meanwhile_is_noticed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that grows while it is read is not delivered as if it were whole."""
    source, out = save(tmp_path / "in.jsonl", many(ROWS + 5)), tmp_path / "out.jsonl"
    real = os.fsync

    def growing(descriptor: int) -> None:
        real(descriptor)
        if len(objects(source)) == ROWS + 5:
            with source.open("a") as stream:
                stream.write(json.dumps({"text": "late"}) + "\n")

    monkeypatch.setattr(os, "fsync", growing)

    with pytest.raises(ExportError, match="changed while it was read"):
        label(settings, source, out)

    assert not out.exists()
    assert objects(source)[-1] == {"text": "late"}
