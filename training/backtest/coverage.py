"""Which periods a bundle may have been trained on: scored there, it looks better than it is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from training.backtest.history import History
from training.backtest.periods import Period
from training.config import SplitConfig
from training.datasets import Examples
from training.split import split
from triage.bundle.manifest import Manifest
from triage.errors import ExportError

Seen = Literal["yes", "maybe"]


def covered(
    manifest: Manifest, history: History, periods: Sequence[Period]
) -> tuple[dict[str, Seen], list[str]]:
    """Tell which periods the training rows of a bundle cover, as far as its manifest tells.

    The manifest names its training rows by their fingerprint alone. Where these are the rows of
    this history, or those that ``fit`` takes of them, the answer is sure; else every period that
    began before the bundle was made may be covered.

    Returns:
        Name of the period to how sure that is, and a warning where there is one.
    """
    last = _last_trained(manifest.data_fingerprint, history)
    if last is not None:
        names: dict[str, Seen] = {p.name: "yes" for p in periods if p.begin <= last}
        told = f"the bundle was trained on these rows up to {last.date()}: it knows the answers"
    else:
        made = _moment(manifest.created)
        names = {p.name: "maybe" for p in periods if p.begin < made}
        told = (
            f"the manifest does not date the rows that the bundle was trained on; it was made on "
            f"{made.date()}, so it may know the answers"
        )
    listed = list(names)
    spread = f"of {listed[0]} to {listed[-1]}" if len(listed) > 1 else f"of {''.join(listed)}"
    return names, [f"{told} {spread}, marked *"] if names else []


def _last_trained(fingerprint: str, history: History) -> datetime | None:
    """Find the date of the newest training row where they are rows of this history."""
    rows = history.examples.take(history.file_order)
    if rows.fingerprint() == fingerprint:
        return history.moments[-1]
    try:
        train = rows.take(split(rows, SplitConfig(), seed=0).fitted)
    except ExportError:
        return None
    return _newest(train) if train.fingerprint() == fingerprint else None


def _newest(examples: Examples) -> datetime:
    return _moment(max(examples.times))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
