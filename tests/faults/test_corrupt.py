"""No changed byte of a bundle or an encoder is ever served."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest

from tests.builders import copied_bundle
from tests.faults.figures import bore, chosen
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature
from triage.bundle.promotion import Bench, promote
from triage.bundle.store import load_bundle
from triage.domain import Message, Options
from triage.encoders.folder import META
from triage.errors import GateError, TriageError
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

pytestmark = pytest.mark.faults

TEXTS = (
    "my parcel with the blue jacket, I need this before Friday, this is a disappointment",
    "the app shows a blank page, everything stands still right now",
    "min pakke med den blå jakke, når I engang får tid",
)
Labels = list[dict[str, tuple[str | None, float]]]


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    """Put other bytes in the place of a file until the block ends."""
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)


def damages(path: Path, others: list[Path], pick: random.Random) -> Iterator[bytes]:
    """Flip bits of a file, cut it short, and put other files in its place."""
    whole = path.read_bytes()
    for _ in range(chosen(2, 500)):
        flipped = bytearray(whole)
        flipped[pick.randrange(len(whole))] ^= 1 << pick.randrange(8)
        yield bytes(flipped)
    for _ in range(chosen(1, 50)):
        yield whole[: pick.randrange(len(whole))]
    for other in pick.sample(others, chosen(1, len(others))):
        if other != path:
            yield other.read_bytes()


def decides_nothing(path: Path, content: bytes) -> bool:
    """Tell whether other bytes mean the same: the name of an encoder is for people alone."""
    whole = path.read_bytes()
    if path.name != META or content == whole:
        return content == whole
    try:
        same: bool = json.loads(content) | {"name": ""} == json.loads(whole) | {"name": ""}
    except (ValueError, TypeError):
        return False
    return same


def answers(service: Service) -> Labels:
    """Label the texts."""
    results = service.pipeline.run([Message(text) for text in TEXTS], Options(suggestions=0))
    return [
        {task: (one.label, one.confidence) for task, one in result.labels.items()}
        for result in results
    ]


class Attempts:
    """Tries to put a damaged bundle live, and to start from it.

    Args:
        bench: Where it is to be promoted.
        candidate: Folder of the bundle.
    """

    def __init__(self, bench: Bench, candidate: Path) -> None:
        self.bench, self.candidate = bench, candidate
        self.made = self.promoted = self.started = self.other = 0

    def try_both(self) -> None:
        """Promote it, then load it as a start does."""
        self.made += 1
        try:
            promote(self.bench, self.candidate.name, Signature("a17"))
            self.promoted += 1
        except GateError as refusal:
            self.other += "[seal]" not in str(refusal)
        try:
            load_bundle(self.candidate, self.bench.encoders)
            self.started += 1
        except TriageError:
            pass


def test_corrupt_parts_are_refused_while_the_old_one_answers(
    checkout: Path, tmp_path: Path
) -> None:
    """Every part of bundle and encoders in turn; the service beside it answers as before."""
    shutil.copytree(checkout / "models", tmp_path / "models")
    settings = Settings(
        home=tmp_path / "home", models=tmp_path / "models", data=checkout / "data", profile="tiny"
    )
    candidate = copied_bundle(
        settings.models / "starter", settings.home / "bundles" / "2026-11-21-ab12cd"
    )
    service = Service.open(settings, Telemetry("error", StringIO()))
    before = answers(service)
    attempts = Attempts(
        Bench(service.registry, settings.encoders, Gate(max_ece=1.0), "tiny"), candidate
    )
    listed = load_bundle(candidate, settings.encoders).manifest.encoders
    shared = [settings.encoders / name for name in listed]
    parts = sorted(
        path for folder in (candidate, *shared) for path in folder.rglob("*") if path.is_file()
    )
    pick = random.Random(8)  # noqa: S311 - any byte will do
    for part in parts:
        for content in damages(part, parts, pick):
            if decides_nothing(part, content):
                continue
            with changed(part, content):
                attempts.try_both()
    moved = len(service.registry.aliases()) > 1 or service.bundle_fault is not None
    different = answers(service) != before
    service.close()

    bore(
        "corrupt bundles",
        f"bits flipped, cut, swapped in {len(parts)} files, {attempts.made} in all",
        "all refused at promotion and at start, the old one answers as before",
        f"{attempts.promoted} promoted, {attempts.started} started, "
        f"{int(different)} answers changed",
        passed=not (attempts.promoted or attempts.started or attempts.other or different or moved),
    )
