"""Add to the training side what people taught by feedback, and say what came from where.

Feedback trains and never measures: it is about messages that somebody looked at because the service
was unsure or wrong, so figures and confidences stay those of the exports.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.config import Columns, FitConfig
from training.datasets import Examples, join
from training.ingest.feedback import hear
from training.ingest.journal import url_of
from training.ingest.opinions import WEIGHTS, Place, Settled, Settlement
from training.ingest.table import read_export
from training.neighbours import components, near_pairs
from training.parts import Parts
from training.split import cluster
from triage.labeling.taxonomy import Taxonomy
from triage.storage.engine import open_engine
from triage.text.language import LanguageIdentifier
from triage.text.redact import redact

SHOWN = 5
"""Agents named in one line."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """Rows from feedback, and what there is to tell of them.

    Args:
        examples: The rows; none of them is measured on.
        record: What ``metrics.json`` and the card keep; it names no agent.
        lines: The same for whoever trains, with the agents' names.
    """

    examples: Examples
    record: Mapping[str, Any]
    lines: tuple[str, ...]


def with_feedback(
    parts: Parts,
    config: FitConfig,
    fixed: Taxonomy | None,
    identifier: LanguageIdentifier,
) -> tuple[Parts, Taught | None]:
    """Put the rows of ``config.feedback`` behind the training rows.

    Args:
        parts: Rows of both sides.
        config: Which store, and how much of one agent.
        fixed: Taxonomy whose labels are the only ones allowed; those of the rows without one.
        identifier: Of languages.

    Raises:
        ExportError: When there is no such store, or it keeps no texts.
        StoreError: When it cannot be read.
    """
    if config.feedback is None:
        return parts, None
    known = {task: _labels(parts.train, task, fixed) for task in parts.train.tasks}
    taught = _read(config.feedback, config, known, parts.test, identifier)
    if not len(taught.examples):
        return parts, taught
    train = join([parts.train, taught.examples])
    older = parts.older
    if older is not None:
        # Feedback may repeat what calibration is measured on: it joins the last fit alone.
        older = np.concatenate([older, np.zeros(len(taught.examples), bool)])
    return replace(parts, train=train, older=older), taught


def _labels(train: Examples, task: str, fixed: Taxonomy | None) -> frozenset[str]:
    own = fixed.labels(task) if fixed and task in fixed.tasks else train.labels[task]
    return frozenset(own) - {""}


def _read(
    path: Path,
    config: FitConfig,
    known: Mapping[str, Collection[str]],
    test: Examples,
    identifier: LanguageIdentifier,
) -> Taught:
    engine = open_engine(url_of(path))
    try:
        heard = hear(engine, config.agent_cap, config.seed, config.without_agents)
    finally:
        engine.dispose()
    settlement = heard.settlement
    usable, strange = _usable(settlement, known)
    read = _messages(path, {number for number, _ in usable}, test, identifier)
    rows = {int(name): row for row, name in enumerate(read.ids)}
    silent = sum(1 for number, _ in usable if not _text(read, rows.get(number)))
    chosen = {place: one for place, one in usable.items() if _text(read, rows.get(place[0]))}
    numbers = sorted({number for number, _ in chosen})
    examples = _examples(read.take(np.asarray([rows[n] for n in numbers], np.int64)), chosen, known)
    tested = _in_test(examples, test)
    kept = examples.take(~tested)
    left = {"unknown_label": strange, "without_text": silent, "rows_in_test": int(tested.sum())}
    learnt = {place: one for place, one in chosen.items() if str(place[0]) in set(kept.ids)}
    return Taught(
        replace(kept, ids=tuple(f"feedback:{name}" for name in kept.ids)),
        _record(kept, learnt, settlement, left, config.agent_cap),
        tuple(_lines(kept, learnt, settlement, left)),
    )


def _usable(
    settlement: Settlement, known: Mapping[str, Collection[str]]
) -> tuple[dict[Place, Settled], int]:
    """Keep the tasks that are trained; count labels that no longer exist."""
    mine = {place: one for place, one in settlement.labels.items() if place[1] in known}
    usable = {place: one for place, one in mine.items() if one.label in known[place[1]]}
    return usable, len(mine) - len(usable)


def _messages(
    path: Path, numbers: Collection[int], test: Examples, identifier: LanguageIdentifier
) -> Examples:
    """Read the messages that something was said about."""
    if not numbers:
        return test.take(np.zeros(0, np.int64))
    columns = Columns("", {}, format="journal")
    return read_export(path, columns, identifier, lambda row: int(row["number"]) in numbers)


def _text(read: Examples, row: int | None) -> str:
    return "" if row is None else read.texts[row]


def _examples(read: Examples, chosen: Mapping[Place, Settled], tasks: Collection[str]) -> Examples:
    """Label rows; one with several labels weighs as these do on average."""
    labels: dict[str, list[str]] = {task: [] for task in tasks}
    weights = []
    for name in read.ids:
        found = {task: chosen.get((int(name), task)) for task in tasks}
        for task, one in found.items():
            labels[task].append(one.label if one else "")
        weights.append(np.mean([WEIGHTS[one.kind] for one in found.values() if one]))
    return replace(
        read,
        labels={task: tuple(values) for task, values in labels.items()},
        weights=np.asarray(weights, np.float64),
        target=np.zeros(len(read), bool),
    )


def _in_test(examples: Examples, test: Examples) -> NDArray[np.bool_]:
    """Tell which rows a test row repeats, by text or requester, shape ``(n,)``.

    The journal keeps texts redacted, so the test rows are compared redacted too.
    """
    if not len(examples):
        return np.zeros(0, bool)
    masked = replace(test, texts=tuple(redact(text).text for text in test.texts))
    both = join([replace(examples, labels={}), replace(masked, labels={})])
    pairs = near_pairs(both.texts)
    found = np.zeros(len(examples), bool)
    for clusters in (components(len(both), pairs.left, pairs.right), cluster(both)):
        found |= np.isin(clusters[: len(examples)], clusters[len(examples) :])
    return found


def _record(
    kept: Examples,
    learnt: Mapping[Place, Settled],
    settlement: Settlement,
    left: Mapping[str, int],
    cap: float,
) -> dict[str, Any]:
    kinds = Counter(one.kind for one in learnt.values())
    tasks = Counter(task for _, task in learnt)
    corrections = sum(one.corrects for one in learnt.values())
    return {
        "rows": len(kept),
        "labels": len(learnt),
        "tasks": dict(sorted(tasks.items())),
        "from": {kind: kinds[kind] for kind in WEIGHTS},
        "weights": dict(WEIGHTS),
        "corrections": corrections,
        "confirmations": len(learnt) - corrections,
        "heard": settlement.opinions,
        "agents": settlement.agents,
        "agent_cap": cap,
        "capped": [{"given": one.given, "kept": one.kept} for one in settlement.capped],
        "contradictions": len(settlement.contradictions),
        "overruled": sum(one.overruled for one in settlement.dissent),
        **left,
    }


def _lines(
    kept: Examples,
    learnt: Mapping[Place, Settled],
    settlement: Settlement,
    left: Mapping[str, int],
) -> list[str]:
    kinds = Counter(one.kind for one in learnt.values())
    told = ", ".join(f"{kind} {kinds[kind]}" for kind in WEIGHTS)
    heard = f"{settlement.opinions} that {settlement.agents} agents set"
    lines = [
        f"feedback: {len(learnt)} labels on {len(kept)} messages join training ({told}), of {heard}"
    ]
    if settlement.contradictions:
        lines.append(
            f"warning: agents contradict each other on {len(settlement.contradictions)} labels; "
            "not learnt, see `triage-train next`"
        )
    if settlement.capped:
        agents = [f"{_named(one.agent)} {one.kept} of {one.given}" for one in settlement.capped]
        lines.append(f"warning: labels kept of agents over the cap: {_some(agents)}")
    if settlement.dissent:
        agents = [
            f"{_named(one.agent)} {one.overruled} of {one.judged}" for one in settlement.dissent
        ]
        lines.append(f"overruled by what tickets were closed with or by others: {_some(agents)}")
    lines += [
        f"left out of feedback, {name.replace('_', ' ')}: {count}"
        for name, count in left.items()
        if count
    ]
    return lines


def _named(agent: str) -> str:
    return agent or "(no agent)"


def _some(agents: list[str]) -> str:
    more = f" and {len(agents) - SHOWN} more" if len(agents) > SHOWN else ""
    return ", ".join(agents[:SHOWN]) + more
