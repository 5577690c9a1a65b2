"""A training killed at any moment leaves a whole bundle or none, and spoils no later run."""

from pathlib import Path
from random import Random
from subprocess import TimeoutExpired
from time import monotonic

import pytest

from tests.training.hostile.command import World, build
from triage.bundle.manifest import MANIFEST
from triage.bundle.store import load_bundle

MOMENTS, SEED = 20, 0


def bundles(world: World) -> list[str]:
    """Load every bundle that stands in the folder; return their names."""
    found = [path.parent for path in world.out.glob(f"[!.]*/{MANIFEST}")]
    for folder in found:
        load_bundle(folder, world.folder)
    return [folder.name for folder in found]


@pytest.mark.slow
def test_twenty_kills_leave_nothing_half(tmp_path: Path) -> None:
    """Kills from the first import to the last rename, the cache kept from one run to the next."""
    world = build(tmp_path)
    begun = monotonic()
    assert world.run(*world.fit())[0] == 0
    whole = monotonic() - begun
    made = bundles(world)
    assert len(made) == 1
    draw = Random(SEED)  # noqa: S311 - moments, no secrets
    killed = 0

    for _ in range(MOMENTS):
        for path in world.out.glob("*"):
            path.rename(tmp_path / f"done-{killed}-{path.name.strip('.')}")
        process = world.start(*world.fit())
        try:
            process.communicate(timeout=draw.uniform(0.2, 1.0) * whole)
        except TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1

        assert bundles(world) in ([], made)

    code, told = world.run(*world.fit())
    assert code == 0, told
    assert "Traceback" not in told
    assert killed >= MOMENTS // 2
    assert bundles(world) == made
