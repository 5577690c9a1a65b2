"""The service's own journal: what it decided about each message that it answered.

A task's column holds the label that the service gave (empty on abstain): learning from it repeats
the model. Beside it stand ``TASK.top_label``, ``TASK.confidence``, ``TASK.decision`` and
``TASK.reason``. What people said is in ``TASK.settled`` (see ``opinions.py``), with ``final``,
``agreed`` or ``single`` in ``TASK.settled_by``, or ``contradiction`` where they do not agree.
``disputed`` lists the tasks that champion and challenger label differently, ``touched`` says
whether a suggestion was ``edited`` or ``rejected``. The text is what the store keeps: cleaned,
with the subject in front, and redacted by default.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, exists, func, inspect, select

from training.ingest.feedback import Heard, hear
from training.ingest.records import flatten
from training.ingest.source import Source
from triage.errors import ExportError
from triage.rows import Row
from triage.settings import load_settings
from triage.storage.engine import open_engine, transaction
from triage.storage.tables import decisions, tombstones

NAME = "journal"
"""Given in place of a file: the store of the settings."""
FILE = "triage.db"
CONTRADICTION = "contradiction"
PAGE = 1000
"""Rows of one transaction: short, since a reader keeps the running service from committing."""
DEFAULTS = {
    "text": "text",
    "language": "language",
    "time": "decided_at",
    "group": "requester",
    "ids": "number",
}
_COLUMNS = [
    column
    for column in decisions.c
    # A store of an earlier version has no brand.
    if column.name not in {"suggestions", "no_suggestion_reason", "timings_ms", "brand"}
]


def read(source: Source) -> Iterator[Row]:
    """Yield each recorded decision, the oldest first.

    Raises:
        ExportError: When there is no journal, or it keeps no texts.
        StoreError: When the store cannot be read.
    """
    engine = open_engine(url_of(source.path))
    try:
        _check(engine, source)
        heard = hear(engine)
        number = 0
        while page := _page(engine, number):
            for values in page:
                source.read += 1
                number = values["number"]
                yield _row(values, heard)
    finally:
        engine.dispose()


def url_of(path: Path) -> str:
    """Return the URL of the store that a path names, or the word ``journal``.

    Raises:
        ExportError: When there is no such file.
    """
    if str(path) == NAME and not path.exists():
        return load_settings().store_url
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise ExportError(
            f"{file}: there is no such store.",
            fix=f"Give the folder of TRIAGE_HOME, its {FILE}, or the word {NAME}.",
        )
    return f"sqlite:///{file}"


def _check(engine: Engine, source: Source) -> None:
    """Refuse a store without a journal, and a journal that keeps no texts."""
    with transaction(engine) as connection:
        if not inspect(connection).has_table(decisions.name):
            raise ExportError(
                f"{source.path}: no journal of this service.", fix="Give a store it has written."
            )
        count, texts = connection.execute(
            select(func.count(), func.count(decisions.c.text)).select_from(decisions)
        ).one()
    if count and not texts:
        raise ExportError(
            f"{source.path}: the journal keeps no texts.",
            fix="Set TRIAGE_STORE_TEXT=redacted and let it fill again.",
            field="TRIAGE_STORE_TEXT",
        )
    source.total = count


def _page(engine: Engine, after: int) -> list[dict[str, Any]]:
    query = select(*_COLUMNS).where(decisions.c.number > after).order_by(decisions.c.number)
    with transaction(engine) as connection:
        if inspect(connection).has_table(tombstones.name):
            query = query.where(~_erased())
        return [dict(row) for row in connection.execute(query.limit(PAGE)).mappings()]


def _erased() -> ColumnElement[bool]:
    """Tell rows of requesters who were erased after they wrote, whatever brought the rows back."""
    return exists().where(
        tombstones.c.kind == "requester",
        tombstones.c.fingerprint == decisions.c.requester,
        tombstones.c.erased_at >= decisions.c.decided_at,
    )


def _row(values: dict[str, Any], heard: Heard) -> Row:
    number, settlement = values["number"], heard.settlement
    disputed = heard.disputed.get((values["message_id"], values["bundle"]), frozenset())
    labels = values.pop("labels")
    values["decided_at"] = values["decided_at"].isoformat()
    # One message may have been answered twice; both answers stay on one side of a split.
    values["requester"] = values["requester"] or values["message_id"]
    row = flatten(values)
    for task, answer in labels.items():
        row |= flatten(answer, f"{task}.")
        row[task] = row.pop(f"{task}.label", "")
        settled = settlement.labels.get((number, task))
        row[f"{task}.settled"] = settled.label if settled else ""
        open_ = CONTRADICTION if (number, task) in settlement.contradictions else ""
        row[f"{task}.settled_by"] = settled.kind if settled else open_
    row["disputed"] = "|".join(sorted(disputed))
    row["touched"] = "|".join(sorted(heard.touched.get(number, ())))
    return row
