"""What rows look like: counts, languages, lengths, dates, twins and sources."""

from collections import Counter

import numpy as np

from training.datasets import Examples
from training.report.private import named, printable
from training.report.subject import Json
from training.split import cluster

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = 12
"""Names shown of languages, channels and sources."""


def profile(examples: Examples) -> Json:
    """Describe rows without showing any of them."""
    lengths = np.asarray([len(text) for text in examples.texts])
    dated = sorted(time for time in examples.times if time)
    clusters = len(np.unique(cluster(examples))) if len(examples) else 0
    return {
        "rows": len(examples),
        "languages": _counts(examples.declared),
        "channels": _counts(examples.channels),
        "sources": [{**one, "name": named(one["name"])} for one in _counts(examples.sources)],
        "length": {f"{q:.2f}": float(v) for q, v in _quantiles(lengths).items()},
        "dated": len(dated),
        "first": dated[0][:10] if dated else None,
        "last": dated[-1][:10] if dated else None,
        "equal_texts": len(examples) - len(set(examples.texts)),
        "clusters": clusters,
        "tasks": {
            printable(task): {
                "answered": int(examples.answered(task).sum()),
                "labels": len({label for label in labels if label}),
            }
            for task, labels in examples.labels.items()
        },
        "fingerprint": examples.fingerprint(),
    }


def _counts(values: tuple[str, ...]) -> list[Json]:
    common = Counter(values).most_common()
    shown = [{"name": printable(name) or "not told", "n": n} for name, n in common[:SHOWN]]
    rest = sum(n for _, n in common[SHOWN:])
    return [*shown, *([{"name": f"{len(common) - SHOWN} more", "n": rest}] if rest else [])]


def _quantiles(lengths: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[float, float]:
    if not len(lengths):
        return {}
    return dict(zip(QUANTILES, np.quantile(lengths, QUANTILES).tolist(), strict=True))
