"""The real command line in a process of its own, and a small world for it to work in."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.builders import tiny_encoder, tiny_export
from triage.settings import CHECKOUT

READ = ("--text", "text", "--label", "category=category", "--language", "language")
# Where the tests themselves run in the background of a shell, ^C is ignored and inherited so.
START = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from training.cli import main; main()"
)


@dataclass(frozen=True, slots=True)
class World:
    """A folder with an export, an encoder of its own and an empty home.

    Args:
        folder: Where everything stands.
    """

    folder: Path

    @property
    def out(self) -> Path:
        """Folder that bundles go to."""
        return self.folder / "out"

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the variables of a run: one core, a home and models of its own."""
        own = {
            "PYTHONPATH": str(CHECKOUT),
            "TRIAGE_HOME": str(self.folder / "home"),
            "TRIAGE_MODELS": str(self.folder / "models"),
            "LOKY_MAX_CPU_COUNT": "1",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "80",
        }
        return {**os.environ, **own, **changes}

    def fit(self, export: Path | None = None) -> list[str]:
        """Return the arguments of a fit of one task."""
        encoder = ("--encoder", str(self.folder / "encoder"))
        given = str(export or self.folder / "tickets.csv")
        return ["fit", given, *READ, *encoder, "--out", str(self.out)]

    def start(self, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
        """Start the command line in a process of its own."""
        return subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-c", START, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**changes),
            cwd=self.folder,
        )

    def run(self, *arguments: str, **changes: str) -> tuple[int, str]:
        """Run it to its end; return the exit code and all that was printed, on one line."""
        process = self.start(*arguments, **changes)
        out, err = process.communicate(timeout=600)
        return process.returncode, " ".join((out + err).split())


def build(folder: Path) -> World:
    """Build a world in a folder."""
    tiny_export(folder / "tickets.csv")
    tiny_encoder(folder / "encoder", "mine")
    return World(folder)
