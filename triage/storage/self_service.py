"""How often visitors of a company's site found an answer and were helped by it, by day.

Counts and nothing else: no question, no address, no visitor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from triage.storage.engine import transaction
from triage.storage.tables import self_service

Kind = Literal["found", "nothing", "helped", "not_helped"]


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened; searches are of no article."""

    kind: Kind
    article_id: str
    language: str
    count: int


def add(connection: Connection, day: date, brand: str, one: Count) -> None:
    """Add to a day's count, in a transaction of the caller's."""
    values: dict[str, Any] = {
        "day": day.isoformat(),
        "brand": brand,
        "article_id": one.article_id,
        "language": one.language,
        "kind": one.kind,
        "count": one.count,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(self_service).values(values)
    key = [column.name for column in self_service.primary_key]
    more = self_service.c.count + statement.excluded.count
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"count": more}))


def read_counts(engine: Engine, brand: str | None, since: date) -> Sequence[Count]:
    """Add up the counts since a day, the greatest first.

    Args:
        engine: The store.
        brand: Only this one's; None adds up those of every brand and of none.
        since: The first day.

    Raises:
        StoreError: When the store cannot be read.
    """
    columns = (self_service.c.kind, self_service.c.article_id, self_service.c.language)
    total = func.sum(self_service.c.count)
    query = select(*columns, total).where(self_service.c.day >= since.isoformat())
    if brand is not None:
        query = query.where(self_service.c.brand == brand)
    query = query.group_by(*columns).order_by(total.desc(), *columns).limit(5_000)
    with transaction(engine) as connection:
        return [Count(*row[:3], int(row[3])) for row in connection.execute(query)]
