"""Find the answers that agents give again and again, and publish what they have in common.

An answer is published where enough tickets had nearly the same one, and of it only the sentences
that stand in as many of them word for word. So nothing that was written to one person is shown to
another: what is said to few is not in common, however it slipped past the search for names.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.knowledge.replies import Unit
from triage.suggest.postings import tokens
from triage.text.passages import size

ALIKE = 0.5
"""Share of three-word runs that two answers have in common to count as one (Jaccard)."""
COMMON = 0.5
"""Share of an answer's words that must be common to its tickets."""
MIN_WORDS = 8
"""Fewest words of a published answer."""
REQUESTERS = 2
"""Fewest requesters that an answer or a sentence must have gone to, where they are known."""
BANDS, ROWS = 20, 3
"""Of the sketches: two answers meet where one band of rows is equal (Broder 1997)."""
_RUN = 3
_STEP = re.compile(r"(?:[-*+•]|(\d{1,3})([.)])) ")

Hashes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Answered:
    """One ticket: what was asked, by whom, and what an agent answered.

    ``requester`` is ``""`` where it is not known; ``questions`` are short forms of what was asked,
    the best first.
    """

    ticket: str
    requester: str
    questions: tuple[str, ...]
    units: tuple[Unit, ...]


class Mined(NamedTuple):
    """An answer worth an article: its body, the tickets that it rests on, and their number."""

    body: str
    tickets: tuple[Answered, ...]
    size: int


class Found(NamedTuple):
    """What was found, and how many tickets did not lead to an answer, by reason."""

    mined: list[Mined]
    unused: Counter[str]


FEW = "tickets whose answer too few others had"
DIFFERENT = "tickets whose answers have too little in common"


def mine(tickets: Sequence[Answered], least: int) -> Found:
    """Find the answers that at least so many tickets share; the order of tickets does not matter.

    Args:
        tickets: Of one language and brand, one entry a ticket.
        least: Fewest tickets of an answer, and of every sentence of it.
    """
    mined: dict[str, list[Answered]] = defaultdict(list)
    unused: Counter[str] = Counter()
    for group in _groups(tickets):
        if not _enough(group, least):
            unused[FEW] += len(group)
            continue
        body = _common(group, least)
        if body:
            # Two groups may be one where their own lines kept them apart.
            mined[body] += group
        else:
            unused[DIFFERENT] += len(group)
    return Found([Mined(body, tuple(one), len(one)) for body, one in mined.items()], unused)


def _enough(tickets: Sequence[Answered], least: int) -> bool:
    """Tell whether there are so many tickets, of more than one requester where that is known."""
    known = {one.requester for one in tickets} - {""}
    named = sum(bool(one.requester) for one in tickets)
    several = len(known) >= REQUESTERS or named < len(tickets)
    return len({one.ticket for one in tickets}) >= least and several


def _groups(tickets: Sequence[Answered]) -> list[list[Answered]]:
    """Put each ticket to the most usual answer that its own is like.

    Answers go by how many tickets have them, so that a group has a centre, and no chain of small
    differences joins two answers.
    """
    same: dict[tuple[str, ...], list[Answered]] = defaultdict(list)
    for one in sorted(tickets, key=lambda one: natural(one.ticket)):
        same[tuple(unit.key for unit in one.units)].append(one)
    ordered = sorted(same, key=lambda keys: (-len(same[keys]), keys))
    runs = [_runs(" ".join(keys)) for keys in ordered]
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    members: dict[int, list[int]] = {}
    for number, mine_ in enumerate(runs):
        bands = [(band, rows.tobytes()) for band, rows in enumerate(_sketch(mine_))]
        near = {leader for place in bands for leader in buckets[place]}
        likeness = {leader: _jaccard(mine_, runs[leader]) for leader in sorted(near)}
        best = max(likeness, key=likeness.__getitem__, default=None)
        if best is not None and likeness[best] >= ALIKE:
            members[best].append(number)
            continue
        members[number] = [number]
        for place in bands:
            buckets[place].append(number)
    return [[one for at in group for one in same[ordered[at]]] for group in members.values()]


def natural(name: str) -> tuple[int, str]:
    """Order ids of one form as numbers are ordered."""
    return len(name), name


def _runs(text: str) -> Hashes:
    words = [word for word in tokens(text) if not word.endswith("*")]
    joined = {" ".join(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1))}
    return np.unique(np.array([zlib.crc32(run.encode()) for run in joined], np.uint32))


def _sketch(runs: Hashes) -> NDArray[np.uint64]:
    """Return the smallest of every row's hashes, shape ``(BANDS, ROWS)``."""
    # Below 2 ** 61, so that nothing overflows.
    values = runs.astype(np.uint64)[None, :] % np.uint64(1 << 29)
    drawn = _drawn()
    hashed = (drawn[:, :1] * values + drawn[:, 1:]) % np.uint64((1 << 61) - 1)
    return np.asarray(hashed.min(axis=1).reshape(BANDS, ROWS), np.uint64)


@cache
def _drawn() -> NDArray[np.uint64]:
    """Draw the hash functions, the same in every run."""
    return np.random.default_rng(7).integers(1, 1 << 31, size=(BANDS * ROWS, 2), dtype=np.uint64)


def _jaccard(one: Hashes, other: Hashes) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def _common(group: Sequence[Answered], least: int) -> str:
    """Write what enough tickets of a group say word for word, as the most usual answer has it."""
    having: dict[str, list[Answered]] = defaultdict(list)
    for one in group:
        for key in {unit.key for unit in one.units}:
            having[key].append(one)
    leader = group[0].units
    kept = [unit for unit in leader if _enough(having[unit.key], least)]
    words, all_words = _size(kept), _size(leader)
    if words < MIN_WORDS or words < COMMON * all_words:
        return ""
    return _written(kept)


def _size(units: Collection[Unit]) -> float:
    return sum(size(unit.text) for unit in units)


def _written(units: Sequence[Unit]) -> str:
    """Write sentences in the lines they stood in; steps keep their marks and stand together."""
    lines: list[str] = []
    for _, row in groupby(units, key=lambda unit: unit.line):
        said = list(row)
        line = f"{said[0].marker}{' '.join(unit.text for unit in said)}"
        if lines and not (said[0].marker and _is_step(lines[-1])):
            lines.append("")
        lines.append(line)
    return "\n".join(_numbered(lines))


def _is_step(line: str) -> bool:
    return _STEP.match(line) is not None


def _numbered(lines: Sequence[str]) -> list[str]:
    """Count steps anew, since one may have been left out."""
    out: list[str] = []
    number = 0
    for line in lines:
        step = _STEP.match(line)
        if step and step[1]:
            number += 1
            out.append(f"{number}{step[2]} {line[step.end() :]}")
        else:
            number = 0 if line else number
            out.append(line)
    return out


def title_of(tickets: Sequence[Answered], said: Mapping[str, int], least: int) -> str:
    """Choose how most requesters would name the matter, in words that many tickets use.

    Args:
        tickets: That the answer rests on.
        said: In how many tickets of all each word stands.
        least: Fewest tickets that must use each word of a title.
    """
    candidates = Counter(question for one in tickets for question in dict.fromkeys(one.questions))
    words = Counter(
        word
        for one in tickets
        for word in {word for text in one.questions for word in _plain_words(text)}
    )
    best: tuple[float, int, str] | None = None
    for text, times in candidates.items():
        own = _plain_words(text)
        if not own or any(said.get(word, 0) < least for word in own):
            continue
        share = sum(words[word] for word in own) / (len(own) * len(tickets))
        rank = (share * min(len(own), _RUN) + times / len(tickets), -len(text), text)
        best = max(best, rank) if best else rank
    return best[2] if best else ""


def words_said(tickets: Iterable[Answered]) -> Counter[str]:
    """Count in how many tickets each word of a question stands."""
    return Counter(
        word
        for one in tickets
        for word in {word for text in one.questions for word in _plain_words(text)}
    )


def _plain_words(text: str) -> set[str]:
    return {word for word in tokens(text) if not word.endswith("*")}
