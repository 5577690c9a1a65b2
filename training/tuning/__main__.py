"""Tune and export the transformers of profile twin: ``python -m training.tuning``.

Runs after ``python -m training.contextual``; writes ``models/encoders/minilm`` (English) and
``models/encoders/polyglot`` (Danish, Romanian, Chinese). A run that is killed starts anew with the
encoder it was at; ``--only`` leaves the other one as it is.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer

from training.contextual import STUDENT, WORK
from training.datasets import Examples
from training.distill.teacher import load_teacher
from training.encoder_files import ENCODERS, PROBES, SPACE, Space, read_space, teacher_folder
from training.export_onnx import export, load_source
from training.recipe import DATASETS, RECIPE, TASKS, load_recipe
from training.tuning.lessons import Lessons, read_lessons
from training.tuning.tuner import Tuner, TuningRecipe
from triage.errors import ConfigError, EncoderError, InputError, TriageError
from triage.labeling.taxonomy import load_taxonomy

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True, slots=True)
class Target:
    """One encoder to tune: its name, where it starts, its languages, times over the messages."""

    name: str
    start: Path
    languages: tuple[str, ...]
    epochs: int = 1


def tune(
    target: Target,
    data: Path,
    public: Sequence[Examples],
    space: Space,
    work: Path,
    out: Path,
    recipe: TuningRecipe,
) -> None:
    """Tune one encoder on the messages of its languages and export it.

    Args:
        target: What to tune.
        data: Folder with ``taxonomy.toml`` and ``samples``.
        public: Rows of public sets that may be tuned on.
        space: Space that the model was trained into and stays in.
        work: Folder that gets the tuned model, ``tuned-NAME``, in full precision.
        out: Folder that gets the encoder, ``NAME``; an earlier one is replaced.
        recipe: How to tune.

    Raises:
        ConfigError: When the taxonomy is missing or malformed.
        EncoderError: When the model to start from is missing or broken, or cannot be exported.
        ExportError: When the messages or their answers are missing or broken.
    """
    check_start(target)
    taxonomy = load_taxonomy(data / "taxonomy.toml")
    lessons = read_lessons(data, target.languages, {t: taxonomy.labels(t) for t in TASKS}, public)
    typer.echo(f"{target.name}: {len(lessons)} messages")
    model = load_source(str(target.start)).model
    reference = None if "en" in target.languages else _english(lessons, space, recipe)
    limit = model.max_seq_length
    Tuner(model, space.projection, recipe, reference).tune(lessons, typer.echo)
    model.max_seq_length = limit
    folder = work / f"tuned-{target.name}"
    model.save(str(folder))
    figures = export(
        # The name is written into the encoder, where the working folder has no place.
        replace(load_source(str(folder)), name=folder.name),
        out / target.name,
        name=target.name,
        space=space,
        probes=PROBES,
        in_space=True,
    )
    typer.echo(f"{target.name}: {figures.describe()}")


def check_start(target: Target) -> None:
    """Refuse a target whose model to start from is missing.

    Raises:
        EncoderError: When there is no such folder.
    """
    if not target.start.is_dir():
        raise EncoderError(
            f"{target.start}: there is no such model.", fix="Run python -m training.contextual."
        )


def chosen(targets: Sequence[Target], only: str) -> list[Target]:
    """Choose all targets, or the one that is named.

    Raises:
        EncoderError: When the model that one of them starts from is missing.
        InputError: When no target has that name.
    """
    found = [target for target in targets if only in {"", target.name}]
    if not found:
        names = ", ".join(target.name for target in targets)
        raise InputError(f"--only {only}: no such encoder.", fix=f"Give one of: {names}.")
    # Before the first is tuned: the second must not be found missing minutes later.
    for target in found:
        check_start(target)
    return found


def read_public(own_data_only: bool) -> list[Examples]:
    """Read what encoders are tuned on of each public set of the starter's recipe.

    Raises:
        ConfigError: When the folder of the public sets is not named.
        ExportError: When a set is missing or is not the one the recipe names.
    """
    if own_data_only:
        return []
    folder = os.environ.get(DATASETS)
    if not folder:
        raise ConfigError(
            f"{DATASETS} is not set.", fix="Set it, or tune with --own-data-only.", field=DATASETS
        )
    sets = [part for part in load_recipe(RECIPE).sets if part.tuning_cap]
    return [part.read(Path(folder), cap=part.tuning_cap) for part in sets]


def _english(lessons: Lessons, space: Space, recipe: TuningRecipe) -> dict[str, torch.Tensor]:
    """Embed the English titles with the teacher, whose space it is, each of shape ``(dim,)``."""
    titles = list(dict.fromkeys(one.english for one in lessons.answers if one))
    teacher = Tuner(load_teacher(teacher_folder(space)), space.projection, recipe)
    teacher.model.eval()
    with torch.no_grad():
        rows = [teacher.encode(titles[i : i + 64]) for i in range(0, len(titles), 64)]
    return dict(zip(titles, torch.cat(rows), strict=True)) if rows else {}


def main(
    only: Annotated[str, typer.Option(help="Tune this encoder alone.")] = "",
    own_data_only: Annotated[
        bool, typer.Option("--own-data-only", help="Use data/ alone, no public set.")
    ] = False,
    work: Annotated[Path, typer.Option(help="Where models are kept.")] = WORK,
    out: Annotated[Path, typer.Option(help="Folder of the encoders.")] = ENCODERS,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = os.cpu_count() or 1,
) -> None:
    """Tune and export both transformers. Example: python -m training.tuning --only minilm."""
    torch.set_num_threads(threads)
    try:
        recipe, space = TuningRecipe(seed=seed), read_space(SPACE)
        targets = (
            Target("minilm", teacher_folder(space), ("en",), epochs=2),
            Target("polyglot", work / STUDENT, ("da", "ro", "zh"), epochs=2),
        )
        found, public = chosen(targets, only), read_public(own_data_only)
        for target in found:
            tune(target, DATA, public, space, work, out, replace(recipe, epochs=target.epochs))
    except TriageError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
