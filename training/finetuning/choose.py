"""From rows to the encoder that is kept: the tuned one when it wins, the untuned one otherwise."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import numpy as np

from training.agreement import judged_rows
from training.datasets import Examples
from training.encoder_files import PACKAGED, model_sha256, packaged_minilm, weights_sha256
from training.encoders import (
    Resolved,
    encoder_name,
    from_folder,
    notes_of,
    resolve_for,
    tunable,
)
from training.export_onnx import export_judged, load_source
from training.features import cached_encode
from training.finetuning.finetuner import Finetuner, FinetuneRecipe
from training.finetuning.pairs import labelled
from training.finetuning.trial import Budget, OutOfTimeError, Verdict, trial
from training.onnx_graph import Source
from triage.encoders.base import Vectors
from triage.encoders.folder import META
from triage.settings import Settings

FEWEST_ROWS = 20
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What fine-tuning was asked for.

    Args:
        encoder: ``minilm``, a sentence-transformers folder or a hub name.
        seconds: Time that it may take, export and encoding aside.
        recipe: How to tune; its seed draws folds and judged rows too.
    """

    encoder: str
    seconds: float
    recipe: FinetuneRecipe


def finetuned(
    train: Examples,
    asked: Asked,
    settings: Settings,
    progress: Progress,
    clock: Callable[[], float] = monotonic,
) -> Resolved:
    """Tune an encoder on training rows where that wins; else return it as it is.

    A tuned encoder stays in ``home/encoders`` under its model, rows and recipe, so that the same
    run takes it from there. It appears there only when it is whole.

    Raises:
        EncoderError: When the encoder cannot be tuned or exported.
        ExportError: When the rows form one group.
    """
    model = tunable(asked.encoder)
    plain = resolve_for(asked.encoder, settings, train, asked.recipe.seed, progress)
    filled = train.take(np.flatnonzero([bool(text.strip()) for text in train.texts]))
    name = f"{encoder_name(model)}-tuned"
    out = settings.home / "encoders" / f"{name}-{_key(model, filled, asked)}"
    if (out / META).is_file():
        progress(f"{name}: tuned before on the same rows")
        return from_folder(out, notes_of(out))
    if len(filled) < FEWEST_ROWS:
        return _untuned(plain, Verdict(f"{len(filled)} rows are too few to compare on"), progress)
    budget = Budget(asked.seconds, clock, clock())
    source = load_source(model)
    tuner = Finetuner(source, asked.recipe)
    vectors = _vectors(filled, plain, settings.home / "cache")
    progress(f"fine-tuning {asked.encoder} on {len(filled)} rows, {asked.seconds:.0f} seconds")
    try:
        found = trial(
            filled, vectors, tuner, asked.recipe.steps, budget, asked.recipe.seed, progress
        )
        if not found.wins():
            return _untuned(plain, found, progress)
        progress(found.describe())
        tuner.tune(labelled(filled), found.steps, progress, budget.tick)
    except OutOfTimeError:
        late = "the machine became slower, and half as much again as the budget was spent"
        return _untuned(plain, Verdict(late), progress)
    _export(source, out, name, filled, asked, found, progress)
    return from_folder(out, notes_of(out))


def _untuned(plain: Resolved, verdict: Verdict, progress: Progress) -> Resolved:
    progress(verdict.describe())
    return replace(plain, notes={**plain.notes, "finetune": verdict.content()})


def _export(
    source: Source,
    out: Path,
    name: str,
    train: Examples,
    asked: Asked,
    found: Verdict,
    progress: Progress,
) -> None:
    """Export the tuned model; its space is named after its weights, as for any other."""
    with TemporaryDirectory() as folder:
        source.model.save(folder)
        digest = weights_sha256(Path(folder))
    tuned = replace(source, name=f"{source.name}, fine-tuned", weights_sha256=digest)
    rows = judged_rows(train, asked.recipe.seed)
    notes = {"finetune": found.content() | {"recipe": asdict(asked.recipe)}}
    figures = export_judged(tuned, out, name=name, rows=rows, log=progress, notes=notes)
    progress(f"  {figures.describe()}")


def _key(model: str, train: Examples, asked: Asked) -> str:
    """Name all that decides a tuned encoder; the budget does, where it halves the steps."""
    folder = packaged_minilm() if model == PACKAGED else Path(model)
    known = model_sha256(folder) if folder.is_dir() else model
    content: list[Any] = [known, train.fingerprint(), asked.seconds, asdict(asked.recipe)]
    return sha256(json.dumps(content).encode()).hexdigest()[:12]


def _vectors(train: Examples, plain: Resolved, cache: Path) -> Vectors:
    """Encode rows with the untuned encoder, as it would serve them, shape ``(n, dim)``."""
    (encoder,) = plain.encoders.encoders.values()
    return cached_encode(list(train.texts), encoder, cache)
