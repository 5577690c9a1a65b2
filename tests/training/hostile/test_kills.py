"""A training killed at any moment leaves a whole bundle or none, and spoils no later run."""

import os
import resource
from pathlib import Path
from random import Random
from time import sleep

import pytest

from tests.training.hostile.command import World, build
from triage.bundle.manifest import MANIFEST
from triage.bundle.store import load_bundle

MOMENTS, SEED = 20, 0
TICKS = os.sysconf("SC_CLK_TCK")


def spent(pid: int) -> float:
    """Return the seconds of processor time of a running process; clocks on a wall are noisy."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def kill_at(world: World, moment: float) -> bool:
    """Fit until so much processor time is spent, then kill; tell whether it came to that."""
    process = world.start(*world.fit())
    while process.poll() is None and spent(process.pid) < moment:
        sleep(0.005)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def bundles(world: World) -> list[str]:
    """Load every bundle that stands in the folder; return their names."""
    found = [path.parent for path in world.out.glob(f"[!.]*/{MANIFEST}")]
    for folder in found:
        load_bundle(folder, world.folder)
    return [folder.name for folder in found]


@pytest.mark.slow
def test_twenty_kills_leave_nothing_half(tmp_path: Path) -> None:
    """Kills from the imports to the last rename; cache and hidden remains stay for the next run."""
    world = build(tmp_path)
    assert world.run(*world.fit())[0] == 0
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = usage.ru_utime + usage.ru_stime
    made = bundles(world)
    assert len(made) == 1
    draw = Random(SEED)  # noqa: S311 - moments, no secrets
    killed = 0

    for number in range(MOMENTS):
        for path in world.out.glob("[!.]*"):
            path.rename(tmp_path / f"done-{number}")

        killed += kill_at(world, draw.uniform(0.2, 1.0) * whole)

        assert bundles(world) in ([], made)

    code, told = world.run(*world.fit())
    assert code == 0, told
    assert "Traceback" not in told
    assert killed >= MOMENTS // 2
    assert bundles(world) == made
