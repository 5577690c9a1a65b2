"""Past messages that say the same, by the vectors of the common encoder, in whatever language.

Vectors of texts seen before are kept in memory, so that a second look costs no encoding. They are
of the bundle that answers: another bundle begins anew.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from triage.encoders.base import Vectors
from triage.pipeline import Pipeline
from triage.storage.inbox import Item
from triage.suggest.embedding import UNSURE

LOOKED_THROUGH = 300
"""Newest messages that are compared."""
KEPT = 4_000
"""Vectors in memory; of 256 dimensions they take 4 MB."""
CHARACTERS = 2_000
"""Of each text; what a message is about stands in its beginning."""
ALIKE = 0.6
"""Least cosine of messages that are shown as similar."""
MOST = 3


@dataclass(frozen=True, slots=True)
class Similar:
    """A past message and how alike it is, from 0 to 1."""

    item: Item
    alike: float


class Memory:
    """Finds similar messages; for several threads."""

    def __init__(self) -> None:
        self._vectors: OrderedDict[int, Vectors] = OrderedDict()
        self._of = ""
        self._lock = Lock()

    def find(self, pipeline: Pipeline, text: str, items: Sequence[Item]) -> list[Similar]:
        """Return the messages most like a text, the most alike first.

        Args:
            pipeline: Whose encoders compare.
            text: What is looked for.
            items: Past messages; those without a text are passed over.
        """
        texts = {one.recorded.number: one.recorded.text or "" for one in items}
        told = {number: one[:CHARACTERS] for number, one in texts.items() if one.strip()}
        known = self._known(pipeline, set(told))
        new = [number for number in told if number not in known]
        fresh = _encode(pipeline, [text[:CHARACTERS], *(told[number] for number in new)])
        known |= dict(zip(new, fresh[1:], strict=True))
        self._keep(pipeline, dict(zip(new, fresh[1:], strict=True)))
        scored = [
            Similar(one, float(known[one.recorded.number] @ fresh[0]))
            for one in items
            if one.recorded.number in known
        ]
        return sorted((one for one in scored if one.alike >= ALIKE), key=lambda one: -one.alike)[
            :MOST
        ]

    def _known(self, pipeline: Pipeline, numbers: set[int]) -> dict[int, Vectors]:
        with self._lock:
            if self._of != _name(pipeline):
                self._of = _name(pipeline)
                self._vectors.clear()
            return {number: self._vectors[number] for number in numbers & self._vectors.keys()}

    def _keep(self, pipeline: Pipeline, vectors: dict[int, Vectors]) -> None:
        with self._lock:
            if self._of == _name(pipeline):
                self._vectors |= vectors
            while len(self._vectors) > KEPT:
                self._vectors.popitem(last=False)


def _encode(pipeline: Pipeline, texts: Sequence[str]) -> Vectors:
    unsure = [UNSURE] * len(texts)
    return np.asarray(pipeline.bundle.encoders.encode(texts, unsure, pipeline.profile))


def _name(pipeline: Pipeline) -> str:
    return f"{pipeline.bundle.id} {pipeline.profile.name}"
