"""The encoders of a run: as asked for, compared with their source, fine-tuned where that wins."""

import re

from training.config import FitConfig
from training.datasets import Examples
from training.encoders import Progress, Resolved, resolve_for
from triage.errors import InputError
from triage.settings import Settings

_UNITS = {"s": 1, "m": 60, "h": 3600}


def encoders_for(
    train: Examples, config: FitConfig, settings: Settings, progress: Progress
) -> Resolved:
    """Resolve the encoders of a run.

    Raises:
        EncoderError: When there is no such encoder, it cannot be exported or cannot be fine-tuned.
    """
    if config.finetune is None:
        return resolve_for(config.encoder, settings, train, config.seed, progress)
    # Imported late: the shipped encoders must not wait for torch.
    from training.finetuning.choose import Asked, finetuned
    from training.finetuning.finetuner import FinetuneRecipe

    asked = Asked(config.encoder, config.finetune, FinetuneRecipe(seed=config.seed))
    return finetuned(train, asked, settings, progress)


def finetune_seconds(wanted: bool, budget: str) -> float | None:
    """Read ``--finetune-budget``; None when no fine-tuning was asked for.

    Raises:
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
    return seconds if wanted else None
