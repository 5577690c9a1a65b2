"""The steps of a tuning: rates that rise and fall, clipped gradients, a line now and then."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

Log = Callable[[str], None]
LOG_EVERY = 50
LEAST_RATE = 0.02
"""Share of the peak rate that the last steps keep."""


def descend(
    model: nn.Module,
    heads: nn.Module,
    rates: tuple[float, float],
    losses: Sequence[Callable[[], torch.Tensor]],
    warm_up: float,
    log: Log,
) -> None:
    """Take one step a loss, in order, with AdamW.

    Args:
        model: What is tuned; its gradients are clipped.
        heads: What is tuned beside it and thrown away afterwards; without weight decay.
        rates: Peak learning rates of both.
        losses: Compute the loss of each step, with gradients.
        warm_up: Share of the steps in which rates rise.
        log: Takes a line every ``LOG_EVERY`` steps and at the end.
    """
    groups = [
        {"params": model.parameters(), "peak": rates[0]},
        {"params": heads.parameters(), "peak": rates[1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    seen: list[float] = []
    for step, loss_of in enumerate(losses):
        _set_rates(optimiser, step, len(losses), warm_up)
        loss = loss_of()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        seen.append(float(loss.detach()))
        if step % LOG_EVERY == 0 or step == len(losses) - 1:
            log(f"step {step + 1} of {len(losses)}, loss {np.mean(seen[-LOG_EVERY:]):.3f}")


def encode_sorted(
    encode: Callable[[Sequence[str]], torch.Tensor], texts: Sequence[str], size: int
) -> torch.Tensor:
    """Encode texts without gradients, those of about one length together, shape ``(n, dim)``."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    out: list[torch.Tensor] = [torch.empty(0)] * len(texts)
    with torch.no_grad():
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            for row, vector in zip(rows, encode([texts[row] for row in rows]), strict=True):
                out[row] = vector
    return torch.stack(out)


def _set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int, warm_up: float) -> None:
    rising = min(1.0, (step + 1) / max(1.0, warm_up * steps))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * rising * max(LEAST_RATE, 1.0 - step / steps)
