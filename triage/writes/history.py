"""Take changes of articles back, for callers of one brand or of all."""

from collections.abc import Callable

from sqlalchemy import Connection

from triage.storage.articles import ArticleKey
from triage.storage.idempotency import Reply
from triage.storage.undo import Undone, restore_version, undo_change
from triage.storage.versions import Version
from triage.writes.articles import origin_of
from triage.writes.base import OK, Asker, Desk


class ArticleUndoer:
    """Undoes changes and restores versions.

    Args:
        desk: Where writes are handed in.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def undo(self, number: int | None, asker: Asker, render: Callable[[Undone], str]) -> Reply:
        """Take a change back; None takes the last import.

        Raises:
            ChangeNotFoundError: When there is no such change of the caller's, or it was undone.
            KeyReusedError, RequestInFlightError, StoreError: See ``Desk.once``.
        """

        def write(connection: Connection) -> Reply:
            return Reply(OK, render(undo_change(connection, number, origin_of(asker, "undo"))))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)

    def restore(
        self, key: ArticleKey, version: int, asker: Asker, render: Callable[[Version], str]
    ) -> Reply:
        """Make one article again what it was at a version.

        Raises:
            ArticleNotFoundError: When the article is not the caller's.
            ChangeNotFoundError: When it has no such version.
            KeyReusedError, RequestInFlightError, StoreError: See ``Desk.once``.
        """

        def write(connection: Connection) -> Reply:
            origin = origin_of(asker, "restore")
            return Reply(OK, render(restore_version(connection, key, version, origin)))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)
