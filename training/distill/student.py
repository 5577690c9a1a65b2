"""Train the table: one row a token, a text is the sum of its rows (Reimers & Gurevych 2020)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch.nn import functional

from training.distill.texts import Ids, TrainingSet
from triage.encoders.base import Vectors

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the table besides the texts. Steps, not minutes, so that runs compare."""

    seed: int = 0
    vocabulary: int = 64_000
    dim: int = 256
    steps: int = 1_200
    pairs_per_step: int = 2_048
    english_per_step: int = 512
    messages_share: float = 0.7
    learning_rate: float = 2e-3
    sharpness: float = 20.0
    contrast: float = 0.5
    structure: float = 0.5
    rare_token: float = 1e-3
    checkpoint_every: int = 200


def first_rows(data: TrainingSet, targets: Vectors, recipe: Recipe) -> NDArray[np.float32]:
    """Start each token at the mean target of the texts it stands in, frequent tokens shrunk.

    The shrinking ``a / (a + p)`` is that of Arora et al. 2017. Centring the targets takes out what
    all texts share.

    Returns:
        The first table, shape ``(vocabulary, dim)``.
    """
    english = np.arange(data.english_texts)
    rows = np.concatenate([english, data.foreign])
    wanted = targets[np.concatenate([english, data.english])] - targets.mean(axis=0)
    ids, firsts = data.bag(rows)
    ends = np.append(firsts, len(ids))
    counts = sparse.csr_matrix(
        (np.ones(len(ids), np.float32), ids, ends), shape=(len(rows), data.vocabulary)
    )
    seen = np.asarray(counts.sum(axis=0)).ravel()
    mean = (counts.T @ wanted) / (seen[:, None] + 3)
    share = seen / max(float(seen.sum()), 1.0)
    first: NDArray[np.float32] = mean * (recipe.rare_token / (recipe.rare_token + share))[:, None]
    return first.astype(np.float32)


class Student:
    """The table under training, with its optimiser and its checkpoint."""

    def __init__(self, data: TrainingSet, targets: Vectors, recipe: Recipe) -> None:
        self.data, self.recipe = data, recipe
        self.targets = torch.from_numpy(targets)
        self.bags = torch.nn.EmbeddingBag(data.vocabulary, targets.shape[1], mode="sum")
        self.step = 0
        self.optimiser = torch.optim.Adam(
            self.bags.parameters(), lr=recipe.learning_rate, fused=True
        )

    def start(self, checkpoint: Path) -> None:
        """Take up the checkpoint of an earlier run, or start from the first rows."""
        if checkpoint.exists():
            state = torch.load(checkpoint, weights_only=True, mmap=True)
            self.bags.load_state_dict(state["bags"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = int(state["step"])
            return
        rows = first_rows(self.data, self.targets.numpy(), self.recipe)
        with torch.no_grad():
            self.bags.weight.copy_(torch.from_numpy(rows))

    def save(self, checkpoint: Path) -> None:
        """Write the state whole or not at all."""
        temporary = checkpoint.with_suffix(".part")
        state = {"bags": self.bags.state_dict(), "step": self.step}
        torch.save(state | {"optimiser": self.optimiser.state_dict()}, temporary)
        os.replace(temporary, checkpoint)  # noqa: PTH105 - atomic on POSIX, which rename is not named for

    def encode(self, rows: Ids) -> torch.Tensor:
        """Encode texts by their row number, shape ``(n, dim)``, unit length."""
        ids, firsts = self.data.bag(rows)
        return functional.normalize(self.bags(torch.from_numpy(ids), torch.from_numpy(firsts)))

    def train(self, checkpoint: Path, log: Log) -> NDArray[np.float32]:
        """Run the remaining steps and return the table, shape ``(vocabulary, dim)``."""
        self.start(checkpoint)
        while self.step < self.recipe.steps:
            loss = self.advance()
            if self.step % self.recipe.checkpoint_every == 0 or self.step == self.recipe.steps:
                self.save(checkpoint)
                log(f"student: step {self.step} of {self.recipe.steps}, loss {loss:.3f}")
        table: NDArray[np.float32] = self.bags.weight.detach().numpy()
        return table

    def advance(self) -> float:
        """Take one step and return its loss; a step's draw depends on seed and number alone."""
        recipe = self.recipe
        draw = np.random.default_rng([recipe.seed, self.step])
        left = 1.0 - self.step / recipe.steps
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * max(0.03, min(1.0, left + 0.05))
        loss = self._pair_loss(draw) + self._english_loss(draw)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    def _pair_loss(self, draw: np.random.Generator) -> torch.Tensor:
        data, recipe = self.data, self.recipe
        chosen = np.searchsorted(data.chance, draw.random(recipe.pairs_per_step))
        chosen = np.minimum(chosen, len(data.english) - 1)
        english, same = np.unique(data.english[chosen], return_inverse=True)
        ours, theirs = self.encode(english), self.encode(data.foreign[chosen])
        wanted = self.targets[torch.from_numpy(english)]
        answer = torch.from_numpy(same)
        pull = _distance(ours, wanted) + _distance(theirs, wanted[answer])
        # Against the student's and the teacher's English, since both fill one index.
        push = functional.cross_entropy(theirs @ ours.T * recipe.sharpness, answer)
        push_teacher = functional.cross_entropy(theirs @ wanted.T * recipe.sharpness, answer)
        return pull + recipe.contrast * 0.5 * (push + push_teacher)

    def _english_loss(self, draw: np.random.Generator) -> torch.Tensor:
        data, recipe = self.data, self.recipe
        use_messages = data.messages > 0 and draw.random() < recipe.messages_share
        upper = data.messages if use_messages else data.english_texts
        size = min(recipe.english_per_step, upper)
        rows = draw.choice(upper, size, replace=False)
        ours, wanted = self.encode(rows), self.targets[torch.from_numpy(rows)]
        itself = 1e4 * torch.eye(size)
        teacher = functional.log_softmax(wanted @ wanted.T * recipe.sharpness - itself, dim=1)
        student = functional.log_softmax(ours @ ours.T * recipe.sharpness - itself, dim=1)
        structure = functional.kl_div(student, teacher, log_target=True, reduction="batchmean")
        return _distance(ours, wanted) + recipe.structure * structure


def _distance(ours: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return (1.0 - (ours * wanted).sum(dim=1)).mean()
