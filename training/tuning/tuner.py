"""Tune one sentence transformer: part the labels, find the answers, stay in the space."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from torch import nn
from torch.nn import functional

from training.config import at_least
from training.noise import roughen
from training.tuning.lessons import UNKNOWN, Lessons
from training.tuning.loop import Log, descend, encode_sorted

Rows = NDArray[np.int64]
TITLE = 90
"""Characters up to which an article's text is taken for a title."""


@dataclass(frozen=True, slots=True)
class TuningRecipe:
    """All that decides a tuning besides model and messages.

    Args:
        seed: Seed of every draw.
        epochs: Times every message is seen.
        batch: Messages a step.
        layers_rate: Peak learning rate of the model.
        heads_rate: Peak learning rate of the heads, which are thrown away afterwards.
        anchor: Weight of the distance to the untuned vector, which keeps the shared space.
        answers: Weight of telling a message's answer from those of the other messages in the step.
        sharpness: Scale of the cosines in that contrast.
        head_scale: Length of the unit vectors that heads see.
        smoothing: Share of a label's weight spread over all labels.
        most_tokens: Tokens of a message that are read.
        rough_share: Share of the messages that are read with slips of the keyboard.
        warm_up: Share of the steps in which rates rise.

    Raises:
        ConfigError: When a count is below one or the seed below zero.
    """

    seed: int = 0
    epochs: int = 2
    batch: int = 32
    layers_rate: float = 5e-5
    heads_rate: float = 1e-2
    anchor: float = 1.0
    answers: float = 0.3
    sharpness: float = 20.0
    head_scale: float = 8.0
    smoothing: float = 0.05
    most_tokens: int = 128
    rough_share: float = 0.4
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        at_least(0, seed=self.seed)
        at_least(1, epochs=self.epochs, batch=self.batch, most_tokens=self.most_tokens)


class Tuner:
    """A sentence transformer under tuning, with a head a task.

    Args:
        model: The sentence-transformers model; changed in place, its ``max_seq_length`` included.
        projection: Matrix into the shared space, shape ``(width, dim)``.
        recipe: How to tune.
        reference: English titles as the space has them, each of shape ``(dim,)``; None where the
            model is itself the English one.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        projection: NDArray[np.float32],
        recipe: TuningRecipe,
        reference: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        self.model, self.recipe, self.reference = model, recipe, reference
        self.model.max_seq_length = recipe.most_tokens
        self.projection = torch.from_numpy(projection)

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode texts into unit rows of the shared space, shape ``(n, dim)``, with gradients."""
        features = self.model.preprocess(list(texts))
        with torch.autocast("cpu", torch.bfloat16):
            pooled = self.model(features)["sentence_embedding"]
        return functional.normalize(pooled.float() @ self.projection)

    def tune(self, lessons: Lessons, log: Log) -> None:
        """Run all epochs over one or more messages; the heads are thrown away."""
        torch.manual_seed(self.recipe.seed)
        kept = self._untuned(lessons)
        heads = nn.ModuleList(nn.Linear(kept.shape[1], size) for size in lessons.sizes)
        for parameter in heads.parameters():
            nn.init.zeros_(parameter)
        # Left in evaluation mode: drawing the masks of dropout takes most of a step on a processor.
        losses = [
            partial(self._loss, lessons, rows, kept, heads, step)
            for step, rows in enumerate(self._batches(lessons))
        ]
        recipe = self.recipe
        rates = (recipe.layers_rate, recipe.heads_rate)
        descend(self.model, heads, rates, losses, recipe.warm_up, log)

    def _untuned(self, lessons: Lessons) -> torch.Tensor:
        """Encode the messages as the model is now, shape ``(n, dim)``, without gradients."""
        self.model.eval()
        return encode_sorted(self.encode, lessons.texts, self.recipe.batch)

    def _batches(self, lessons: Lessons) -> Iterator[Rows]:
        """Yield the rows of each step: texts of about one length together, steps shuffled."""
        random, size = np.random.default_rng(self.recipe.seed), self.recipe.batch
        lengths = np.array([len(text) for text in lessons.texts])
        for _ in range(self.recipe.epochs):
            order = random.permutation(len(lessons))
            batches: list[Rows] = []
            for start in range(0, len(order), size * 16):
                part = order[start : start + size * 16]
                part = part[np.argsort(lengths[part], kind="stable")]
                batches += [part[i : i + size] for i in range(0, len(part), size)]
            for place in random.permutation(len(batches)):
                yield batches[place]

    def _loss(
        self,
        lessons: Lessons,
        rows: Rows,
        kept: torch.Tensor,
        heads: nn.ModuleList,
        step: int,
    ) -> torch.Tensor:
        recipe = self.recipe
        ours = self.encode(self._as_written(lessons, rows, step))
        loss = recipe.anchor * (1.0 - (ours * kept[rows]).sum(dim=1)).mean()
        for head, wanted in zip(heads, lessons.labels[rows].T, strict=True):
            known = np.flatnonzero(wanted != UNKNOWN)
            if len(known):
                losses = functional.cross_entropy(
                    head(ours[known] * recipe.head_scale),
                    torch.from_numpy(wanted[known]),
                    label_smoothing=recipe.smoothing,
                    reduction="none",
                )
                loss = loss + (losses * torch.from_numpy(lessons.weights[rows[known]])).mean()
        return loss + recipe.answers * self._answer_loss(lessons, rows, ours, step)

    def _as_written(self, lessons: Lessons, rows: Rows, step: int) -> list[str]:
        random = Random(f"{self.recipe.seed} {step}")  # noqa: S311 - slips, no secret
        return [
            roughen(lessons.texts[row], lessons.languages[row], random)
            if random.random() < self.recipe.rough_share
            else lessons.texts[row]
            for row in rows
        ]

    def _answer_loss(
        self, lessons: Lessons, rows: Rows, ours: torch.Tensor, step: int
    ) -> torch.Tensor:
        """Contrast each message's article with those of the step and one rival of its industry."""
        random = np.random.default_rng([self.recipe.seed, step])
        asked = [place for place, row in enumerate(rows) if lessons.answers[row] is not None]
        if not asked:
            return torch.zeros(())
        known = [lessons.answers[rows[place]] for place in asked]
        right = [_pick(random, one.own) for one in known if one]
        rivals = [_pick(random, one.rivals) for one in known if one and one.rivals]
        # Short titles first: a few long texts would pad them all, which takes twice as long.
        candidates = sorted(dict.fromkeys([*right, *rivals]), key=len)
        wanted = torch.tensor([candidates.index(text) for text in right])
        short = sum(len(text) <= TITLE for text in candidates)
        parts = [part for part in (candidates[:short], candidates[short:]) if part]
        encoded = torch.cat([self.encode(part) for part in parts])
        scores = ours[asked] @ encoded.T * self.recipe.sharpness
        loss = functional.cross_entropy(scores, wanted)
        if self.reference is None:
            return loss
        titles = list(dict.fromkeys(one.english for one in known if one))
        english = torch.stack([self.reference[title] for title in titles])
        same = torch.tensor([titles.index(one.english) for one in known if one])
        across = functional.cross_entropy(ours[asked] @ english.T * self.recipe.sharpness, same)
        return (loss + across) / 2


def _pick(random: np.random.Generator, texts: Sequence[str]) -> str:
    return texts[int(random.integers(len(texts)))]
