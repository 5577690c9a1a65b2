"""Questions that the knowledge base has no good answer to, in groups of those that ask the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from triage.encoders.base import Vectors
from triage.insights.clusters import ALIKE, centred, group
from triage.insights.frame import Decisions, Ints, Uses
from triage.insights.funnel import OUTCOMES, outcomes
from triage.insights.terms import telling, terms
from triage.insights.texts import Kept

UNANSWERED = "nothing_above_threshold"
LEAST = 3
"""Messages that ask the same before it is called a gap."""
MOST = 25
EXAMPLES = 5
NEAR = 0.35
"""Cosine from which on an article is named as one that comes near the questions of a gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions alike that no article answers.

    Args:
        count: Messages.
        languages: Language to its share of them, the commonest first.
        words: Language to the terms that tell what they ask.
        examples: Journal numbers of messages from its middle, one of each language first.
        numbers: Journal numbers of all of them, the newest first.
        newer: How many came in the second half of the time looked at.
        nearest: Place of the article that comes nearest, None where none comes near.
        likeness: Its cosine to the middle of the questions.
    """

    count: int
    languages: Mapping[str, int]
    words: Mapping[str, tuple[str, ...]]
    examples: tuple[int, ...]
    numbers: tuple[int, ...]
    newer: int
    nearest: int | None
    likeness: float


def unanswered(decisions: Decisions, uses: Uses) -> Ints:
    """Return the numbers of messages that found nothing, or whose suggestions were all rejected."""
    nothing = decisions.reason.is_(UNANSWERED)
    rejected = outcomes(decisions, uses.of(decisions)) == OUTCOMES.index("rejected")
    found: Ints = decisions.number[nothing | rejected]
    return found


def gaps(
    kept: Sequence[Kept], vectors: Vectors, others: Mapping[str, Counter[str]], articles: Vectors
) -> list[Gap]:
    """Group questions that no article answers, the largest group first.

    Args:
        kept: The questions, in the order of time.
        vectors: Of each, shape ``(n, dim)``.
        others: Language to how many answered messages hold a term; ``""`` counts the messages.
        articles: Of the articles, shape ``(m, dim)``.
    """
    if not kept:
        return []
    close = centred(vectors, [one.language for one in kept])
    home = group(close, ALIKE)
    half = (kept[0].at.timestamp() + kept[-1].at.timestamp()) / 2
    found = []
    for number in range(int(home.max(initial=-1)) + 1):
        rows = np.flatnonzero(home == number).tolist()
        if len(rows) < LEAST:
            break
        found.append(_gap([kept[row] for row in rows], close[rows], others, half))
    return [_placed(one, rows, articles) for one, rows in _with_rows(found[:MOST], kept, vectors)]


def _gap(
    members: Sequence[Kept], close: Vectors, others: Mapping[str, Counter[str]], half: float
) -> Gap:
    languages = Counter(one.language for one in members)
    middle = close.mean(axis=0)
    order = np.argsort(-(close @ middle), kind="stable").tolist()
    # One of each language first: whoever reads only one of them sees that it is the same question.
    firsts = {members[row].language: row for row in reversed(order)}
    chosen = sorted(firsts.values(), key=lambda row: -languages[members[row].language])
    said = {members[row].text for row in chosen}
    for row in order:
        # The same words twice tell a reader nothing more.
        if members[row].text not in said:
            said.add(members[row].text)
            chosen.append(row)
    return Gap(
        count=len(members),
        languages=dict(languages.most_common()),
        words=_words(members, others),
        examples=tuple(members[row].number for row in chosen[:EXAMPLES]),
        numbers=tuple(sorted((one.number for one in members), reverse=True)),
        newer=sum(one.at.timestamp() >= half for one in members),
        nearest=None,
        likeness=0.0,
    )


def _words(
    members: Sequence[Kept], others: Mapping[str, Counter[str]]
) -> dict[str, tuple[str, ...]]:
    inside: dict[str, list[frozenset[str]]] = {}
    for one in members:
        inside.setdefault(one.language, []).append(terms(one.text))
    named = {}
    for language, found in sorted(inside.items(), key=lambda item: (-len(item[1]), item[0])):
        outside = others.get(language, Counter())
        words = telling(found, outside, outside.get("", 0))
        if words:
            named[language] = words
    return named


def _with_rows(
    found: Sequence[Gap], kept: Sequence[Kept], vectors: Vectors
) -> list[tuple[Gap, Vectors]]:
    place = {one.number: row for row, one in enumerate(kept)}
    return [(one, vectors[[place[number] for number in one.numbers]]) for one in found]


def _placed(one: Gap, members: Vectors, articles: Vectors) -> Gap:
    """Name the article that comes nearest, for it may only want a sentence more."""
    if not len(articles):
        return one
    middle = members.mean(axis=0)
    scores = articles @ (middle / max(float(np.linalg.norm(middle)), 1e-9))
    best = int(scores.argmax())
    near = best if scores[best] >= NEAR else None
    return Gap(
        one.count, one.languages, one.words, one.examples, one.numbers, one.newer, near,
        float(scores[best]),
    )  # fmt: skip
