"""Build the starter bundle: ``python -m training.starter``.

Trains on ``data/samples/train`` and, unless told otherwise, on the public sets of the recipe;
scores ``data/samples/test``, whose industries the training side does not have.
"""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from training.config import Columns, FitConfig
from training.datasets import Examples, join
from training.encoders import resolve
from training.heldout import is_calibration
from training.recipe import DATASETS, RECIPE, Recipe, load_recipe, read_guard, read_samples
from training.retrieval import fit_profiles, read_questions
from training.run import LANGUAGES, Outcome, Prepared, fit_examples
from triage.errors import ConfigError, TriageError
from triage.knowledge.importer import read_articles
from triage.labeling.taxonomy import load_taxonomy
from triage.settings import Settings, load_settings
from triage.text.language import LanguageIdentifier

app = typer.Typer(add_completion=False)
console = Console(stderr=True, highlight=False)


def build(
    settings: Settings, out: Path | None, name: str | None, public: Path | None, seed: int
) -> Outcome:
    """Fit the starter bundle.

    Args:
        settings: Where data and encoders stand.
        out: Parent folder of the bundle; the registry when None.
        name: Name of the bundle; made from its content when None.
        public: Folder of the public sets; None trains on our own messages alone.
        seed: Seed of folds and centroids.

    Raises:
        ExportError: When a public set is missing or is not the one the recipe names.
    """
    identifier = LanguageIdentifier(LANGUAGES)
    recipe = load_recipe(RECIPE) if public else Recipe(sets=())
    own = read_own(settings.data, identifier)
    train = join([own, *(part.read(public) for part in recipe.sets)]) if public else own
    test = read_samples(settings.data / "samples" / "test", identifier, target=False)
    taxonomy = load_taxonomy(settings.data / "taxonomy.toml")
    config = FitConfig(
        exports=(), columns=Columns(text="text", labels={}), out=out, only=True, seed=seed
    )
    guarded = calibrated(read_guard(settings.data / "samples" / "guard", identifier, own))
    resolved = resolve(config.encoder, settings)
    retrieval = fit_profiles(
        read_articles(settings.data / "articles"),
        read_questions(settings.data / "questions", "calibration"),
        resolved.encoders,
        resolved.profiles,
    )
    return fit_examples(
        Prepared(train, test, taxonomy),
        config,
        settings,
        _command(public),
        console.print,
        notes=_notes(train, recipe),
        name=name,
        retrieval=retrieval,
        guarded=guarded,
    )


def read_own(data: Path, identifier: LanguageIdentifier) -> Examples:
    """Read our own training messages; those kept from tuning the encoders measure confidences."""
    return calibrated(read_samples(data / "samples" / "train", identifier, target=True))


def calibrated(examples: Examples) -> Examples:
    """Measure temperatures and thresholds on the groups that no encoder was tuned on."""
    kept = np.asarray([is_calibration(group) for group in examples.groups], bool)
    return replace(examples, target=examples.target & kept)


def _notes(train: Examples, recipe: Recipe) -> str:
    own = len(train) - sum(
        source in {part.name for part in recipe.sets} for source in train.sources
    )
    lines = [f"Trained on {own} messages of `data/samples/train`, written for this project"]
    lines[0] += ", and on parts of these public sets:" if recipe.sets else "."
    for part in recipe.sets:
        rows = sum(source == part.name for source in train.sources)
        lines.append(
            f"- {part.name}: {rows} rows, weight {part.weight:g}, {part.licence}, "
            f"{part.repository} {part.commit}".rstrip()
        )
    if recipe.sets:
        lines.append("")
        lines.append("`training/starter.toml` gives the mapping of each set with its reasons.")
    return "\n".join(lines)


def _command(public: Path | None) -> str:
    return "make starter" if public else "make train"


@app.command()
def main(
    own_data_only: Annotated[
        bool, typer.Option("--own-data-only", help="Use data/ alone, no public set.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Parent folder of the bundle.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the bundle.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a bundle of that name.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of folds and centroids.")] = 0,
) -> None:
    """Build the starter bundle and print its figures."""
    folder = os.environ.get(DATASETS)
    if not own_data_only and not folder:
        raise ConfigError(
            f"{DATASETS} is not set.", fix="Set it, or build with --own-data-only.", field=DATASETS
        )
    public = None if own_data_only or not folder else Path(folder)
    settings = load_settings()
    if replace and out and name:
        outcome = build(settings, out / ".new", name, public, seed)
        shutil.rmtree(out / name, ignore_errors=True)
        outcome.path.rename(out / name)
        outcome.path.parent.rmdir()
    else:
        outcome = build(settings, out, name, public, seed)
    show(outcome.metrics)


def show(metrics: dict[str, Any]) -> None:
    """Print the figures of each profile and language."""
    for profile, tasks in metrics["profiles"].items():
        for task, report in tasks.items():
            parts = ", ".join(
                f"{code} {part['macro_f1']:.3f}" for code, part in report["per_language"].items()
            )
            console.print(
                f"{profile:5} {task:10} macro-F1 {report['macro_f1']:.3f} ({parts}) "
                f"ECE {report['ece']:.3f}"
            )


def run() -> None:
    """Run the command line; exit with 2 on wrong use."""
    try:
        app()
    except TriageError as error:
        console.print(f"{error.code}: {error}", markup=False)
        sys.exit(2)


if __name__ == "__main__":
    run()
