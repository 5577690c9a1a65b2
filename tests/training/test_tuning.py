"""The tuning of a transformer, on one of a single narrow layer, and its command line."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from sentence_transformers import SentenceTransformer
from torch.nn import functional
from typer.testing import CliRunner

from tests.training.tiny_lessons import SIDES, tiny_lessons, tiny_space, write_tiny_data
from tests.training.tiny_transformer import write_tiny_transformer
from training.encoder_files import SPACE, Space, read_space, teacher_folder
from training.tuning import __main__ as command
from training.tuning.lessons import Lessons
from training.tuning.tuner import Tuner, TuningRecipe
from triage.encoders.onnx import OnnxEncoder
from triage.errors import ConfigError, EncoderError, ExportError, InputError

RECIPE = TuningRecipe(epochs=6, batch=8, layers_rate=5e-3, anchor=0.0, most_tokens=16)
TEXTS = [text for side in SIDES for text in side]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Let sums be added in one order, so that two runs can be compared bit by bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the tiny model once."""
    return write_tiny_transformer(tmp_path_factory.mktemp("tiny") / "bert")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the command line in an empty working folder and return exit code and output."""
    app = typer.Typer()
    app.command()(command.main)

    def call(*arguments: str) -> tuple[int, str]:
        places = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
        result = CliRunner().invoke(app, ["--threads", "1", *places, *arguments])
        return result.exit_code, result.output

    return call


@pytest.mark.parametrize("only", [[], ["--only", "polyglot"]])
def test_missing_student_exits_with_two(
    run: Callable[..., tuple[int, str]], tmp_path: Path, only: list[str]
) -> None:
    """What to run first is said before any encoder is tuned."""
    code, output = run(*only)

    assert code == 2
    assert "contextual: there is no such model. Run python -m training.contextual." in output
    assert not list(tmp_path.iterdir())


def test_wrong_options_exit_with_two(run: Callable[..., tuple[int, str]]) -> None:
    """An encoder of another name and numbers that cannot be are refused by name."""
    name_code, name_output = run("--only", "static")
    seed_code, seed_output = run("--seed", "-1")
    threads_code, _ = run("--threads", "0")

    assert (name_code, seed_code, threads_code) == (2, 2, 2)
    assert "--only static: no such encoder. Give one of: minilm, polyglot." in name_output
    assert "seed must be at least 0, not -1" in seed_output


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch": 0}, {"most_tokens": 0}, {"seed": -1}])
def test_recipes_that_cannot_be_followed_are_refused(wrong: dict[str, int]) -> None:
    """A number that is too small is named."""
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        TuningRecipe(**wrong)


def test_one_target_is_chosen_by_name(tmp_path: Path) -> None:
    """The other one may be missing; no name chooses all."""
    here = command.Target("here", tmp_path, ("en",))
    missing = command.Target("missing", tmp_path / "nowhere", ("da",))

    assert command.chosen([here, missing], "here") == [here]
    assert command.chosen([here], "") == [here]
    with pytest.raises(EncoderError, match="nowhere: there is no such model"):
        command.chosen([here, missing], "")
    with pytest.raises(InputError, match="no such encoder"):
        command.chosen([here, missing], "other")


def test_public_sets_are_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without their folder nothing is tuned by halves; our own messages alone are a choice."""
    monkeypatch.delenv("TRIAGE_DATASETS", raising=False)
    with pytest.raises(ConfigError, match="tune with --own-data-only"):
        command.read_public(own_data_only=False)
    monkeypatch.setenv("TRIAGE_DATASETS", str(tmp_path))
    with pytest.raises(ExportError, match="no such file"):
        command.read_public(own_data_only=False)

    assert command.read_public(own_data_only=True) == []


def test_light_messages_move_the_model_less(model: Path) -> None:
    """A label of little weight pulls a message less than one of full weight."""
    lessons = tiny_lessons()
    light = replace(lessons, weights=np.full_like(lessons.weights, 1e-6))
    recipe = replace(RECIPE, answers=0.0, anchor=1.0)

    full, less = (_margin(_rows(_tuned(model, recipe, one))) for one in (lessons, light))

    assert full > less + 0.1


def test_space_of_another_teacher_is_refused() -> None:
    """Titles embedded by a model that is not the space's teacher would lie anywhere."""
    with pytest.raises(EncoderError, match="whose space it should be"):
        teacher_folder(tiny_space())


def test_tuning_parts_the_labels(model: Path) -> None:
    """Messages of two labels end further apart than those of one."""
    before, after = _rows(_tuner(model, RECIPE)), _rows(_tuned(model, RECIPE))

    assert np.allclose(np.linalg.norm(after, axis=1), 1.0, atol=1e-3)
    assert _margin(after) > _margin(before) + 0.3


def test_high_anchor_keeps_the_space(model: Path) -> None:
    """The distance to the untuned vectors outweighs the labels when it is told to."""
    before = _rows(_tuner(model, RECIPE))
    free = _rows(_tuned(model, RECIPE))
    kept = _rows(_tuned(model, replace(RECIPE, anchor=1_000.0)))

    assert (before * kept).sum(axis=1).min() > 0.98
    assert (before * kept).sum(axis=1).min() > (before * free).sum(axis=1).min()


def test_same_seed_gives_the_same_weights(model: Path) -> None:
    """Draws, dropout and heads come from the seed."""
    recipe = replace(RECIPE, epochs=1)
    first, second = (_tuned(model, recipe).model.state_dict() for _ in range(2))
    other = _tuned(model, replace(recipe, seed=1)).model.state_dict()

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_messages_are_pulled_to_their_articles(model: Path) -> None:
    """With labels unknown, answers alone bring a message near its own article."""
    lessons = tiny_lessons()
    lessons = replace(lessons, labels=np.full_like(lessons.labels, -1))
    before = _tuner(model, replace(RECIPE, answers=1.0))
    after = _tuned(model, replace(RECIPE, answers=1.0), lessons)

    assert _found(after, "login") > _found(before, "login") + 0.1


def test_messages_are_pulled_to_english_titles(model: Path) -> None:
    """A reference given, messages draw near the rows that the space has for English titles."""
    draw = torch.Generator().manual_seed(0)
    rows = functional.normalize(torch.randn(2, tiny_space().projection.shape[1], generator=draw))
    reference = {"invoice": rows[0], "login": rows[1]}
    recipe = replace(RECIPE, answers=1.0)
    tuned = Tuner(_load(model), tiny_space().projection, recipe, reference)
    before = _rows(tuned) @ rows.numpy().T
    tuned.tune(tiny_lessons(), _silent)

    after = _rows(tuned) @ rows.numpy().T

    assert (after - before)[:2, 0].min() > 0
    assert (after - before)[2:, 1].min() > 0


def test_messages_without_labels_and_answers_are_tuned_on_alike(model: Path) -> None:
    """Where nothing is known the anchor alone is left, and nothing moves far."""
    lessons = tiny_lessons()
    nothing = replace(
        lessons, labels=np.full_like(lessons.labels, -1), answers=(None,) * len(lessons)
    )
    lines = list[str]()
    tuner = _tuner(model, replace(RECIPE, anchor=1.0, layers_rate=1e-4))
    before = _rows(tuner)
    tuner.tune(nothing, lines.append)

    assert (before * _rows(tuner)).sum(axis=1).min() > 0.98
    assert lines[-1].startswith("step 18 of 18, loss ")


def test_tune_writes_model_and_encoder(model: Path, tmp_path: Path) -> None:
    """The tuned model is exported into the space under its name, without a path of this machine."""
    data, space = write_tiny_data(tmp_path / "data"), tiny_space()
    target = command.Target("minilm", model, ("en",))
    command.tune(
        target, data, [], space, tmp_path / "work", tmp_path / "out", replace(RECIPE, epochs=1)
    )

    encoder = OnnxEncoder.load(tmp_path / "out" / "minilm")
    tuned = SentenceTransformer(str(tmp_path / "work" / "tuned-minilm"), device="cpu")
    rows = np.asarray(tuned.encode(TEXTS)) @ space.projection
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    meta = json.loads((tmp_path / "out" / "minilm" / "meta.json").read_text(encoding="utf-8"))

    assert (rows * encoder.encode(TEXTS)).sum(axis=1).min() > 0.98
    assert (encoder.name, encoder.space) == ("minilm", space.fingerprint())
    assert meta["source"]["name"] == "tuned-minilm"
    assert meta["max_tokens"] == tuned.max_seq_length == 32
    assert not any(str(tmp_path) in str(value) for value in meta.values())


def test_english_titles_are_embedded_once_by_the_teacher() -> None:
    """Each title has one row of unit length in the shared space, near that of its meaning."""
    space: Space = read_space(SPACE)

    found = command._english(tiny_lessons(), space, RECIPE)

    assert set(found) == {"invoice", "login"}
    assert all(row.shape == (space.projection.shape[1],) for row in found.values())
    assert all(abs(float(row.norm()) - 1.0) < 1e-3 for row in found.values())


def _load(model: Path) -> SentenceTransformer:
    return SentenceTransformer(str(model), device="cpu")


def _silent(_: str) -> None:
    """Take a line of progress."""


def _tuner(model: Path, recipe: TuningRecipe) -> Tuner:
    return Tuner(_load(model), tiny_space().projection, recipe)


def _tuned(model: Path, recipe: TuningRecipe, lessons: Lessons | None = None) -> Tuner:
    tuner = _tuner(model, recipe)
    tuner.tune(lessons or tiny_lessons(), _silent)
    return tuner


def _rows(tuner: Tuner) -> np.ndarray:
    tuner.model.eval()
    with torch.no_grad():
        rows: np.ndarray = tuner.encode(TEXTS).numpy()
    return rows


def _margin(rows: np.ndarray) -> float:
    """Give the mean cosine within labels less that between them."""
    cosines = rows @ rows.T
    return float((cosines[0, 1] + cosines[2, 3]) / 2 - cosines[:2, 2:].mean())


def _found(tuner: Tuner, title: str) -> float:
    """Give how much nearer the messages about logins are to a title than the others."""
    rows = _rows(tuner)
    with torch.no_grad():
        near = rows @ tuner.encode([title]).numpy().T
    return float(near[2:].mean() - near[:2].mean())
