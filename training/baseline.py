"""Record what the training rows look like, for the service to compare its messages with."""

from collections import Counter
from collections.abc import Iterable
from typing import get_args

from training.datasets import Examples
from triage.bundle.baseline import Baseline, bucket
from triage.domain import Channel

CHANNELS = frozenset(get_args(Channel))
LEAST_TARGET = 200
"""Rows that the figures are measured on stand for the mail to come, if there are as many."""


def baseline_of(train: Examples) -> Baseline:
    """Count the shares of languages, lengths, channels and labels.

    Of the rows that temperatures are measured on, such as the newest of a dated export, or of all
    where those are few.
    """
    enough = int(train.target.sum()) >= LEAST_TARGET
    rows = train.take(train.target) if enough else train
    return Baseline(
        rows=len(rows),
        language=_shares(rows.languages),
        length=_shares(bucket(len(text)) for text in rows.texts),
        channel=_shares(_channels(rows)),
        labels={
            task: _shares(label for label in labels if label)
            for task, labels in rows.labels.items()
        },
    )


def _channels(rows: Examples) -> list[str]:
    """Return the channels if they have the names that the API knows; else none can be compared."""
    named = [channel.strip().lower().replace(" ", "_") for channel in rows.channels if channel]
    return named if CHANNELS.issuperset(named) else []


def _shares(values: Iterable[str]) -> dict[str, float]:
    counts = Counter(values)
    return {name: round(count / counts.total(), 6) for name, count in counts.most_common()}
