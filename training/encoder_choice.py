"""The encoders of a run: as asked for, compared with their source, fine-tuned where that wins."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.config import FitConfig
from training.datasets import Examples
from training.encoders import Progress, Resolved, resolve_for, tunable
from training.split import cluster, folds
from triage.errors import InputError
from triage.settings import Settings

KEPT_ONE_IN = 5
"""One row in five measures confidences where an encoder is tuned on the others."""
TUNED = "tuned"
_UNITS = {"s": 1, "m": 60, "h": 3600}


def encoders_for(
    train: Examples,
    config: FitConfig,
    settings: Settings,
    progress: Progress,
    older: NDArray[np.bool_] | None = None,
) -> tuple[Resolved, Examples]:
    """Resolve the encoders of a run, and say which rows confidences may be measured on.

    A tuned encoder parts the rows it was tuned on better than new ones, so that heads over it look
    surer there than they are: it never sees the rows that temperatures and thresholds come from.

    Args:
        train: Training rows, ``n`` of them.
        config: What was asked for.
        settings: Where encoders stand.
        progress: Takes one line a step.
        older: Rows before calibration, shape ``(n,)``, where dates decide.

    Returns:
        The encoders, and the rows with ``target`` left to those that no encoder was tuned on.

    Raises:
        EncoderError: When there is no such encoder, it cannot be exported or cannot be fine-tuned.
        ExportError: When the rows form one group.
    """
    if config.finetune is None:
        return resolve_for(config.encoder, settings, train, config.seed, progress), train
    # Imported late: the shipped encoders must not wait for torch.
    from training.finetuning.choose import Asked, finetuned
    from training.finetuning.finetuner import FinetuneRecipe

    seen = older if older is not None else _shown(train, config.seed)
    asked = Asked(config.encoder, config.finetune, FinetuneRecipe(seed=config.seed))
    resolved = finetuned(train.take(seen), asked, settings, progress)
    if resolved.notes["finetune"]["kept"] != TUNED:
        return resolved, train
    return resolved, replace(train, target=train.target & ~seen)


def _shown(train: Examples, seed: int) -> NDArray[np.bool_]:
    """Choose four rows in five, clusters whole, that an encoder may be tuned on."""
    labels = ["\x1f".join(values) for values in zip(*train.labels.values(), strict=True)]
    return np.asarray(folds(labels, cluster(train), KEPT_ONE_IN, seed) != 0)


def finetune_seconds(wanted: bool, budget: str, encoders: Sequence[str]) -> float | None:
    """Read ``--finetune-budget``; None when no fine-tuning was asked for.

    Raises:
        EncoderError: When one of the encoders cannot be tuned; told before any row is read.
        InputError: When it is no positive number with ``s``, ``m`` or ``h``.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", budget.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not seconds:
        raise InputError(
            f"--finetune-budget {budget}: no time.",
            fix="Give a number with s, m or h, such as 90s, 5m or 1h.",
            field="--finetune-budget",
        )
    if not wanted:
        return None
    for encoder in encoders:
        tunable(encoder)
    return seconds
