"""Places that cannot be written, full disks, closed pipes and interruptions."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.builders import HashingEncoder, tiny_export, tiny_fit
from tests.training.hostile.command import READ, World, build
from tests.training.hostile.conftest import Run
from training.features import cached_encode
from triage.bundle.registry import Registry
from triage.errors import BundleError
from triage.settings import Settings


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Build one world for all tests of this file."""
    return build(tmp_path_factory.mktemp("world"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of one megabyte, where this machine allows it, and take it away again."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or not mount or not umount:
        pytest.skip("needs the right to mount")
    asked = [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(asked, check=False, capture_output=True).returncode != 0:  # noqa: S603 - a fixed command
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run([umount, "-l", str(folder)], check=True)  # noqa: S603 - same


def test_full_disk_leaves_no_bundle(settings: Settings, small_disk: Path) -> None:
    """What does not fit is told in one line with what to do, and no part of it stays."""
    (small_disk / "filler").write_bytes(b"x" * 900_000)
    home = settings.model_copy(update={"home": small_disk / "home"})

    with pytest.raises(BundleError, match=r"cannot be written \(No space left.*Make room there"):
        tiny_fit(home, ("category",), "third", out=small_disk / "out", only=True)

    assert not list((small_disk / "out").glob("*"))


def test_home_that_is_no_folder_is_refused_first(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that nothing can be written to is told before anything is read."""
    export = tiny_export(tmp_path / "tickets.csv")
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "file"))

    code, told = run("fit", export, *READ)

    assert code == 2
    assert f"TRIAGE_HOME: {tmp_path / 'file'} is no folder" in told
    assert "reading the exports" not in told


def test_embeddings_that_cannot_be_kept_are_made_anew(tmp_path: Path) -> None:
    """A cache that nothing can be written to costs time alone."""
    (tmp_path / "file").touch()
    encoder, texts = HashingEncoder(), ["where is my parcel", "the app is blank"]

    vectors = cached_encode(texts, encoder, tmp_path / "file" / "cache")

    assert np.array_equal(vectors, encoder.encode(texts))


def test_closed_pipe_ends_quietly(world: World) -> None:
    """Whoever reads the first line alone gets it, and no stack after it."""
    arguments = ["check", str(world.folder / "tickets.csv"), *READ, "--json", "-"]
    process = world.start(*arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    err = process.stderr.read()

    process.stderr.close()
    assert process.wait(60) == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_interruption_is_one_line(world: World) -> None:
    """^C while rows are fitted ends with 130 and one line."""
    process = world.start(*world.fit())
    assert process.stderr is not None
    seen = iter(process.stderr)
    assert any("reading the exports" in line for line in seen)

    process.send_signal(signal.SIGINT)

    told = "".join(seen)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.rstrip().endswith("interrupted")
    assert "Traceback" not in told


def test_half_written_folders_are_no_bundles(tmp_path: Path, bundle_folder: Path) -> None:
    """What a killed run left under a hidden name is neither listed nor found."""
    registry = Registry(tmp_path, tmp_path / "models")
    shutil.copytree(bundle_folder, registry.bundles / ".2026-11-22-abcdef.part")

    assert registry.list() == []
