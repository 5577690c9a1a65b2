"""Print what fine-tuning gives on banking77, from ten examples a label or from all of them.

Run: ``TRIAGE_DATASETS=... python tests/quality/finetuning.py [--all] [ENCODER] [BUDGET] [DRAWS]``.
The test part is the stratified fifth of ``tests/quality/intents.py``; draws come from the rest.
Every line is a whole run of ``triage-train fit``, trial and export included: whether the tuned
encoder is kept is decided on the rows that were drawn.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from training.config import Columns, FitConfig
from training.encoder_choice import finetune_seconds
from training.run import Prepared, fit_examples, prepare
from triage.settings import load_settings

TASK, A_LABEL = "intent", 10


def drawn(prepared: Prepared, seed: int) -> Prepared:
    """Keep ten training rows a label, drawn by the seed."""
    random = np.random.default_rng(seed)
    labels = np.asarray(prepared.train.labels[TASK])
    rows = [
        random.choice(np.flatnonzero(labels == label), A_LABEL, replace=False)
        for label in np.unique(labels)
    ]
    return replace(prepared, train=prepared.train.take(np.sort(np.concatenate(rows))))


def measured(prepared: Prepared, config: FitConfig) -> dict[str, Any]:
    """Run a fit and return its metrics."""
    with TemporaryDirectory() as folder:
        asked = replace(config, out=Path(folder), only=True)
        return fit_examples(
            prepared, asked, load_settings(), "", lambda line: print(line, file=sys.stderr)
        ).metrics


def main() -> None:
    """Print the table."""
    words = [word for word in sys.argv[1:] if word != "--all"]
    encoder, budget, draws = [*words, *("minilm", "10m", "5")[len(words) :]]
    whole = "--all" in sys.argv
    file = Path(os.environ["TRIAGE_DATASETS"]) / "banking77" / "messages.csv.gz"
    config = FitConfig((file,), Columns(text="text", labels={TASK: "intent"}), encoder)
    prepared = prepare(config, lambda _: None)
    tuned = replace(config, finetune=finetune_seconds(True, budget, [encoder]))
    print("| rows | draw | encoder kept | held: untuned, tuned | untuned | run | seconds |")
    print("|---|---|---|---|---|---|---|")
    found = []
    for seed in range(1 if whole else int(draws)):
        part = prepared if whole else drawn(prepared, seed)
        plain = measured(part, replace(config, seed=seed))["tasks"][TASK]["accuracy"]
        metrics = measured(part, replace(tuned, seed=seed))
        notes, accuracy = metrics["encoder"]["finetune"], metrics["tasks"][TASK]["accuracy"]
        held = notes["tasks"].get(TASK, {"untuned": float("nan"), "tuned": float("nan")})
        found.append((plain, accuracy))
        print(
            f"| {len(part.train)} | {seed} | {notes['kept']}, {notes['steps']} steps | "
            f"{held['untuned']:.3f}, {held['tuned']:.3f} | {plain:.4f} | {accuracy:.4f} | "
            f"{metrics['seconds']['total']:.0f} |",
            flush=True,
        )
    before, after = np.mean(found, axis=0)
    print(f"| | mean | | | {before:.4f} | {after:.4f} | |")


if __name__ == "__main__":
    main()
