"""Tune a sentence transformer on few labels, by contrasts within a step.

SetFit's method (Tunstall et al. 2022, arXiv 2209.11055): messages of one label are pulled together
and those of different labels apart, and a plain head is fitted on the result. All pairs of a step
count at once, weighed as in Khosla et al. 2020 (arXiv 2004.11362). The loss is our own: those of
sentence-transformers take one pair a label or hinge on triplets, and its trainer wants two more
libraries.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.config import at_least
from training.datasets import Rows
from training.finetuning.pairs import Labelled, steps_of
from training.onnx_graph import Source
from training.tuning.loop import Log, descend, encode_sorted
from triage.encoders.base import Vectors

MAP_RATE = 1e-3
Tick = Callable[[], None]
"""Called before every step; may raise to end the tuning."""


@dataclass(frozen=True, slots=True)
class FinetuneRecipe:
    """All that decides a fine-tuning besides model, messages and the number of steps.

    Args:
        seed: Seed of every draw.
        batch: Messages a step.
        rate: Peak learning rate of the model.
        sharpness: Scale of the cosines in the contrast.
        epochs: Times every message is seen, as far as the bounds on steps allow.
        least_steps: Fewest steps of a full tuning.
        most_steps: Most steps of a full tuning.
        kept: How far to go from the untuned weights to the tuned ones, of 1 (Wortsman et al. 2022,
            arXiv 2109.01903).
        most_tokens: Tokens of a message that are read while tuning.
        warm_up: Share of the steps in which the rate rises.

    Raises:
        ConfigError: When a count is too small or the seed below zero.
    """

    seed: int = 0
    batch: int = 64
    rate: float = 5e-5
    sharpness: float = 20.0
    epochs: int = 3
    least_steps: int = 40
    most_steps: int = 400
    kept: float = 1.0
    most_tokens: int = 128
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        at_least(0, seed=self.seed)
        at_least(4, batch=self.batch)
        at_least(1, epochs=self.epochs, least_steps=self.least_steps, most_tokens=self.most_tokens)

    def steps(self, messages: int) -> int:
        """Say how many steps a full tuning on so many messages takes."""
        wanted = -(-self.epochs * messages // self.batch)
        return int(np.clip(wanted, self.least_steps, self.most_steps))


class Finetuner:
    """One model that can be tuned again and again, each time from its untuned weights.

    Args:
        source: The model; changed in place.
        recipe: How to tune.
    """

    def __init__(self, source: Source, recipe: FinetuneRecipe) -> None:
        self.source, self.recipe = source, recipe
        self._untuned = {key: value.clone() for key, value in source.model.state_dict().items()}

    def tune(self, lessons: Labelled, steps: int, log: Log, tick: Tick) -> None:
        """Start from the untuned weights and take so many steps."""
        torch.manual_seed(self.recipe.seed)
        model, recipe = self.source.model, self.recipe
        model.load_state_dict(self._untuned)
        maps = _maps(lessons, int(model.get_embedding_dimension()))
        losses = [
            partial(self._loss, lessons, maps, task, rows, tick)
            for task, rows in steps_of(lessons, recipe.batch, steps, recipe.seed)
        ]
        with self._short_texts():
            descend(model, maps, (recipe.rate, MAP_RATE), losses, recipe.warm_up, log)
        if recipe.kept < 1:
            tuned = model.state_dict()
            model.load_state_dict(
                {
                    key: torch.lerp(old, tuned[key], recipe.kept)
                    if old.is_floating_point()
                    else old
                    for key, old in self._untuned.items()
                }
            )

    def rows(self, texts: Sequence[str]) -> Vectors:
        """Encode texts as the model is now into unit rows, shape ``(n, dim)``."""
        with self._short_texts():
            return np.asarray(encode_sorted(self._encode, texts, self.recipe.batch), np.float32)

    def _encode(self, texts: Sequence[str]) -> torch.Tensor:
        model = self.source.model
        features = model.preprocess(list(texts), prompt=self.source.prefix or None)
        with torch.autocast("cpu", torch.bfloat16):
            pooled = model(features)["sentence_embedding"]
        return functional.normalize(pooled.float())

    def _loss(
        self, lessons: Labelled, maps: nn.ModuleList, task: int, rows: Rows, tick: Tick
    ) -> torch.Tensor:
        """Contrast the messages of a step, and the words of their labels, by label."""
        tick()
        found = [int(label) for label in lessons.columns[rows, task]]
        distinct = list(dict.fromkeys(found))
        words = [lessons.worded(task, label) for label in distinct]
        encoded = self._encode([*(lessons.texts[row] for row in rows), *words])
        if len(maps):
            encoded = functional.normalize(maps[task](encoded))
        return contrast(encoded, torch.tensor(found + distinct), self.recipe.sharpness)

    @contextmanager
    def _short_texts(self) -> Iterator[None]:
        model = self.source.model
        limit = model.max_seq_length
        model.max_seq_length = min(limit or self.recipe.most_tokens, self.recipe.most_tokens)
        try:
            yield
        finally:
            model.max_seq_length = limit


def contrast(rows: torch.Tensor, labels: torch.Tensor, sharpness: float) -> torch.Tensor:
    """Compute how hard it is to find the rows of one's own label among all others.

    Args:
        rows: Unit rows, shape ``(n, dim)``.
        labels: Their labels, shape ``(n,)``; a label of a single row is a contrast alone.
        sharpness: Scale of the cosines.
    """
    itself = torch.eye(len(rows), dtype=torch.bool)
    scores = (rows @ rows.T * sharpness).masked_fill(itself, -torch.inf)
    same = (labels[:, None] == labels[None, :]) & ~itself
    shares = (scores - scores.logsumexp(dim=1, keepdim=True)).masked_fill(~same, 0.0)
    mates = same.sum(dim=1)
    return -(shares.sum(dim=1) / mates.clamp(min=1))[mates > 0].mean()


def _maps(lessons: Labelled, width: int) -> nn.ModuleList:
    """Give each of several tasks a map of its own into the space of its contrast.

    Messages of one priority differ in their category: without maps what one task pulls together
    another would push apart. A task alone needs none; heads are fitted before the maps.
    """
    if len(lessons.names) == 1:
        return nn.ModuleList()
    maps = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in lessons.names)
    for parameter in maps.parameters():
        nn.init.eye_(parameter)
    return maps
