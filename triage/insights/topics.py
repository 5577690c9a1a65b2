"""Topics to look for spikes in, and what a spike is called."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from triage.encoders.base import Vectors
from triage.insights.clusters import centred, group
from triage.insights.frame import NONE, Decisions, Floats
from triage.insights.spikes import LEAST_TOPIC, MOST, OVERLAP, Rise, Topics
from triage.insights.terms import telling, terms
from triage.insights.texts import Kept

COARSE, FINE = 0.22, 0.4
"""Two grains of groups: what customers write about, and one thing that happened to all of them."""

MIDDLES = 0.4
"""Cosine of the middles of two topics from which on they are one spike."""


@dataclass(frozen=True, slots=True)
class Spike:
    """Topics that rise together, told as one.

    Args:
        label: ``task=label`` where a label rises too, else empty.
        words: Language to the terms that tell what it is about.
        seen: Messages in the newest hours.
        usual: How many are usual there.
        chance: Of the surest topic where nothing happens, corrected for all that was tested.
        numbers: Rows of the journal of its new messages, the newest first.
    """

    label: str
    words: Mapping[str, tuple[str, ...]]
    seen: int
    usual: float
    chance: float
    numbers: tuple[int, ...]


def label_topics(decisions: Decisions) -> list[Topics]:
    """Make a topic of every label of every task; they need no text."""
    out = []
    for task, column in decisions.labels.items():
        rows = np.flatnonzero(~column.is_(NONE))
        names = tuple(f"{task}={name}" for name in column.names)
        out.append(Topics(names, "label", column.codes[rows], rows, decisions.at))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Messages with what is known of their texts.

    Args:
        kept: The messages.
        terms: Of each.
        close: Vectors of each without what its language shares, shape ``(n, dim)``.
        share: Share of the older messages that is among them.
    """

    kept: Sequence[Kept]
    terms: Sequence[frozenset[str]]
    close: Vectors
    share: float = 1.0

    @classmethod
    def of(cls, kept: Sequence[Kept], vectors: Vectors, share: float = 1.0) -> Self:
        """Take the terms out of messages."""
        close = centred(vectors, [one.language for one in kept])
        return cls(kept, [terms(one.text) for one in kept], close, share)


def text_topics(texts: Texts) -> list[Topics]:
    """Make topics of groups of messages alike, in two grains, and of their terms.

    The coarse groups come first: how busy everything is, is read off them.
    """
    at = np.array([one.at.timestamp() for one in texts.kept], np.float64)
    out = []
    for alike in (COARSE, FINE):
        home = group(texts.close, alike)
        rows = np.flatnonzero(home >= 0)
        names = tuple(str(number) for number in range(int(home.max(initial=-1)) + 1))
        out.append(Topics(names, "group", home[rows], rows, at, texts.share))
    return [*out, _of_terms(texts.terms, at, texts.share)]


def spikes(rises: Sequence[Rise], decisions: Decisions, texts: Texts) -> list[Spike]:
    """Join topics that rise with the same messages or with messages alike, and name what is left.

    Args:
        rises: The surest first.
        decisions: What topics of labels count.
        texts: What topics of groups and terms count.
    """
    groups: list[_Joined] = []
    for rise in (one for one in rises if one.kind != "label"):
        mine = _Joined(rise, set(rise.rows.tolist()), set(rise.before.tolist()))
        twin = next((one for one in groups if _same(mine, one, texts.close)), None)
        if twin is None:
            groups.append(mine)
        else:
            twin.rows |= mine.rows
            twin.before |= mine.before
    out = [_spike(one, texts) for one in groups]
    for rise in (one for one in rises if one.kind == "label"):
        out = _labelled(rise, decisions, texts, out)
    return sorted(out, key=lambda one: (one.chance, -one.seen))[:MOST]


@dataclass(slots=True, eq=False)
class _Joined:
    """Topics that are one spike, led by the surest."""

    lead: Rise
    rows: set[int]
    before: set[int]


def _spike(one: _Joined, texts: Texts) -> Spike:
    numbers = {texts.kept[row].number for row in one.rows}
    usual = max(0.5, len(one.before)) * one.lead.weight
    return Spike(
        "", _named(numbers, texts), len(one.rows), usual, one.lead.chance, _newest(numbers)
    )


def _labelled(
    rise: Rise, decisions: Decisions, texts: Texts, found: Sequence[Spike]
) -> list[Spike]:
    """Name spikes by a label that most of their messages have; alone it is a spike itself."""
    numbers = {int(number) for number in decisions.number[rise.rows]}
    holds = [2 * len(numbers.intersection(one.numbers)) > len(one.numbers) for one in found]
    if any(holds):
        return [
            replace(one, label=one.label or rise.name) if held else one
            for one, held in zip(found, holds, strict=True)
        ]
    words = _named(numbers, texts)
    alone = Spike(rise.name, words, rise.seen, rise.usual, rise.chance, _newest(numbers))
    return [*found, alone]


def _newest(numbers: set[int]) -> tuple[int, ...]:
    return tuple(sorted(numbers, reverse=True))


def _same(one: _Joined, other: _Joined, close: Vectors) -> bool:
    smaller = min(len(one.rows), len(other.rows))
    if smaller and len(one.rows & other.rows) >= OVERLAP * smaller:
        return True
    sides = [close[sorted(part.rows)].mean(axis=0) for part in (one, other)]
    norms = [float(np.linalg.norm(side)) for side in sides]
    return float(sides[0] @ sides[1]) >= MIDDLES * max(norms[0] * norms[1], 1e-9)


def _of_terms(found: Sequence[frozenset[str]], at: Floats, share: float) -> Topics:
    counts = Counter(term for one in found for term in one)
    # How often a term comes in all is not when it comes, so this choice biases no test.
    most = 0.2 * len(found)
    known = sorted(term for term, count in counts.items() if LEAST_TOPIC <= count <= most)
    code = {term: place for place, term in enumerate(known)}
    pairs = [(code[term], row) for row, one in enumerate(found) for term in one if term in code]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return Topics(tuple(known), "term", both[:, 0], both[:, 1], at, share)


def _named(numbers: set[int], texts: Texts) -> dict[str, tuple[str, ...]]:
    """Return the telling terms in each language, the language with the most messages first."""
    inside: dict[str, list[frozenset[str]]] = {}
    outside: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for one, words in zip(texts.kept, texts.terms, strict=True):
        if one.number in numbers:
            inside.setdefault(one.language, []).append(words)
        else:
            outside.setdefault(one.language, Counter()).update(words)
            totals[one.language] += 1
    named = {
        language: telling(words, outside.get(language, Counter()), totals[language])
        for language, words in sorted(inside.items(), key=lambda item: (-len(item[1]), item[0]))
    }
    return {language: words for language, words in named.items() if words}
