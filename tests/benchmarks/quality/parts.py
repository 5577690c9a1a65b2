"""The parts of public sets that are measured: who is trained on what, and who is tested.

The shipped MiniLM was tuned on some training rows of multidogo, it_helpdesk, hadoop_issues and
senti4sd (``tuning_cap`` in ``training/starter.toml``): of those sets only rows that no training
step may see (``training.heldout``) are test rows. Near-duplicates of a test row leave training, for
every system alike.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.benchmarks.quality.protocol import Question
from training.config import Columns, FitConfig, SplitConfig
from training.encoder_files import packaged_minilm
from training.heldout import is_held_out
from training.ingest.table import read_export
from training.run import LANGUAGES, Prepared, prepare
from triage.rows import Row, read_rows, write_rows
from triage.text.language import LanguageIdentifier

A_LABEL, DRAWS = 10, 5
RARE = 20
"""A multidogo intent with fewer training rows is left out; most of those have one or two."""
OUT_OF_SCOPE = "oos"
Chosen = Callable[[Row], str]
"""Tells where a row goes: ``train``, ``test``, ``outside`` or nowhere."""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """One set as it is measured.

    Args:
        file: Its file under the folder of the public sets.
        label: Column of the label.
        told: Rule of its test part, for the table.
        chosen: Where a row goes; None parts the file at random by label.
    """

    file: str
    label: str
    told: str
    chosen: Chosen | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows to train on and to test, whole or with few examples a label.

    Args:
        name: Name of the set.
        draw: Number of the draw of ten rows a label; None takes all.
        prepared: What ``fit`` is given.
        config: What ``fit`` is asked for, without encoder and place.
        outside: Cleaned texts that no label fits.
    """

    name: str
    draw: int | None
    prepared: Prepared
    config: FitConfig
    outside: tuple[str, ...]

    @property
    def task(self) -> str:
        """Name of the one task."""
        return self.prepared.train.tasks[0]

    @property
    def truth(self) -> tuple[str, ...]:
        """Labels of the test rows."""
        return self.prepared.test.labels[self.task]

    def question(self) -> Question:
        """Return the part as peers get it."""
        train, test = self.prepared.train, self.prepared.test
        labels, texts = list(train.labels[self.task]), list(train.texts)
        model, seed = str(packaged_minilm()), self.draw or 0
        return Question(texts, labels, list(test.texts), list(self.outside), seed, model)


def _held(name: str) -> Chosen:
    def chosen(row: Row) -> str:
        return "test" if is_held_out(name, row["id"], row.get("split")) else "train"

    return chosen


def _incident(row: Row) -> str:
    """Leave out requests: their urgency was never set."""
    return _held("it_helpdesk")(row) if row["ticket_type"] == "0" else ""


def _single(row: Row) -> str:
    """Leave out the messages with several intents."""
    return "" if "|" in row["intent"] else _held("multidogo")(row)


def _clinc(row: Row) -> str:
    """Train on no message that is out of scope."""
    if row["intent"] == OUT_OF_SCOPE:
        return "outside" if row["split"] == "val" else ""
    return "test" if row["split"] == "val" else "train"


SETS: Mapping[str, PublicSet] = {
    "banking77": PublicSet(
        "banking77/messages.csv.gz", "intent", "a fifth, stratified by label, seed 0"
    ),
    "clinc150": PublicSet(
        "clinc150/messages.csv.gz", "intent", "its `val` split, in scope and `oos`", _clinc
    ),
    "multidogo": PublicSet(
        "multidogo/messages.csv.gz", "intent", "its `dev` split, single intents", _single
    ),
    "senti4sd": PublicSet(
        "senti4sd/sentiment.csv", "sentiment", "a hashed fifth", _held("senti4sd")
    ),
    "it_helpdesk": PublicSet(
        "it_helpdesk/tickets.csv.gz", "urgency", "a hashed fifth of the incidents", _incident
    ),
    "hadoop_issues": PublicSet(
        "hadoop_issues/issues.csv.gz", "priority", "a hashed fifth", _held("hadoop_issues")
    ),
}


def load(name: str, folder: Path, scratch: Path) -> Part:
    """Read a set and part it as ``fit`` does.

    Args:
        name: One of ``SETS``.
        folder: Folder of the public sets.
        scratch: Where the parts of a file are written as files of their own.
    """
    one = SETS[name]
    columns = Columns("text", {one.label: one.label})
    if one.chosen is None:
        config = FitConfig((folder / one.file,), columns, split=SplitConfig("random"), jobs=1)
        return Part(name, None, prepare(config, _quiet), config, ())
    rows: dict[str, list[Row]] = {"train": [], "test": [], "outside": []}
    for row in read_rows(folder / one.file):
        place = one.chosen(row)
        if place:
            rows[place].append({"id": row["id"], "text": row["text"], one.label: row[one.label]})
    common = Counter(row[one.label] for row in rows["train"])
    kept = {label for label, count in common.items() if name != "multidogo" or count >= RARE}
    files = {place: scratch / f"{name}-{place}.csv" for place in rows}
    for place, path in files.items():
        usable = [row for row in rows[place] if place == "outside" or row[one.label] in kept]
        write_rows(path, usable, ["id", "text", one.label])
    config = FitConfig((files["train"],), columns, test=files["test"], jobs=1)
    outside: Iterable[str] = ()
    if rows["outside"]:
        outside = read_export(files["outside"], columns, LanguageIdentifier(LANGUAGES)).texts
    return Part(name, None, prepare(config, _quiet), config, tuple(outside))


def drawn(part: Part, draw: int) -> Part:
    """Keep ten training rows a label, or all where there are fewer."""
    random = np.random.default_rng(draw)
    labels = np.asarray(part.prepared.train.labels[part.task])
    places = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    rows = [random.choice(own, min(A_LABEL, len(own)), replace=False) for own in places]
    train = part.prepared.train.take(np.sort(np.concatenate(rows)))
    prepared = replace(part.prepared, train=train, split=None)
    return replace(part, draw=draw, prepared=prepared, config=replace(part.config, seed=draw))


def _quiet(_: str) -> None:
    """Say nothing: the same for every system."""
