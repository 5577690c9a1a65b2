"""The contextual student in miniature: what it draws, how it learns and resumes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from tests.training.tiny_corpus import WIDTH as TEACHER_WIDTH
from tests.training.tiny_corpus import WordTeacher
from tests.training.tiny_student import (
    RECIPE,
    tiny_lessons,
    tiny_pieces,
    tiny_student,
)
from training import contextual
from training.contextual import learn, make_lessons
from training.distill.contextual import ContextualRecipe, Lessons
from training.distill.corpus import Corpus, Pair, datasets
from training.distill.texts import draw_weights, tokenise
from training.encoder_files import Space
from triage.errors import ConfigError, ExportError

PAIRS = (
    Pair("da", "i find my order", "jeg kan finde min ordre", "docs"),
    Pair("ro", "my account", "konto min", "docs"),
    Pair("da", "i find my order", "jeg finde ordre", "tatoeba"),
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


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the command line in an empty working folder and return exit code and output."""
    app = typer.Typer()
    app.command()(contextual.main)

    def call(*arguments: str) -> tuple[int, str]:
        options = ["--threads", "1", "--work", str(tmp_path / "work"), *arguments]
        result = CliRunner().invoke(app, options)
        return result.exit_code, result.output

    return call


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"seed": -1}, {"frozen_steps": -1}, {"checkpoint_every": 0}, {"vocabulary": 0}],
)
def test_recipes_that_cannot_be_followed_are_refused(wrong: dict[str, int]) -> None:
    """A number that is too small is named, with the least that would do."""
    with pytest.raises(ConfigError, match=f"{next(iter(wrong))} must be at least"):
        ContextualRecipe(**wrong)


def test_missing_datasets_exit_with_two(
    run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the variable, or with a wrong one, the command says what to set."""
    monkeypatch.delenv("TRIAGE_DATASETS", raising=False)
    code, output = run()
    monkeypatch.setenv("TRIAGE_DATASETS", str(tmp_path))
    wrong_code, wrong_output = run()

    assert (code, wrong_code) == (2, 2)
    assert "TRIAGE_DATASETS is not set" in output
    assert "there is no such file. Set TRIAGE_DATASETS." in wrong_output


@pytest.mark.parametrize("option", ["--steps", "--threads"])
def test_zero_steps_or_threads_exit_with_two(
    run: Callable[..., tuple[int, str]], option: str
) -> None:
    """Nothing is read before a wrong number is refused."""
    code, output = run(option, "0")

    assert code == 2
    assert option.strip("-") in output


def test_datasets_are_found_by_their_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is the variable's value; an empty one counts as none."""
    monkeypatch.setenv("TRIAGE_DATASETS", "/sets")
    assert datasets() == Path("/sets")
    monkeypatch.setenv("TRIAGE_DATASETS", "")
    with pytest.raises(ConfigError, match="folder of the public data sets"):
        datasets()


@pytest.mark.parametrize("pairs", [(), (Pair("da", "hello", "hej", "tatoeba"),)])
def test_corpus_without_neighbours_is_refused(pairs: tuple[Pair, ...], tmp_path: Path) -> None:
    """Single sentences alone, or none, are too little; no model is loaded for them."""
    with pytest.raises(ExportError, match="0 joined"):
        learn(Corpus(pairs, (), (), (), (), ""), RECIPE, tmp_path)


def test_draws_are_of_about_one_length_and_reproducible() -> None:
    """A step's texts lie close in length, though the lessons' do not; a seed draws the same."""
    texts = [" ".join(["login"] * (1 + i % 40)) for i in range(400)]
    tokens, offsets = tokenise(tiny_pieces(), texts)
    lessons = Lessons(
        tokens=tokens,
        offsets=offsets,
        answer=np.arange(400),
        targets=np.ones((400, 1), np.float32),
        chance=np.cumsum(np.full(400, 1 / 400)),
    )

    first, second = (lessons.draw(np.random.default_rng(7), 16) for _ in range(2))
    spread = [
        np.ptp(_lengths(lessons, lessons.draw(np.random.default_rng(i), 16))) for i in range(9)
    ]

    assert first.shape == (16,)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, lessons.draw(np.random.default_rng(8), 16))
    assert max(spread) <= 8 < np.ptp(_lengths(lessons, np.arange(400)))


def test_likelier_texts_are_drawn_more_often() -> None:
    """A text without a chance is never drawn."""
    lessons = replace(tiny_lessons(tiny_pieces(), 2), chance=np.array([0.0] * 11 + [1.0]))

    assert set(lessons.draw(np.random.default_rng(0), 8)) == {11}


def test_lessons_point_from_translations_to_the_teachers_rows(tmp_path: Path) -> None:
    """Each foreign text is given the row of its English side; the same English is one row."""
    english = ["another text", *dict.fromkeys(pair.english for pair in PAIRS)]
    space = Space("words", "f" * 64, np.eye(TEACHER_WIDTH, 6, dtype=np.float32))
    tokenizer, teacher = tiny_pieces(), WordTeacher()

    lessons = make_lessons(PAIRS, english, tokenizer, space, tmp_path, teacher)
    wanted = teacher(english).astype(np.float32) @ space.projection

    assert lessons.answer.tolist() == [1, 2, 1]
    assert np.allclose(np.linalg.norm(lessons.targets, axis=1), 1.0, atol=1e-5)
    assert ((lessons.targets * wanted).sum(axis=1) / np.linalg.norm(wanted, axis=1)).min() > 0.999
    for row, pair in enumerate(PAIRS):
        ids = lessons.tokens[lessons.offsets[row] : lessons.offsets[row + 1]]
        assert ids.tolist() == tokenizer.encode(pair.foreign, add_special_tokens=False).ids


def test_small_sources_weigh_more_and_languages_alike() -> None:
    """A pair of a large source is drawn less often than one of a small; languages are even."""
    pairs = [Pair("da", "", "", "docs")] * 9 + [Pair("da", "", "", "strings")]
    weights = draw_weights([*pairs, Pair("ro", "", "", "docs")])

    assert np.isclose(weights.sum(), 1.0)
    assert np.isclose(weights[9] / weights[0], 3.0)
    assert np.isclose(weights[10], weights[:10].sum())


def test_first_steps_train_the_rows_alone() -> None:
    """The layers stay as they are until they are thawed."""
    student = tiny_student()
    before = [parameter.detach().clone() for parameter in student.others]
    rows = student.rows.weight.detach().clone()
    for _ in range(RECIPE.frozen_steps):
        student.advance(*_both())
    frozen = _same(before, student.others)
    student.advance(*_both())

    assert frozen
    assert not _same(before, student.others)
    assert not torch.equal(rows, student.rows.weight)


def test_loss_falls() -> None:
    """A student of two narrow layers learns a dozen texts."""
    student = tiny_student(replace(RECIPE, steps=60))

    losses = [student.advance(*_both()) for _ in range(60)]

    assert np.isfinite(losses).all()
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])


def test_killed_run_goes_on_to_the_same_numbers(tmp_path: Path) -> None:
    """A run killed in the middle ends at the weights of one that was not."""
    whole, lines = tmp_path / "whole.pt", list[str]()
    wanted = tiny_student().train(*_both(), whole, lines.append)
    checkpoint = tmp_path / "broken.pt"

    def kill(line: str) -> None:
        if "step 4 of" in line:
            raise Killed

    with pytest.raises(Killed):
        tiny_student().train(*_both(), checkpoint, kill)
    resumed = tiny_student()
    found = resumed.train(*_both(), checkpoint, lines.append)

    assert _same(wanted.parameters(), found.parameters())
    assert [line.partition(",")[0] for line in lines[4:]] == [
        "student: step 6 of 8",
        "student: step 8 of 8",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.pt", "whole.pt"]


def test_finished_run_is_taken_over(tmp_path: Path) -> None:
    """A second run of the same recipe trains no step."""
    first = tiny_student().train(*_both(), tmp_path / "done.pt", print)
    lines = list[str]()

    second = tiny_student().train(*_both(), tmp_path / "done.pt", lines.append)

    assert not lines
    assert _same(first.parameters(), second.parameters())


def _both() -> tuple[Lessons, Lessons]:
    tokenizer = tiny_pieces()
    return tiny_lessons(tokenizer, 3), tiny_lessons(tokenizer, 8)


def _lengths(lessons: Lessons, rows: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.diff(lessons.offsets)[rows]
    return lengths


def _same(one: object, other: object) -> bool:
    pairs = zip(one, other, strict=True)  # type: ignore[call-overload]  # both are iterables
    return all(torch.equal(a, b) for a, b in pairs)
