"""The guard is fitted beside the tasks, served from the bundle, and carried over."""

from pathlib import Path

import numpy as np
import pytest

from tests.builders import examples_of, tiny_config, tiny_fit, tiny_prepared
from training.datasets import Examples, join
from training.recipe import read_guard
from training.run import fit_examples
from triage.bundle.store import Bundle, load_bundle
from triage.domain import Message, Options
from triage.errors import ExportError
from triage.labeling.guard import GUARD, LABELS
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

SPAM = "cheap crypto coins for you, invest now and win big prizes"
NOTICES = [f"I am away from my desk until week {week}, mails wait until then" for week in range(30)]


def guarded(requests: Examples) -> Examples:
    """Put mail that is no request beside the requests."""
    rows = [{"text": text, GUARD: "auto_generated"} for text in NOTICES]
    rows += [{"text": f"{SPAM} {number}", GUARD: "out_of_scope"} for number in range(30)]
    own = [
        {"text": text, GUARD: LABELS[0], "language": code, "id": f"own-{number}"}
        for number, (text, code) in enumerate(zip(requests.texts, requests.languages, strict=True))
    ]
    return join([examples_of(own, [GUARD]), examples_of(rows, [GUARD])])


@pytest.fixture
def guarded_bundle(tmp_path: Path, settings: Settings) -> Bundle:
    """Fit a tiny bundle with a guard."""
    prepared = tiny_prepared()
    outcome = fit_examples(
        prepared,
        tiny_config(out=tmp_path / "guarded", only=True),
        settings,
        "tests",
        lambda _: None,
        guarded=guarded(prepared.train),
    )
    return load_bundle(outcome.path, settings.encoders)


def test_guard_is_no_task(guarded_bundle: Bundle) -> None:
    """Answers hold the tasks alone; the guard shows only in refusals."""
    labeler = guarded_bundle.labeler(guarded_bundle.profile())

    assert GUARD not in labeler.tasks
    assert GUARD not in guarded_bundle.manifest.taxonomy.tasks
    assert labeler.guard is not None


def test_guard_refuses_what_is_no_request(guarded_bundle: Bundle) -> None:
    """Spam abstains with a reason while requests keep their labels."""
    identifier = LanguageIdentifier(("en", "da", "ro", "zh"))
    pipeline = Pipeline(guarded_bundle, guarded_bundle.profile(), identifier)
    request = tiny_prepared().train.texts[0]

    spam, kept = pipeline.run([Message(SPAM), Message(request)], Options(suggestions=0))

    assert {answer.reason for answer in spam.labels.values()} == {"out_of_scope"}
    assert {answer.reason for answer in kept.labels.values()} <= {None, "low_confidence"}


def test_guard_is_carried_over(guarded_bundle: Bundle, settings: Settings, tmp_path: Path) -> None:
    """A run without such mail keeps the guard of its base."""
    outcome = tiny_fit(settings, ["category"], base=str(guarded_bundle.folder), out=tmp_path)
    made = load_bundle(outcome.path, settings.encoders)

    profile = made.profile()
    assert made.labeler(profile).guard == guarded_bundle.labeler(profile).guard
    assert np.array_equal(made.heads.heads[GUARD].dense, guarded_bundle.heads.heads[GUARD].dense)


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    """A row of the guard's data names one of the reasons."""
    row = '{"id": "g-1", "language": "en", "subject": "", "text": "hi", "kind": "ham"}'
    (tmp_path / "en.jsonl").write_text(row, encoding="utf-8")

    with pytest.raises(ExportError, match="g-1: no kind 'ham'"):
        read_guard(tmp_path, LanguageIdentifier(("en",)), tiny_prepared().train)
