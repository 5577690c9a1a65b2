"""What the pages of insights share: who asks the analyst, what they look at, and charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from urllib.parse import quote

from fastapi import Request, Response

from triage.console.context import visit_of
from triage.console.languages import Locale
from triage.insights.analyst import Analyst
from triage.insights.reports import View
from triage.insights.series import REST, Series
from triage.insights.sheets import sheet
from triage.service import Service

SPANS = (7, 28, 90)
"""Days that can be looked at."""
WINDOWS = (6, 24, 72)
"""Hours that spikes are looked for in."""
USUAL_DAYS, USUAL_HOURS = 28, 24
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Chart:
    """A table by day that is also drawn.

    Args:
        name: Of its sentences, and of its CSV.
        unit: ``%``, ``h`` or nothing.
        days: The rows.
        lines: Title and values of each column.
    """

    name: str
    unit: str
    days: tuple[str, ...]
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]

    @classmethod
    def of(cls, name: str, series: Series, titles: Mapping[str, str], unit: str = "") -> "Chart":
        """Name the lines of a series."""
        lines = tuple((titles.get(key, key), line) for key, line in series.lines.items())
        return cls(name, unit, series.days, lines)

    @property
    def rows(self) -> list[tuple[str, tuple[float | None, ...]]]:
        """Each day with its values."""
        columns = [line for _, line in self.lines]
        return [(day, tuple(line[at] for line in columns)) for at, day in enumerate(self.days)]

    def sheet(self, day: str) -> str:
        """Write it as CSV; ``day`` is the title of the first column."""
        head = (day, *(title for title, _ in self.lines))
        return sheet(head, [(name, *values) for name, values in self.rows])


def make_analyst(service: Service) -> Analyst:
    """Make the one analyst of a service, which keeps what it read for all who ask."""
    return Analyst(
        service.store.engine, service.articles, lambda: service.pipeline, lambda: datetime.now(UTC)
    )


def analyst_of(request: Request) -> Analyst:
    """Return the analyst of a request's app."""
    return cast("Analyst", request.app.state.analyst)


def view_of(request: Request, days: int = USUAL_DAYS) -> View:
    """Return what a request looks at; what makes no sense is passed over."""
    given = request.query_params
    return View(
        visit_of(request).who.brand,
        chosen(given.get("days"), SPANS, days),
        given.get("language", "")[:MAX_NAME] or None,
        given.get("channel", "")[:MAX_NAME] or None,
    )


def chosen(given: str | None, known: Sequence[int], usual: int) -> int:
    """Return one of the known numbers."""
    return next((one for one in known if str(one) == given), usual)


def titles(locale: Locale, prefix: str, names: Sequence[str]) -> dict[str, str]:
    """Name lines in the reader's language."""
    known = {name: locale.named(prefix, name) for name in names if name}
    return {**known, REST: locale.t("insights.rest"), "": locale.t("insights.unknown")}


def download(name: str, text: str) -> Response:
    """Return a CSV to save under a name."""
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{quote(name)}"',
            "Content-Security-Policy": "sandbox",
        },
    )
