"""The order of a distillation: corpus, vocabulary, teacher, space, student, gates, export."""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.distill.corpus import Corpus
from training.distill.export import write_table
from training.distill.gates import Figures, check_gates, measure
from training.distill.student import Recipe, Student
from training.distill.teacher import embed_in_parts, kept_share, learn_projection, project
from training.distill.texts import build_training_set
from training.distill.vocabulary import learn_vocabulary, save_tokenizer
from training.encoder_files import Space, replace_folder, versions, write_space
from triage.encoders.static import StaticEncoder

Embed = Callable[[Sequence[str]], NDArray[np.float16]]
Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Teacher:
    """What the student learns from: a name, the fingerprint of its weights, and its rows."""

    name: str
    weights_sha256: str
    embed: Embed


def distill(
    corpus: Corpus,
    teacher: Teacher,
    recipe: Recipe,
    *,
    work: Path,
    out: Path,
    floors: Mapping[str, float],
    log: Log,
) -> Figures:
    """Train a table and write it to ``out/static``, and its space to ``out/space``.

    Each finished stage is kept in ``work`` under a name made of what decides it, so that a run
    that was killed goes on where it was, and a changed recipe repeats only what it changes.

    Returns:
        Recall at 1 on texts that training never saw.

    Raises:
        GateError: When a figure is below its floor; nothing is replaced.
    """
    work.mkdir(parents=True, exist_ok=True)
    texts = corpus.fingerprint()
    vocabulary = work / f"vocabulary-{_key(texts, recipe.vocabulary)}.json"
    tokenizer = _vocabulary(corpus, recipe, vocabulary, log)
    weights = teacher.weights_sha256
    rows = embed_in_parts(teacher.embed, corpus.english(), work / f"teacher-{weights[:12]}", log)
    kept = work / f"projection-{_key(texts, weights, recipe.dim)}.npy"
    projection = _projection(rows, recipe.dim, kept)
    space = Space(teacher.name, weights, projection)
    data = build_training_set(corpus, tokenizer)
    key = _key(texts, space.fingerprint(), tokenizer.to_str(), json.dumps(asdict(recipe)))
    student = Student(data, project(rows, projection), recipe)
    table = student.train(work / f"student-{key}.pt", log)
    content = _content(corpus, teacher, recipe, space)
    figures = _publish(table, tokenizer, content, corpus, out / "static", floors, log)
    write_space(space, out / "space", {"kept": kept_share(rows, projection)})
    return figures


def _publish(
    table: NDArray[np.float32],
    tokenizer: Tokenizer,
    content: Mapping[str, Any],
    corpus: Corpus,
    out: Path,
    floors: Mapping[str, float],
    log: Log,
) -> Figures:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".distill-") as scratch:
        folder = Path(scratch) / "static"
        tokens = Path(scratch) / "tokenizer.json"
        save_tokenizer(tokenizer, tokens)
        write_table(folder, table, tokens, content)
        student = StaticEncoder.load(folder)
        figures = measure(student, student, corpus)
        log("gates: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        check_gates(figures, floors)
        write_table(folder, table, tokens, {**content, "recall_at_1": figures})
        replace_folder(folder, out)
    return figures


def _vocabulary(corpus: Corpus, recipe: Recipe, path: Path, log: Log) -> Tokenizer:
    if not path.exists():
        log("vocabulary: learning, about two minutes for a full corpus")
        temporary = path.with_suffix(".part")
        save_tokenizer(learn_vocabulary(corpus, recipe.vocabulary, recipe.seed), temporary)
        shutil.move(temporary, path)
    return Tokenizer.from_file(str(path))


def _projection(rows: NDArray[np.float16], dim: int, path: Path) -> NDArray[np.float32]:
    # Kept, since another number of threads gives other last digits, and so another space.
    if not path.exists():
        temporary = path.with_suffix(".part.npy")
        np.save(temporary, learn_projection(rows, dim), allow_pickle=False)
        temporary.replace(path)
    projection: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return projection


def _content(corpus: Corpus, teacher: Teacher, recipe: Recipe, space: Space) -> dict[str, Any]:
    return {
        "kind": "static",
        "name": "static",
        "dim": space.projection.shape[1],
        "space": space.fingerprint(),
        "max_tokens": None,
        "languages": ["en", "da", "ro", "zh"],
        "source": {
            "teacher": teacher.name,
            "teacher_sha256": teacher.weights_sha256,
            "parallel_corpus_sha256": corpus.sha256,
            "texts_sha256": corpus.fingerprint(),
            "rows": corpus.rows,
        },
        "recipe": asdict(recipe),
        "versions": versions("torch", "tokenizers", "numpy", "sentence-transformers"),
    }


def _key(*parts: object) -> str:
    return sha256("\n".join(str(part) for part in parts).encode()).hexdigest()[:12]
