"""The distillation in miniature: what is kept apart, what survives a kill, what is refused."""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.tiny_corpus import WordTeacher, write_tiny_datasets
from training.distill.corpus import (
    Corpus,
    LeftOutGuard,
    in_slice,
    normalise,
    read_articles,
    read_corpus,
    read_pairs,
    windows,
)
from training.distill.export import quantise
from training.distill.gates import check_gates
from training.distill.run import Teacher, distill
from training.distill.student import Recipe
from training.distill.teacher import learn_projection, project
from training.distill.vocabulary import learn_vocabulary
from training.encoder_files import read_space
from triage.encoders.static import StaticEncoder
from triage.errors import ConfigError, EncoderError, ExportError, GateError

RECIPE = Recipe(
    vocabulary=300,
    dim=12,
    steps=30,
    pairs_per_step=64,
    english_per_step=16,
    learning_rate=2e-2,
    checkpoint_every=10,
)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Let sums be added in one order, so that two runs can be compared bit by bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the miniature sets once."""
    return write_tiny_datasets(tmp_path_factory.mktemp("distill") / "datasets")


@pytest.fixture(scope="module")
def left_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the one left-out article, whose id holds a space."""
    path = tmp_path_factory.mktemp("ids") / "left_out.txt"
    path.write_text("left out\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def corpus(datasets: Path, left_out: Path) -> Corpus:
    """Read the miniature corpus."""
    return read_corpus(datasets, left_out, accept_unknown=True)


def test_unknown_corpus_is_refused(datasets: Path, left_out: Path) -> None:
    """A parallel corpus whose licences nobody checked is not trained on unless told."""
    with pytest.raises(ConfigError, match="unknown SHA-256"):
        read_corpus(datasets, left_out)


def test_missing_corpus_is_named(tmp_path: Path, left_out: Path) -> None:
    """The error names the file and the variable to set."""
    with pytest.raises(ExportError, match="TRIAGE_DATASETS"):
        read_corpus(tmp_path, left_out)


@pytest.mark.parametrize("line", ["da\tone\ttwo", "xx\tone\ttwo\ttatoeba", ""])
def test_broken_pair_is_refused_by_row(tmp_path: Path, line: str) -> None:
    """A row of another shape or language stops the reading at its number."""
    path = tmp_path / "train.tsv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write(f"da\tone\ten\ttatoeba\n{line}\n")

    with pytest.raises(ExportError, match="row 2"):
        list(read_pairs(path))


def test_left_out_sentences_reach_no_step(corpus: Corpus) -> None:
    """Neither side of a left-out article's title is in any training text."""
    english = {normalise(text) for text in corpus.english()}
    foreign = {normalise(pair.foreign) for pair in corpus.pairs}

    assert normalise("I cannot change my invoice.") not in english
    assert not foreign & {"jeg kan ikke ændre min faktura", "nu pot schimba factura"}
    assert corpus.rows["of_left_out_articles"] == 3


def test_slice_reaches_no_step(corpus: Corpus) -> None:
    """The held slice and the training texts share no English side."""
    assert corpus.held
    assert all(in_slice(pair.english) for pair in corpus.held)
    assert not any(in_slice(text) for text in corpus.english() if text not in _titles(corpus))


def test_messages_of_other_splits_stay_out(corpus: Corpus) -> None:
    """Validation rows are not trained on."""
    assert corpus.messages
    assert "a validation row" not in corpus.messages


def test_guard_finds_sentences_inside_blocks(datasets: Path) -> None:
    """A sentence is recognised alone, in other case, and inside a longer block."""
    articles = [a for a in read_articles(datasets / "kb-alchemy") if a.id == "left out"]
    guard = LeftOutGuard(articles)

    assert guard.known("ANOTHER LINE OF IT")
    assert guard.contained("cannot change my invoice", "en")
    assert not guard.contained("line", "en")
    assert not guard.known("A line that stays.")


def test_windows_cut_at_words() -> None:
    """A long message gives at most three stretches of whole words; an endless word is cut."""
    parts = list(windows("word " * 1_000))

    assert len(parts) == 3
    assert all(len(part) <= 400 and part.endswith("word") for part in parts)
    assert [len(part) for part in windows("x" * 900)] == [400, 400, 100]


def test_vocabulary_keeps_danish_and_strips_romanian(corpus: Corpus) -> None:
    """The Danish å is a letter of its own; Romanian accents are as often left out as typed."""
    normalizer = learn_vocabulary(corpus, 300, 0).normalizer

    assert normalizer.normalize_str("Må få") == "må få"
    assert normalizer.normalize_str("Schimbă-ți ȘI") == "schimba-ti si"


def test_projection_keeps_cosines() -> None:
    """Rows that need only a few directions keep their cosines in that many."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 4)) @ draw.normal(size=(4, 24))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)

    small = project(unit, learn_projection(unit, 4))

    assert small.shape == (200, 4)
    assert np.allclose(small @ small.T, unit.astype(np.float32) @ unit.T, atol=5e-3)


def test_quantised_rows_stay_close() -> None:
    """Int8 with a scale a row keeps every value within half a step; rows of zeros stay zeros."""
    table = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    table[3] = 0.0

    rows, scales = quantise(table)
    back = rows.astype(np.float32) * scales.astype(np.float32)[:, None]

    assert np.abs(back - table).max() <= 0.51 * float(scales.max())
    assert not back[3].any()


def test_student_learns_its_translations(corpus: Corpus, tmp_path: Path) -> None:
    """The written encoder finds the English sentence of a foreign one it never saw."""
    figures = _distill(corpus, WordTeacher(), tmp_path)
    encoder = StaticEncoder.load(tmp_path / "out" / "static")
    danish, english, other = encoder.encode(
        ["jeg kan ikke ændre min faktura", "i cannot change my invoice", "how do i find the order"]
    )

    assert danish @ english > danish @ other
    assert figures["alchemy_titles_da"] == 1.0
    assert encoder.space == read_space(tmp_path / "out" / "space").fingerprint()


def test_weak_table_replaces_nothing(corpus: Corpus, tmp_path: Path) -> None:
    """Below a floor the run fails and the folder stays as it was."""
    with pytest.raises(GateError, match="alchemy_titles_da"):
        _distill(corpus, WordTeacher(), tmp_path, floors={"alchemy_titles_da": 1.1})

    assert not (tmp_path / "out" / "static").exists()
    assert not (tmp_path / "out" / "space").exists()


def test_missing_figure_fails_its_gate() -> None:
    """A gate that could not be measured is not a gate that was passed."""
    with pytest.raises(GateError, match="tatoeba_da"):
        check_gates({}, {"tatoeba_da": 0.5})


def test_killed_run_goes_on_to_the_same_table(corpus: Corpus, tmp_path: Path) -> None:
    """A run killed in the middle asks the teacher nothing twice and ends at the same bytes."""
    whole, broken = WordTeacher(), WordTeacher()
    with pytest.raises(Killed):
        _distill(corpus, broken, tmp_path / "broken", kill_at="step 20")
    _distill(corpus, broken, tmp_path / "broken")
    # Learning a vocabulary is not bit-stable, so both runs take the same one.
    (tmp_path / "whole" / "work").mkdir(parents=True)
    for path in (tmp_path / "broken" / "work").glob("vocabulary-*.json"):
        shutil.copy(path, tmp_path / "whole" / "work")
    _distill(corpus, whole, tmp_path / "whole")

    assert broken.asked == whole.asked == len(corpus.english())
    assert _files(tmp_path / "whole") == _files(tmp_path / "broken")


def test_changed_space_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    """A projection whose bytes changed does not pass for the recorded space."""
    _distill(corpus, WordTeacher(), tmp_path)
    path = tmp_path / "out" / "space" / "projection.npy"
    np.save(path, np.load(path) * 2)

    with pytest.raises(EncoderError, match="bytes changed"):
        read_space(path.parent)


def _distill(
    corpus: Corpus,
    teacher: WordTeacher,
    folder: Path,
    floors: dict[str, float] | None = None,
    kill_at: str | None = None,
) -> dict[str, float]:
    def log(line: str) -> None:
        if kill_at is not None and kill_at in line:
            raise Killed

    return distill(
        corpus,
        Teacher("words", "f" * 64, teacher),
        RECIPE,
        work=folder / "work",
        out=folder / "out",
        floors=floors or {},
        log=log,
    )


def _files(folder: Path) -> dict[str, str]:
    meta = json.loads((folder / "out" / "static" / "meta.json").read_text(encoding="utf-8"))
    files: dict[str, str] = meta["files"]
    return files


def _titles(corpus: Corpus) -> set[str]:
    return {t for a in corpus.articles for t in (a.title, *a.blocks)}
