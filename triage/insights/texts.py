"""Texts of the journal, a bounded number of them, and their vectors.

Texts are as they were kept: redacted, unless the settings say otherwise, and missing where
``store_text`` is ``none``. A vector is made the first time it is asked for and kept under the
number of its row until the row goes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select

from triage.encoders.base import Vectors
from triage.insights.frame import Ints
from triage.pipeline import Pipeline
from triage.storage.engine import transaction
from triage.storage.tables import decisions
from triage.suggest.embedding import UNSURE

MAX_VECTORS = 40_000
"""Vectors kept: at 256 numbers of two bytes each, 20 MB."""
READ = 600
"""Longest part of a text that is looked at, in characters: what it is about stands there."""
AT_ONCE = 500
_BATCH = 256
Half = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as the journal kept it."""

    number: int
    message_id: str
    at: datetime
    language: str
    channel: str | None
    text: str


def read_texts(engine: Engine, numbers: Iterable[int], brand: str | None) -> list[Kept]:
    """Read the texts of some rows, in the order given; those without one are left out.

    Raises:
        StoreError: When the store cannot be read.
    """
    wanted = list(numbers)
    table = decisions
    found: dict[int, Kept] = {}
    columns = (
        table.c.number,
        table.c.message_id,
        table.c.decided_at,
        table.c.language,
        table.c.channel,
        table.c.text,
    )
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        query = select(*columns).where(table.c.number.in_(part), table.c.text.is_not(None))
        if brand is not None:
            query = query.where(table.c.brand == brand)
        with transaction(engine) as connection:
            found |= {
                row.number: Kept(
                    row.number,
                    row.message_id,
                    row.decided_at.astimezone(UTC),
                    row.language,
                    row.channel,
                    row.text[:READ],
                )
                for row in connection.execute(query)
            }
    return [found[number] for number in wanted if number in found]


class Embedded:
    """Vectors of kept texts, all from the one encoder that every language shares.

    Args:
        live: Returns the pipeline that answers.
    """

    def __init__(self, live: Callable[[], Pipeline]) -> None:
        self._live = live
        self._vectors: dict[int, Half] = {}
        self._fingerprint = ""
        self._lock = Lock()

    def vectors(self, kept: Sequence[Kept]) -> Vectors:
        """Return the vectors of some texts, shape ``(n, dim)``."""
        pipeline = self._live()
        encoders, profile = pipeline.bundle.encoders, pipeline.profile
        common = encoders.encoders[profile.route(UNSURE)]
        with self._lock:
            if common.fingerprint != self._fingerprint:
                self._vectors, self._fingerprint = {}, common.fingerprint
            known = self._vectors
        fresh = [one for one in kept if one.number not in known]
        made: dict[int, Half] = {}
        for start in range(0, len(fresh), _BATCH):
            part = fresh[start : start + _BATCH]
            rows = common.encode([one.text for one in part])
            made |= {
                one.number: row.astype(np.float16) for one, row in zip(part, rows, strict=True)
            }
        have = {**known, **made}
        with self._lock:
            if common.fingerprint == self._fingerprint:
                self._vectors = dict(list(have.items())[-MAX_VECTORS:])
        if not kept:
            return np.zeros((0, encoders.dim), np.float32)
        return np.asarray([have[one.number] for one in kept], np.float32)

    def forget_gone(self, engine: Engine) -> None:
        """Forget the vectors of rows that have gone: expired, or of somebody who was erased.

        Raises:
            StoreError: When the store cannot be read.
        """
        with self._lock:
            known = sorted(self._vectors)
        if not known:
            return
        column = decisions.c.number
        with transaction(engine) as connection:
            between = select(column).where(column.between(known[0], known[-1]))
            stays = set(connection.execute(between).scalars())
        with self._lock:
            self._vectors = {n: one for n, one in self._vectors.items() if n in stays}


def thinned(numbers: Ints, most: int) -> Ints:
    """Take evenly spread rows, all where there are no more than ``most``, shape ``(m,)``."""
    if len(numbers) <= most:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, most).round().astype(np.int64)]
