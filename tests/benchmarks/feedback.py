"""Measure what feedback teaches a head, and what one agent who lies can do to it.

Run: ``python tests/benchmarks/feedback.py [--task category]``. A tenth of the training samples is
the export; a bundle fitted on it answers the others, 40 agents set the true label on each of 2,000
of them, and one more agent, with as many labels again as a share of all of theirs, always sets
another. Profile tiny, the test samples (six industries that the training side lacks) measure.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.training.told import Teller, decided, telling
from training.config import Columns, FitConfig
from training.run import fit
from triage.bundle.store import load_bundle
from triage.domain import Message, Options
from triage.pipeline import Pipeline
from triage.rows import Row, write_rows
from triage.settings import CHECKOUT, Settings
from triage.storage.journal import Entry
from triage.text.language import LanguageIdentifier

AGENTS, HEARD = 40, 2_000
SHARES = (0.1, 0.3, 0.5)


def rows(folder: str) -> list[Row]:
    """Read the samples of a side, in an order drawn once."""
    files = sorted((CHECKOUT / "data" / "samples" / folder).glob("*.jsonl"))
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    random.Random(0).shuffle(found)  # noqa: S311 - an order, no secret
    return [{name: str(row[name] or "") for name in row} for row in found]


def export(path: Path, table: Sequence[Row], task: str) -> Path:
    """Write rows as an export."""
    names = ["id", "language", "text", "scenario_id", task]
    write_rows(path, [{name: row[name] for name in names} for row in table], names)
    return path


def answered(bundle: Path, settings: Settings, table: Sequence[Row], task: str) -> Iterator[Entry]:
    """Answer messages as the service would."""
    loaded = load_bundle(bundle, settings.encoders, "tiny")
    identifier = LanguageIdentifier(loaded.manifest.languages)
    pipeline = Pipeline(loaded, loaded.profile("tiny"), identifier)
    for number, row in enumerate(table, start=1):
        result = pipeline.run([Message(row["text"])], Options(suggestions=0))[0]
        guess = result.labels[task].top_label
        yield decided(number, result.cleaned_text, guess, task, row["language"])


def lie(label: str, labels: Sequence[str]) -> str:
    """Choose another label, always the same one."""
    return labels[(labels.index(label) + 1) % len(labels)]


class Trial:
    """One fit after the other over the same rows.

    Args:
        folder: Where all is written.
        task: Whose labels are taught.
    """

    def __init__(self, folder: Path, task: str) -> None:
        self.folder, self.task = folder, task
        train = rows("train")
        count = len(train) // 10
        self.heard = train[count : count + HEARD]
        self.liars = train[count + HEARD :]
        self.labels = sorted({row[task] for row in train})
        self.settings = Settings(home=folder / "home")
        columns = Columns("text", {task: task}, language="language", group="scenario_id")
        self.asked = FitConfig(
            (export(folder / "export.csv", train[:count], task),),
            columns,
            encoder="static",
            test=export(folder / "test.csv", rows("test"), task),
            out=folder / "bundles",
            only=True,
            jobs=1,
        )

    def fit(self, name: str, **changes: object) -> tuple[Path, float]:
        """Fit a bundle, print its row of the table, and return it with its macro-F1."""
        asked = replace(self.asked, **changes)  # type: ignore[arg-type] # by name
        made = fit(asked, self.settings, "benchmark", lambda _line: None)
        figures, taught = made.metrics["tasks"][self.task], made.metrics.get("feedback")
        learnt = f"{taught['labels']:,}" if taught else "0"
        capped = (
            ", ".join(f"{one['kept']} of {one['given']}" for one in taught["capped"][:1])
            if taught
            else ""
        )
        print(
            f"| {name} | {learnt} | {capped} | {figures['accuracy']:.3f} | "
            f"{figures['macro_f1']:.3f} |",
            flush=True,
        )
        return made.path, float(figures["macro_f1"])

    def speak(self, teller: Teller, share: float) -> None:
        """Let honest agents speak, and a liar about other messages."""
        for number, row in enumerate(self.heard, start=1):
            teller.say(number, f"a{number % AGENTS}", row[self.task], task=self.task)
        lies = min(len(self.liars), int(share / (1 - share) * len(self.heard)))
        for number, row in enumerate(self.liars[:lies], start=len(self.heard) + 1):
            teller.say(number, "liar", lie(row[self.task], self.labels), task=self.task)

    def store(self, base: Path, share: float) -> Path:
        """Write a store in which the liar has a share of all that is said."""
        home = self.folder / f"store-{share}"
        home.mkdir()
        entries = list(answered(base, self.settings, [*self.heard, *self.liars], self.task))
        with telling(f"sqlite:///{home / 'triage.db'}", entries) as teller:
            self.speak(teller, share)
        return home


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="category")
    task = parser.parse_args().task
    with TemporaryDirectory() as folder:
        trial = Trial(Path(folder), task)
        print(f"task {task}\n\n| run | labels learnt | of the liar | accuracy | macro-F1 |")
        print("|---|---|---|---|---|")
        base, _ = trial.fit("export alone")
        honest = trial.store(base, 0.0)
        trial.fit(f"and {HEARD:,} labels of {AGENTS} agents", feedback=honest)
        for share in SHARES:
            poisoned = trial.store(base, share)
            trial.fit(f"and a liar with {share:.0%} of all labels", feedback=poisoned)
            trial.fit("the same, --agent-cap 1", feedback=poisoned, agent_cap=1.0)


if __name__ == "__main__":
    main()
