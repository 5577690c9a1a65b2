"""Train the contextual student: MiniLM's layers over pieces of Danish, Romanian and Chinese."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import BertModel

from training.config import at_least
from training.distill.pieces import Pieces
from training.distill.texts import Ids
from triage.encoders.base import Vectors

Log = Callable[[str], None]
RISING_STEPS = 100
"""Steps at the start in which the learning rates rise."""
LEAST_RATE = 0.02
"""Share of the peak rate that the last steps keep."""
DRAWN_FOR_ONE = 16
"""Texts drawn for each that is taken, so that those of about one length go together."""


@dataclass(frozen=True, slots=True)
class ContextualRecipe:
    """All that decides the student besides the texts.

    Args:
        seed: Seed of every draw.
        vocabulary: Pieces that get a row.
        steps: Steps in all.
        frozen_steps: Steps at the start that train the rows of the pieces alone.
        sentences_per_step: Pairs of a step of single sentences.
        joined_per_step: Pairs of a step of joined sentences.
        joined_share: Share of the steps that take joined sentences.
        rows_rate: Learning rate of the rows.
        layers_rate: Learning rate of everything else.
        sharpness: Scale of the cosines in the contrast.
        contrast: Weight of the contrast beside the distance.
        checkpoint_every: Steps between two checkpoints.

    Raises:
        ConfigError: When a count is below one, or the seed or ``frozen_steps`` below zero.
    """

    seed: int = 0
    vocabulary: int = 42_000
    steps: int = 1_700
    frozen_steps: int = 600
    sentences_per_step: int = 192
    joined_per_step: int = 80
    joined_share: float = 0.15
    rows_rate: float = 1e-3
    layers_rate: float = 1e-4
    sharpness: float = 20.0
    contrast: float = 0.5
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        at_least(0, seed=self.seed, frozen_steps=self.frozen_steps)
        at_least(1, vocabulary=self.vocabulary, steps=self.steps)
        at_least(1, sentences_per_step=self.sentences_per_step)
        at_least(1, joined_per_step=self.joined_per_step, checkpoint_every=self.checkpoint_every)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Foreign texts as token ids, and the row that each shall be given.

    Args:
        tokens: Ids of all texts one after the other, shape ``(all tokens,)``.
        offsets: Where each text starts, shape ``(n + 1,)``.
        answer: Row of ``targets`` for each text, shape ``(n,)``.
        targets: Rows of unit length in the shared space, shape ``(english, dim)``.
        chance: Cumulative chance of drawing each text, shape ``(n,)``.
    """

    tokens: NDArray[np.int32]
    offsets: Ids
    answer: Ids
    targets: Vectors
    chance: NDArray[np.float64]

    def draw(self, random: np.random.Generator, count: int) -> Ids:
        """Draw texts of about one length: a stretch of many more draws, sorted by length.

        Returns:
            Numbers of the texts, shape ``(count,)``; one may come twice.
        """
        chosen = np.searchsorted(self.chance, random.random(count * DRAWN_FOR_ONE))
        chosen = np.minimum(chosen, len(self.answer) - 1)
        lengths = self.offsets[chosen + 1] - self.offsets[chosen]
        chosen = chosen[np.argsort(lengths, kind="stable")]
        start = count * int(random.integers(DRAWN_FOR_ONE))
        rows: Ids = chosen[start : start + count]
        return rows


class ContextualStudent:
    """The student under training, with its optimiser and its checkpoint; dropout stays off.

    Args:
        layers: The teacher's transformer, whose weights are started from; changed in place.
        first_rows: First rows of the pieces, shape ``(vocabulary, width)``.
        projection: Matrix into the shared space, shape ``(width, dim)``.
        pieces: What the ids mean.
        recipe: How to train.
    """

    def __init__(
        self,
        layers: BertModel,
        first_rows: NDArray[np.float32],
        projection: NDArray[np.float32],
        pieces: Pieces,
        recipe: ContextualRecipe,
    ) -> None:
        layers.resize_token_embeddings(len(first_rows), mean_resizing=False)
        self.rows = layers.embeddings.word_embeddings
        with torch.no_grad():
            self.rows.weight.copy_(torch.from_numpy(first_rows))
        layers.train(mode=False)
        self.layers, self.pieces, self.recipe = layers, pieces, recipe
        self.projection = torch.from_numpy(projection)
        self.others = [p for p in layers.parameters() if p is not self.rows.weight]
        groups = [
            {"params": [self.rows.weight], "peak": recipe.rows_rate},
            {"params": self.others, "peak": recipe.layers_rate},
        ]
        self.optimiser = torch.optim.Adam(groups, lr=0.0, betas=(0.9, 0.98), fused=True)
        self.step = 0

    def resume(self, checkpoint: Path) -> None:
        """Take up the checkpoint of an earlier run of the same recipe where there is one."""
        if checkpoint.exists():
            state = torch.load(checkpoint, weights_only=True, mmap=True)
            self.layers.load_state_dict(state["layers"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = int(state["step"])

    def save(self, checkpoint: Path) -> None:
        """Write the state whole or not at all."""
        temporary = checkpoint.with_suffix(".part")
        state = {"layers": self.layers.state_dict(), "step": self.step}
        torch.save(state | {"optimiser": self.optimiser.state_dict()}, temporary)
        os.replace(temporary, checkpoint)  # noqa: PTH105 - atomic on POSIX, which rename is not named for

    def train(self, sentences: Lessons, joined: Lessons, checkpoint: Path, log: Log) -> BertModel:
        """Run the remaining steps and return the transformer.

        Args:
            sentences: Single sentences; not empty.
            joined: Longer texts; not empty.
            checkpoint: File that the state is kept in; its folder must be there.
            log: Takes a line of progress at every checkpoint.
        """
        self.resume(checkpoint)
        recent: list[float] = []
        while self.step < self.recipe.steps:
            recent.append(self.advance(sentences, joined))
            if self.step % self.recipe.checkpoint_every == 0 or self.step == self.recipe.steps:
                self.save(checkpoint)
                loss = float(np.mean(recent))
                log(f"student: step {self.step} of {self.recipe.steps}, loss {loss:.3f}")
                recent = []
        return self.layers

    def advance(self, sentences: Lessons, joined: Lessons) -> float:
        """Take one step and return its loss; a step's draw depends on seed and number alone."""
        recipe = self.recipe
        random = np.random.default_rng([recipe.seed, self.step])
        lessons, count = sentences, recipe.sentences_per_step
        if random.random() < recipe.joined_share:
            lessons, count = joined, recipe.joined_per_step
        self._set_rates()
        loss = self._loss(lessons, lessons.draw(random, count))
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    def _set_rates(self) -> None:
        recipe = self.recipe
        thawed = self.step >= recipe.frozen_steps
        for parameter in self.others:
            parameter.requires_grad_(thawed)
        left = max(LEAST_RATE, 1.0 - self.step / recipe.steps)
        rising = min(1.0, (self.step + 1) / RISING_STEPS)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * left * rising

    def _loss(self, lessons: Lessons, rows: Ids) -> torch.Tensor:
        english, same = np.unique(lessons.answer[rows], return_inverse=True)
        wanted = torch.from_numpy(lessons.targets[english])
        answer = torch.from_numpy(same)
        ours = self.encode(lessons, rows)
        distance = (1.0 - (ours * wanted[answer]).sum(dim=1)).mean()
        contrast = functional.cross_entropy(ours @ wanted.T * self.recipe.sharpness, answer)
        return distance + self.recipe.contrast * contrast

    def encode(self, lessons: Lessons, rows: Ids) -> torch.Tensor:
        """Encode texts by number into unit rows of the shared space, shape ``(n, dim)``."""
        ids, mask = self.pieces.pad(lessons.tokens, lessons.offsets, rows)
        with torch.autocast("cpu", torch.bfloat16):
            hidden = self.layers(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(2).float()
        mean = (hidden.float() * weight).sum(dim=1) / weight.sum(dim=1)
        return functional.normalize(mean @ self.projection)
