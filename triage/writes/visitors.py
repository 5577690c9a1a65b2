"""Count what visitors of a company's site found, and whether it helped them."""

from datetime import UTC, date, datetime

from sqlalchemy import Connection

from triage.errors import ArticleNotFoundError
from triage.storage.self_service import Count, Kind, add
from triage.storage.work import Work, done
from triage.writes.base import Desk


class VisitorCounter:
    """Counts by day.

    Args:
        desk: Where writes are handed in.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def count(self, kind: Kind, brand: str, language: str) -> None:
        """Count a search; nobody waits for it."""
        day, one = _today(), Count(kind, "", language, 1)

        def write(connection: Connection) -> None:
            add(connection, day, brand, one)

        self._desk.writer.submit(Work(write))

    def vote(self, kind: Kind, brand: str, article: tuple[str, str]) -> None:
        """Count whether an article helped.

        Raises:
            ArticleNotFoundError: When a visitor of that brand's site cannot have seen it.
            StoreError: When it cannot be written.
        """
        found = self._desk.store.articles.get(None, article)
        known = found.article if found else None
        shown = (
            known is not None
            and known.visibility == "public"
            and (known.brand or "").casefold() in {"", brand.casefold()}
            and (known.valid_from is None or known.valid_from <= _today())
            and (known.valid_until is None or known.valid_until >= _today())
        )
        if not shown:
            raise ArticleNotFoundError("There is no such article.", fix="Search again.", field="id")
        day, one = _today(), Count(kind, *article, 1)
        done(self._desk.writer, lambda connection: add(connection, day, brand, one))


def _today() -> date:
    return datetime.now(UTC).date()
