"""From passages and questions to the vectors that are compared."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from triage.domain import Passage
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.errors import EncoderError
from triage.suggest.query import Query

UNSURE = ""
"""The language code that every profile routes to its common encoder."""
OWN_SHARE = 0.7
"""Weight of a language's own encoder beside the common one (weight 1) in a passage's vector.

Questions come from both encoders. English paragraphs of XQuAD found first by questions in English,
Romanian and Chinese: 0.93, 0.18 and 0.27 with the English encoder's vectors alone, 0.93, 0.41 and
0.33 with two matrices, 0.95, 0.48 and 0.47 with the mean. Shares from 0.5 to 1 differ little.
"""
QUESTION_SHARE = 0.4
"""Weight of the common encoder beside the own one (weight 1) in a question's vector.

On the calibration questions recall@3 rises from 0.77 to 0.80 among articles of the question's
language and from 0.66 to 0.70 among those of others; shares from 0.3 to 0.6 differ little.
"""
BATCH = 256
"""Passages embedded at a time: enough for an encoder to sort by length, soon enough for a bar."""
RECIPE = f"blend 1, own share {OWN_SHARE}"
"""Names how a passage's vector is made; vectors of another recipe are never taken over."""


class PassageVectors(Protocol):
    """Vectors of passages embedded earlier with the same encoders."""

    def find(self, keys: Collection[bytes], *, whole: bool) -> dict[bytes, Vectors]:
        """Return the vectors that are known, by key, each of shape ``(dim,)``; never raises.

        Args:
            keys: What is looked for.
            whole: These are all passages there are, so that others may be forgotten.
        """

    def keep(self, vectors: dict[bytes, Vectors]) -> None:
        """Keep vectors for later; never raises."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """The encoders of an index with the routes taken, and what they embedded earlier.

    Args:
        encoders: Turn texts into vectors.
        profile: Routes of the languages.
        memory: Vectors embedded earlier; None embeds everything anew.
    """

    encoders: EncoderSet
    profile: Profile
    memory: PassageVectors | None = None

    def fingerprint(self) -> str:
        """Compute the SHA-256 over all that decides the vector of a text on its route."""
        names = sorted(set(self.profile.routes.values()))
        parts = [RECIPE, str(self.encoders.dim), self.encoders.space, self.profile.route(UNSURE)]
        parts += [f"{name}={self.encoders.encoders[name].fingerprint}" for name in names]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def passages(
        self,
        passages: Sequence[Passage],
        advance: Callable[[int], None] = lambda _: None,
        *,
        whole: bool = False,
    ) -> Vectors:
        """Embed passages that no memory holds and take the others from it, shape ``(n, dim)``.

        Args:
            passages: Of one index.
            advance: Hears of every so many passages that have their vector.
            whole: These are all passages of the index.
        """
        keys = [self._key(passage) for passage in passages] if self.memory else []
        known = self.memory.find(set(keys), whole=whole) if self.memory else {}
        vectors = np.zeros((len(passages), self.encoders.dim), np.float32)
        for row in (row for row, name in enumerate(keys) if name in known):
            vectors[row] = known[keys[row]]
        fresh = [row for row in range(len(passages)) if not keys or keys[row] not in known]
        advance(len(passages) - len(fresh))
        for start in range(0, len(fresh), BATCH):
            rows = fresh[start : start + BATCH]
            vectors[rows] = self._blend([passages[row] for row in rows])
            if self.memory:
                # Batch by batch, so that a build that is cut short goes on where it was.
                self.memory.keep({keys[row]: vectors[row] for row in rows})
            advance(len(rows))
        return vectors

    def question(self, query: Query) -> Vectors:
        """Mix the vectors that the language's own encoder and the common one give a question.

        Raises:
            EncoderError: When the query's vector has another width than the encoders.
        """
        if query.vector.shape != (self.encoders.dim,):
            raise EncoderError(
                f"A question's vector of shape {query.vector.shape} does not fit this index.",
                fix=f"Encode questions with the encoders of the index ({self.encoders.dim} wide).",
            )
        if self.profile.route(query.language) == self.profile.route(UNSURE):
            return query.vector
        common = self.encoders.encode([query.text], [UNSURE], self.profile)[0]
        mixed = query.vector + np.float32(QUESTION_SHARE) * common
        question: Vectors = mixed / np.maximum(np.linalg.norm(mixed), np.float32(1e-9))
        return question

    def messages(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        """Embed messages as ``question`` does, shape ``(n, dim)``, at most ``BATCH`` at a time."""
        vectors = np.zeros((len(texts), self.encoders.dim), np.float32)
        for start in range(0, len(texts), BATCH):
            some = slice(start, start + BATCH)
            vectors[some] = self._mixed(texts[some], languages[some])
        return vectors

    def _mixed(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        vectors = self.encoders.encode(texts, languages, self.profile)
        common = self.profile.route(UNSURE)
        own = [row for row, la in enumerate(languages) if self.profile.route(la) != common]
        if own:
            also = self.encoders.encode([texts[i] for i in own], [UNSURE] * len(own), self.profile)
            mixed = vectors[own] + np.float32(QUESTION_SHARE) * also
            norms = np.linalg.norm(mixed, axis=1, keepdims=True)
            vectors[own] = mixed / np.maximum(norms, np.float32(1e-9))
        return vectors

    def _key(self, passage: Passage) -> bytes:
        route = self.profile.route(passage.language)
        text = f"{route}\n{passage.text}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    def _blend(self, passages: Sequence[Passage]) -> Vectors:
        texts, languages = [p.text for p in passages], [p.language for p in passages]
        vectors = self.encoders.encode(texts, languages, self.profile)
        common = self.profile.route(UNSURE)
        own = [row for row, la in enumerate(languages) if self.profile.route(la) != common]
        if own:
            mixed = self.encoders.encode([texts[i] for i in own], [UNSURE] * len(own), self.profile)
            mixed += np.float32(OWN_SHARE) * vectors[own]
            norms = np.linalg.norm(mixed, axis=1, keepdims=True)
            vectors[own] = mixed / np.maximum(norms, np.float32(1e-9))
        return vectors
