"""Command line: ``TRIAGE_DATASETS=... python -m training.distill``."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer

from training.distill.corpus import datasets, read_corpus
from training.distill.gates import FLOORS
from training.distill.run import Teacher, distill
from training.distill.student import Recipe
from training.distill.teacher import embed, load_teacher
from training.encoder_files import ENCODERS, PACKAGED, packaged_minilm, weights_sha256
from triage.errors import TriageError

LEFT_OUT = Path(__file__).parents[2] / "data" / "alchemy_left_out.txt"


def main(
    steps: Annotated[int, typer.Option(help="Steps of the student.")] = Recipe().steps,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 0,
    work: Annotated[Path, typer.Option(help="Where finished stages are kept.")] = Path(
        ".triage/distill"
    ),
    out: Annotated[Path, typer.Option(help="Folder of the encoders.")] = ENCODERS,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = os.cpu_count() or 1,
    accept_unknown_corpus: Annotated[
        bool, typer.Option(help="Take a parallel corpus whose SHA-256 is not known.")
    ] = False,
) -> None:
    """Train the multilingual table. Example: python -m training.distill --steps 1200."""
    torch.set_num_threads(threads)
    try:
        corpus = read_corpus(datasets(), LEFT_OUT, accept_unknown=accept_unknown_corpus)
        typer.echo(", ".join(f"{name} {count}" for name, count in corpus.rows.items()))
        folder = packaged_minilm()
        teacher = Teacher(PACKAGED, weights_sha256(folder), partial(embed, load_teacher(folder)))
        recipe = Recipe(seed=seed, steps=steps)
        distill(corpus, teacher, recipe, work=work, out=out, floors=FLOORS, log=typer.echo)
    except TriageError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1 if error.code == "gate_failed" else 2) from error


if __name__ == "__main__":
    typer.run(main)
