"""Collect everything wrong with a set of article files before refusing it as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from triage.domain import Article
from triage.errors import ArticleError

SHOWN = 20
"""Faults listed in one error; the rest is counted."""

Placed = tuple[str, Article]
"""An article with the place it was read from, such as ``faq.csv, row 7``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, where it stands and what to do; ``where`` may be part of ``problem``.

    ``article_id`` names the article that was meant, where that can be told: an import then knows
    that it did not vanish.
    """

    where: str
    problem: str
    fix: str
    field: str = ""
    row: int | None = None
    article_id: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.problem} {self.fix}"


def repeated(placed: Iterable[Placed]) -> list[Fault]:
    """Find articles whose id and language were read before."""
    first: dict[tuple[str, str], str] = {}
    faults = []
    for where, article in placed:
        before = first.setdefault((article.id, article.language), where)
        if before is not where:
            faults.append(
                Fault(
                    where,
                    f"the article {article.id} ({article.language}) stands in {before} too.",
                    "Keep one of the two, or give the other its own id.",
                    "id",
                )
            )
    return faults


def raise_faults(faults: list[Fault]) -> None:
    """Raise one error that lists the faults, when there are any.

    Raises:
        ArticleError: With field and row of the first fault.
    """
    if not faults:
        return
    lines = [str(fault) for fault in faults[:SHOWN]]
    if len(faults) > SHOWN:
        lines.append(f"and {len(faults) - SHOWN} more.")
    raise ArticleError(
        "\n".join(lines),
        fix="Nothing was imported.",
        field=faults[0].field,
        row=faults[0].row,
    )
