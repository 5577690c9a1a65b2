"""Read the journal and the feedback into columns: read-only, one brand, so many rows at most.

What was read before is kept, and only newer rows are read; where rows have gone since, because they
expired or somebody was erased, everything is read again, so nothing outlives its row.
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, cast, func, select
from sqlalchemy import Text as SqlText

from triage.insights.frame import NONE, Column, Decisions, Ints, Uses
from triage.storage.engine import transaction
from triage.storage.tables import decisions, feedback

MAX_ROWS = 250_000
"""Decisions and rows of feedback that are looked at, the newest: about 30 MB of columns."""
AT_ONCE = 5_000
"""Rows fetched in one go, so that no other thread waits long for this one."""
_EMPTY, _EMPTY_LIST = "{}", "[]"
_PASSAGE = re.compile(r'"passage_id": ?"([^"]*)"')
_PARTS = ("top_label", "decision")

Part = TypeVar("Part", Decisions, Uses)


class Reader(Generic[Part]):
    """Keeps the columns of one brand and brings them up to date.

    Args:
        table: Which rows: ``decisions`` or ``feedback``.
        moment: The column that tells when.
        brand: Only this one's rows; None reads all, those of no brand too.
        read: Turns rows behind a number into columns.
    """

    def __init__(
        self,
        table: Table,
        moment: ColumnElement[datetime],
        brand: str | None,
        read: Callable[[Connection, Select[Any]], Part],
    ) -> None:
        self._table, self._moment, self._brand = table, moment, brand
        self._read: Callable[[Connection, Select[Any]], Part] = read
        self._part: Part | None = None
        self._first = 0
        self._since = 0.0
        self._lock = Lock()

    def upto_date(self, engine: Engine, since: float) -> Part:
        """Return the rows since a moment, the newest ``MAX_ROWS`` of them.

        Raises:
            StoreError: When the store cannot be read.
        """
        with self._lock, transaction(engine) as connection:
            part = self._grown(connection, since)
            if part is None:
                self._first, self._since = self._start(connection, since), since
                part = self._read(connection, self._rows(self._first - 1))
            self._part = part
            return part

    def _grown(self, connection: Connection, since: float) -> Part | None:
        """Add what is newer to what is known; None where that does not give all there is."""
        part = self._part
        if part is None or since < self._since or len(part) > MAX_ROWS:
            return None
        last = int(part.number.max(initial=self._first - 1))
        grown = part.joined(self._read(connection, self._rows(last)))
        query = select(func.count()).select_from(self._rows(self._first - 1).subquery())
        whole = connection.execute(query).scalar_one() == len(np.unique(grown.number))
        return grown if whole else None

    def _rows(self, behind: int) -> Select[Any]:
        table = self._table
        query = select(table.c.number).where(table.c.number > behind)
        return query if self._brand is None else query.where(table.c.brand == self._brand)

    def _start(self, connection: Connection, since: float) -> int:
        """Return the number to begin with: the first since then, or so many rows before the end."""
        table, begin = self._table, datetime.fromtimestamp(since, UTC)
        first = connection.execute(
            select(func.min(table.c.number)).where(self._moment >= begin)
        ).scalar()
        if first is None:
            return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1
        rows = self._rows(int(first) - 1).order_by(table.c.number.desc())
        bound = connection.execute(rows.offset(MAX_ROWS - 1).limit(1)).scalar()
        return int(bound if bound is not None else first)


def decision_reader(brand: str | None, tasks: Sequence[str]) -> Reader[Decisions]:
    """Make a reader of the journal that looks at the labels of these tasks."""
    names = tuple(tasks)

    def read(connection: Connection, rows: Select[Any]) -> Decisions:
        return _decisions(connection, rows, names)

    return Reader(decisions, decisions.c.decided_at, brand, read)


def use_reader(brand: str | None) -> Reader[Uses]:
    """Make a reader of the feedback."""
    return Reader(feedback, feedback.c.received_at, brand, _uses)


def _decisions(connection: Connection, rows: Select[Any], tasks: Sequence[str]) -> Decisions:
    table = decisions
    # The database takes the labels apart, and meanwhile no other thread of ours waits.
    parts = [table.c.labels[(task, part)].as_string() for task in tasks for part in _PARTS]
    query = rows.with_only_columns(
        table.c.number,
        _seconds(connection, table.c.decided_at),
        table.c.language,
        table.c.channel,
        table.c.bundle,
        table.c.no_suggestion_reason,
        table.c.text.is_not(None),
        cast(table.c.suggestions, SqlText),
        *parts,
    ).order_by(table.c.number)
    found = _columns(connection, query, 8 + len(parts))
    offered, passages = _offered(found[7])
    return Decisions(
        number=np.array(found[0], np.int64),
        at=np.array(found[1], np.float64),
        language=Column.of(found[2]),
        channel=Column.of(found[3]),
        bundle=Column.of(found[4]),
        reason=Column.of(found[5]),
        text=np.array(found[6], bool),
        labels={task: Column.of(found[8 + 2 * at]) for at, task in enumerate(tasks)},
        decided={task: Column.of(found[9 + 2 * at]) for at, task in enumerate(tasks)},
        offered=offered,
        passage=Column.of(passages),
    )


def _offered(suggestions: Sequence[str]) -> tuple[Ints, list[str]]:
    rows: list[int] = []
    passages: list[str] = []
    for row, content in enumerate(suggestions):
        if content == _EMPTY_LIST:
            continue
        # Four times as quick as reading all of it, which matters for 100,000 rows.
        found = _PASSAGE.findall(content)
        if "\\" in content:
            found = [one["passage_id"] for one in json.loads(content)]
        rows += [row] * len(found)
        passages += found
    return np.array(rows, np.int64), passages


def _uses(connection: Connection, rows: Select[Any]) -> Uses:
    table = feedback
    query = rows.with_only_columns(
        table.c.number,
        table.c.decision,
        _seconds(connection, table.c.received_at),
        cast(table.c.labels, SqlText),
        cast(table.c.final, SqlText),
        cast(table.c.suggestions, SqlText),
    ).order_by(table.c.number)
    found: list[tuple[int, int, float, str, str, float]] = []
    for number, decision, at, labels, final, suggestions in _fetched(connection, query):
        before = len(found)
        for content, kind in ((labels, "labelled"), (final, "closed")):
            if content != _EMPTY:
                found += [
                    (number, decision, at, kind, f"{task}={label}", np.nan)
                    for task, label in json.loads(content).items()
                ]
        for use in json.loads(suggestions) if suggestions != _EMPTY_LIST else ():
            edit = use.get("edit_distance")
            distance = np.nan if edit is None else float(edit)
            found.append((number, decision, at, use["event"], use["passage_id"], distance))
        if len(found) == before:
            # Each row counts once at least, so that rows that have gone are noticed.
            found.append((number, decision, at, NONE, NONE, np.nan))
    columns = list(zip(*found, strict=True)) if found else [()] * 6
    return Uses(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.float64),
        Column.of(columns[3]),
        Column.of(columns[4]),
        np.array(columns[5], np.float64),
    )


def _columns(connection: Connection, query: Select[Any], width: int) -> list[tuple[Any, ...]]:
    rows = _fetched(connection, query)
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _fetched(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    result = connection.execute(query, execution_options={"yield_per": AT_ONCE})
    return [tuple(row) for part in result.partitions() for row in part]


def _seconds(connection: Connection, moment: ColumnElement[datetime]) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        return func.extract("epoch", moment)
    return func.strftime("%s", moment)
