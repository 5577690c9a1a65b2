"""Fine-tuning on few labels: what is drawn, the trial, the budget, and which encoder is kept."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.builders import examples_of, tiny_config
from tests.training.tiny_transformer import write_tiny_transformer
from training.datasets import Examples
from training.encoder_choice import encoders_for, finetune_seconds
from training.encoders import tunable
from training.export_onnx import load_source
from training.finetuning.choose import Asked, finetuned
from training.finetuning.finetuner import Finetuner, FinetuneRecipe, contrast
from training.finetuning.pairs import Labelled, labelled, steps_of
from training.finetuning.trial import Budget, OutOfTimeError, Verdict, plan, trial
from triage.encoders.base import Vectors
from triage.errors import ConfigError, EncoderError, InputError
from triage.settings import Settings

RECIPE = FinetuneRecipe(batch=8, rate=5e-3, epochs=2, least_steps=12)
KINDS = {"order": "delivery", "invoice": "billing", "login": "access"}
FRAMES = ("my {} is late", "{} does not work", "my {} is wrong", "is my {} late", "{} wrong")


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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Keep one home for all runs, so that the untuned model is exported once."""
    return Settings(home=tmp_path_factory.mktemp("home"))


def rows(times: int = 4) -> Examples:
    """Build messages of three labels in one task and two in another."""
    table = [
        {
            "text": frame.format(word) + " my" * time,
            "kind": kind,
            "mood": "bad" if "wrong" in frame else "calm",
        }
        for time in range(times)
        for frame in FRAMES
        for word, kind in KINDS.items()
    ]
    return examples_of(table, ["kind", "mood"])


class Clock:
    """A clock that advances by a fixed time whenever it is asked."""

    def __init__(self, each: float) -> None:
        self.now, self.each = 0.0, each

    def __call__(self) -> float:
        """Tell the time."""
        self.now += self.each
        return self.now


class Fake:
    """Tunes nothing and takes a second a step; its rows are those it was made with."""

    def __init__(self, examples: Examples, vectors: Vectors) -> None:
        self.known = dict(zip(examples.texts, vectors, strict=True))
        self.seen: list[tuple[str, ...]] = []
        self.steps: list[int] = []
        self.now = 0.0

    def clock(self) -> float:
        """Tell how many steps were taken."""
        return self.now

    def tune(
        self, lessons: Labelled, steps: int, log: Callable[[str], None], tick: Callable[[], None]
    ) -> None:
        """Take note, and time."""
        log(f"{steps} steps")
        self.seen.append(lessons.texts)
        self.steps.append(steps)
        for _ in range(steps):
            tick()
            self.now += 1.0

    def rows(self, texts: Sequence[str]) -> Vectors:
        """Return the known rows."""
        return np.stack([self.known[text] for text in texts])


def vectors_of(examples: Examples, right: float) -> Vectors:
    """Build unit rows that show the label of the first task in a share of the rows."""
    names = sorted(set(examples.labels["kind"]))
    random = np.random.default_rng(0)
    shown = [
        names.index(label) if random.random() < right else int(random.integers(len(names)))
        for label in examples.labels["kind"]
    ]
    return np.eye(len(names), dtype=np.float32)[shown]


def judge(tuned: float, untuned: float, seconds: float = 1e6) -> tuple[Verdict, Fake]:
    """Run a trial between vectors of two qualities."""
    examples = only_kind(rows(12))
    fake = Fake(examples, vectors_of(examples, tuned))
    budget = Budget(seconds, fake.clock, 0.0)
    base = vectors_of(examples, untuned)
    return trial(examples, base, fake, RECIPE.steps, budget, 0, lambda _: None), fake


def only_kind(examples: Examples) -> Examples:
    """Leave the second task out."""
    table = [
        {"text": text, "kind": kind}
        for text, kind in zip(examples.texts, examples.labels["kind"], strict=True)
    ]
    return examples_of(table, ["kind"])


@pytest.mark.parametrize("encoder", ["twin", "static"])
def test_only_one_transformer_can_be_tuned(encoder: str) -> None:
    """Tables and routed encoders are refused with what to give instead."""
    with pytest.raises(EncoderError, match=f"cannot tune the encoder {encoder}.*--encoder minilm"):
        tunable(encoder)
    with pytest.raises(EncoderError, match="cannot tune"):
        finetune_seconds(True, "5m", ["minilm", encoder])


@pytest.mark.parametrize("budget", ["", "5", "m", "-1m", "0s", "5 days"])
def test_budget_without_a_unit_is_refused(budget: str) -> None:
    """A budget that is no time is refused, asked for or not."""
    with pytest.raises(InputError, match="90s, 5m or 1h"):
        finetune_seconds(False, budget, ["twin"])


def test_budget_is_read_in_seconds() -> None:
    """Hours, minutes and seconds; nothing where no fine-tuning was asked for."""
    assert [finetune_seconds(True, text, ["minilm"]) for text in ("90s", "1.5m", "1h")] == [
        90,
        90,
        3600,
    ]
    assert finetune_seconds(False, "5m", ["twin"]) is None


def test_recipe_that_cannot_work_is_refused() -> None:
    """A batch must hold two messages of two labels."""
    with pytest.raises(ConfigError, match="batch"):
        FinetuneRecipe(batch=3)


def test_rows_without_label_or_text_are_left_out() -> None:
    """What cannot be contrasted is not learned from; unanswered tasks stay open."""
    table = [
        {"text": "a", "kind": "x_y", "mood": ""},
        {"text": " ", "kind": "z", "mood": ""},
        {"text": "b", "kind": "", "mood": ""},
        {"text": "c", "kind": "z", "mood": "calm"},
    ]

    lessons = labelled(examples_of(table, ["kind", "mood"]))

    assert lessons.texts == ("a", "c")
    assert lessons.columns.tolist() == [[0, -1], [1, 0]]
    assert lessons.worded(0, 0) == "x y"


def test_steps_take_turns_between_tasks_and_see_labels_alike() -> None:
    """A step has two messages or more of each of its labels; all labels are seen as often."""
    lessons = labelled(rows())

    drawn = list(steps_of(lessons, 6, 40, seed=1))

    assert [task for task, _ in drawn] == [0, 1] * 20
    counts = np.zeros(3)
    for task, chosen in drawn:
        assert len(set(chosen.tolist())) == len(chosen)
        found = np.bincount(lessons.columns[chosen, task])
        assert set(found[found > 0].tolist()) <= {2, 3}
        if task == 0:
            counts[: len(found)] += found
    assert len(set(counts.tolist())) == 1
    again = list(steps_of(lessons, 6, 40, seed=1))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(drawn, again, strict=True))


def test_label_of_one_message_is_drawn() -> None:
    """A rare label gives what it has."""
    table = [{"text": f"t{i}", "kind": "a" if i else "b"} for i in range(6)]
    lessons = labelled(examples_of(table, ["kind"]))

    ((_, chosen),) = steps_of(lessons, 4, 1, seed=0)

    assert sorted(lessons.columns[chosen, 0].tolist()) == [0, 0, 1]


def test_labels_all_alike_give_no_step() -> None:
    """Nothing can be contrasted, and the trial says so instead of failing."""
    examples = examples_of([{"text": f"t{i}", "kind": "a"} for i in range(30)], ["kind"])
    fake = Fake(examples, np.ones((30, 1), np.float32))
    budget = Budget(1e6, fake.clock, 0.0)
    base = np.ones((30, 1), np.float32)

    verdict = trial(examples, base, fake, RECIPE.steps, budget, 0, lambda _: None)

    assert not list(steps_of(labelled(examples), 8, 5, seed=0))
    assert not verdict.wins()
    assert "no task has two labels" in verdict.describe()


def test_many_labels_share_the_steps() -> None:
    """With more labels than a step holds each has its turn before one has its next."""
    table = [{"text": f"t{i}", "kind": f"k{i % 25:02d}"} for i in range(75)]
    lessons = labelled(examples_of(table, ["kind"]))

    drawn = np.concatenate([chosen for _, chosen in steps_of(lessons, 20, 5, seed=0)])

    assert set(np.bincount(lessons.columns[drawn, 0]).tolist()) == {4}


def test_contrast_is_low_where_labels_lie_together() -> None:
    """Rows of one label that coincide cost next to nothing; a label alone costs nothing itself."""
    near = torch.eye(3)[[0, 0, 1, 1, 2]]
    labels = torch.tensor([0, 0, 1, 1, 2])

    together = contrast(near, labels, 20.0)
    apart = contrast(near, torch.tensor([0, 1, 0, 1, 2]), 20.0)

    assert float(together) < 0.01 < float(apart)
    assert np.isfinite(float(apart))


def test_tuning_parts_the_labels_and_repeats_itself(model: Path) -> None:
    """Messages of one label come nearer; the same seed gives the same weights, untuned again."""
    lessons = labelled(only_kind(rows()))
    tuner = Finetuner(load_source(str(model)), RECIPE)

    def spread() -> float:
        found = tuner.rows(lessons.texts)
        same = lessons.columns[:, 0][:, None] == lessons.columns[:, 0]
        cosine = found @ found.T
        return float(cosine[same].mean() - cosine[~same].mean())

    before = spread()
    tuner.tune(lessons, 30, lambda _: None, lambda: None)
    after, first = spread(), tuner.rows(lessons.texts)
    tuner.tune(lessons, 30, lambda _: None, lambda: None)

    assert after > 2 * before > 0
    assert np.array_equal(first, tuner.rows(lessons.texts))
    assert tuner.source.model.max_seq_length == 32


def test_several_tasks_are_tuned_at_once(model: Path) -> None:
    """Two tasks whose labels cross each other both come apart for a head."""
    examples = rows()
    tuner = Finetuner(load_source(str(model)), RECIPE)
    lines: list[str] = []

    tuner.tune(labelled(examples), 4, lines.append, lambda: None)

    assert lines[-1].startswith("step 4 of 4, loss")
    assert np.isfinite(tuner.rows(examples.texts)).all()


def test_weights_can_stop_on_the_way(model: Path) -> None:
    """A share of nothing gives the untuned model back."""
    lessons = labelled(only_kind(rows()))
    tuner = Finetuner(load_source(str(model)), FinetuneRecipe(batch=8, rate=5e-3, kept=0.0))
    before = tuner.rows(lessons.texts)

    tuner.tune(lessons, 3, lambda _: None, lambda: None)

    assert np.array_equal(before, tuner.rows(lessons.texts))


def test_held_rows_are_never_tuned_on() -> None:
    """Each trial leaves a third out, and together they hold every row."""
    _, fake = judge(0.9, 0.5)

    trials = fake.seen[1:]
    everything = set(only_kind(rows(12)).texts)
    held = [everything - set(seen) for seen in trials]
    assert len(trials) == 3
    assert set().union(*held) == everything
    assert all(not one & other for one, other in pairwise(held))


def test_clear_gain_keeps_the_tuned_encoder() -> None:
    """Both accuracies are told."""
    verdict, _ = judge(0.95, 0.5)

    assert verdict.wins()
    assert verdict.content()["kept"] == "tuned"
    assert "untuned" in verdict.describe()


@pytest.mark.parametrize(("tuned", "untuned"), [(0.8, 0.8), (0.82, 0.8), (0.5, 0.9)])
def test_gain_within_noise_keeps_the_untuned_encoder(tuned: float, untuned: float) -> None:
    """Nothing gained, little gained, much lost."""
    verdict, _ = judge(tuned, untuned)

    assert not verdict.wins()
    assert "untuned kept" in verdict.describe()


def test_gain_in_one_task_does_not_excuse_loss_in_another() -> None:
    """A task that clearly loses keeps the untuned encoder."""
    gain = {"rows": 300, "untuned": 0.8, "tuned": 0.9, "fixed": 40, "broken": 10}
    loss = {"rows": 300, "untuned": 0.9, "tuned": 0.8, "fixed": 10, "broken": 40}

    assert Verdict(tasks={"a": gain}).wins()
    assert not Verdict(tasks={"a": gain, "b": loss}).wins()


def test_large_sets_are_tried_once() -> None:
    """A third of many rows is enough to see a difference."""
    examples = only_kind(rows(250))
    fake = Fake(examples, vectors_of(examples, 0.9))
    budget = Budget(1e9, fake.clock, 0.0)

    verdict = trial(
        examples, vectors_of(examples, 0.5), fake, RECIPE.steps, budget, 0, lambda _: None
    )

    assert len(fake.seen) == 2
    assert verdict.tasks["kind"]["rows"] >= 1000


def test_steps_are_halved_until_they_fit() -> None:
    """A step takes a second here: 40 steps and three trials of two thirds make 120 of 64."""
    examples = only_kind(rows())
    fake = Fake(examples, vectors_of(examples, 0.9))

    steps, each = plan(fake, labelled(examples), 40, 3.0, Budget(64, fake.clock, 0.0))

    assert (steps, each) == (20, 1.0)


def test_budget_that_fits_nothing_keeps_the_untuned_encoder() -> None:
    """The sentence says what it would take."""
    verdict, fake = judge(0.95, 0.5, seconds=10)

    assert not verdict.wins()
    assert "takes 24 seconds or more here" in verdict.describe()
    assert fake.steps == [3]


def test_overdrawn_budget_ends_the_tuning() -> None:
    """A machine that becomes slower does not keep anybody waiting."""
    budget = Budget(10, Clock(4.0), 0.0)

    for _ in range(3):
        budget.tick()
    with pytest.raises(OutOfTimeError):
        budget.tick()


def test_untuned_encoder_is_kept_with_both_figures(model: Path, home: Settings) -> None:
    """Where tuning gains nothing the export of the model itself is returned."""
    lines: list[str] = []
    asked = Asked(str(model), 600, FinetuneRecipe(batch=8, rate=1e-9, least_steps=8, epochs=1))

    found = finetuned(only_kind(rows()), asked, home, lines.append)

    assert list(found.inside) == ["model"]
    assert found.notes["finetune"]["kept"] == "untuned"
    assert set(found.notes["finetune"]["tasks"]["kind"]) == {
        "rows",
        "untuned",
        "tuned",
        "fixed",
        "broken",
    }
    assert any("gain is not beyond noise" in line for line in lines)


def test_slow_machine_keeps_the_untuned_encoder(model: Path, home: Settings) -> None:
    """When time runs out midway nothing is left behind but the untuned export."""
    clock = Clock(0.0)
    asked = Asked(str(model), 100, RECIPE)

    def slower(line: str) -> None:
        clock.each = 40.0 if line.startswith("trial 1") else clock.each

    found = finetuned(only_kind(rows()), asked, home, slower, clock)

    assert "the machine became slower" in found.notes["finetune"]["reason"]
    names = [path.name for path in (home.home / "encoders").iterdir()]
    assert not any(name.startswith((".", "model-tuned")) for name in names)


def test_few_rows_are_not_tuned_on(model: Path, home: Settings) -> None:
    """A handful of messages cannot show a gain."""
    asked = Asked(str(model), 100, RECIPE)

    found = finetuned(rows(1), asked, home, lambda _: None)

    assert "too few" in found.notes["finetune"]["reason"]


def test_winning_encoder_goes_into_the_bundle(model: Path, home: Settings) -> None:
    """The tuned export carries the trial's figures, and a second run takes it as it is."""
    lines = list[str]()
    train = hard_rows()
    asked = Asked(str(model), 600, FinetuneRecipe(batch=16, rate=1e-2, least_steps=60, epochs=1))

    found = finetuned(train, asked, home, lines.append)
    again = finetuned(train, asked, home, lines.append)

    folder = found.inside["model-tuned"]
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    assert meta["notes"]["finetune"]["kept"] == "tuned"
    assert meta["agreement_with_fp32"]["labels"]["kind"] >= 0.95
    assert found.encoders.space == again.encoders.space != ""
    assert again.inside == {"model-tuned": folder}
    assert lines[-1] == "model-tuned: tuned before on the same rows"


def hard_rows() -> Examples:
    """Build messages whose label hangs on one word of 24, which random weights drown."""
    fill = ("late", "wrong", "work", "does", "not", "is", "my")
    random = np.random.default_rng(0)
    table = []
    for number in range(240):
        words = [fill[int(i)] for i in random.integers(len(fill), size=24)]
        kind = ("order", "invoice", "login")[number % 3]
        words[int(random.integers(24))] = kind
        table.append({"text": " ".join(words) + f" {number}", "kind": KINDS[kind]})
    return examples_of(table, ["kind"])


def test_run_without_finetuning_takes_the_encoder_as_it_is(home: Settings, model: Path) -> None:
    """A model is compared with its export on the rows of the run, once."""
    lines = list[str]()
    config = tiny_config(encoder=str(model))

    first, _ = encoders_for(rows(), config, home, lines.append)
    told = len(lines)
    second, _ = encoders_for(rows(), config, home, lines.append)

    assert first.figures()["encoder"]["precision"] == "int8"
    assert set(first.notes["agreement_with_fp32"]["labels"]) == {"kind", "mood"}
    assert len(lines) == told > 0
    assert second.notes == first.notes
