"""Measure imports of articles: reading, first import, re-sync, undo, and mining of past tickets.

Run ``python tests/benchmarks/imports.py [ARTICLES] [TICKETS]``, 10,000 and 20,000 if left out. The
articles are made up: HTML of 300 words in pages of 100, imported into a new SQLite store; embedding
happens in the servers that follow and is not in the clock. A third of the tickets share one of 40
answers, each with a name, a greeting, a signature and a line of its own; the rest are alone.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TypeVar

from triage.domain import Origin
from triage.knowledge.plan import ImportReport, Wish, carry_out, plan_import
from triage.knowledge.sources import Asked, gather
from triage.rows import write_rows
from triage.storage.articles import ArticleRepository
from triage.storage.store import open_articles

T = TypeVar("T")
PAGE, ANSWERS = 100, 40
WISH = Wish("zendesk")
DRAW = random.Random(0)  # noqa: S311 - no secret
WORDS = [
    f"{start}{end}" for start in ("par", "de", "lo", "mi", "ta") for end in ("cel", "ry", "na")
]


def words(count: int) -> str:
    """Draw a sentence."""
    return " ".join(DRAW.choices(WORDS, k=count))


def write_pages(folder: Path, count: int, changed: int) -> None:
    """Write a help centre, of which so many articles have another text than the others."""
    random.seed(0)
    for first in range(0, count, PAGE):
        articles = [
            {
                "id": number,
                "locale": "en-us",
                "title": f"Article {number}",
                "body": f"<h2>How</h2><p>{number} {'new' if number < changed else 'old'}</p>"
                + f"<ul><li>{'word ' * 75}</li></ul>" * 4,
                "user_segment_id": None,
            }
            for number in range(first, min(count, first + PAGE))
        ]
        path = folder / f"page-{first}.json"
        path.write_text(json.dumps({"articles": articles}), encoding="utf-8")


def tickets(count: int) -> Iterator[dict[str, str]]:
    """Yield past tickets."""
    shared = [f"{words(12).capitalize()}. {words(15).capitalize()}." for _ in range(ANSWERS)]
    for number in range(count):
        alone = f"{words(30).capitalize()} {number}."
        answer = f"{shared[number % ANSWERS]} {words(5)} {number}." if number % 3 == 0 else alone
        yield {
            "ticket_id": str(number),
            "requester_id": f"r{number % 5000}",
            "subject": f"About {WORDS[number % len(WORDS)]}",
            "question": words(40),
            "answer": f"Hi Anna,\n\n{answer}\n\nKind regards,\nBo",
        }


def timed(what: str, count: int, work: Callable[[], T]) -> T:
    """Do a piece of work and print how long it took."""
    begun = perf_counter()
    result = work()
    seconds = perf_counter() - begun
    print(f"| {what} | {count:,} | {seconds:.1f} | {count / seconds:,.0f} |")
    return result


def synced(folder: Path, store: ArticleRepository) -> ImportReport:
    """Read a help centre and bring a store to it."""
    found = gather(folder, Asked("zendesk"))
    plan = plan_import(found.placed, found.faults, store, WISH)
    return carry_out(plan, store, WISH, Origin("import", "benchmark", WISH.source))


def main(articles: int, mined: int) -> None:
    """Print the table."""
    print("| work | of | s | a second |\n|---|---|---|---|")
    with TemporaryDirectory() as name:
        folder = Path(name) / "pages"
        folder.mkdir()
        with open_articles(f"sqlite:///{name}/triage.db") as store:
            write_pages(folder, articles, 0)
            timed("read pages of HTML", articles, lambda: gather(folder, Asked("zendesk")))
            timed("read and import all", articles, lambda: synced(folder, store))
            timed("sync, nothing changed", articles, lambda: synced(folder, store))
            write_pages(folder, articles, articles // 100)
            timed("sync, one in 100 changed", articles, lambda: synced(folder, store))
            write_pages(folder, articles, articles)
            timed("sync, all changed", articles, lambda: synced(folder, store))
            timed("undo of it", articles, lambda: store.undo(None, Origin("undo")))
        table = Path(name) / "closed.csv"
        rows = list(tickets(mined))
        write_rows(table, rows, list(rows[0]))
        asked = Asked("tickets", language="en")
        found = timed("mine past tickets", mined, lambda: gather(table, asked))
        print(f"\n{len(found.placed)} of {ANSWERS} shared answers found.")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*(given or [10_000, 20_000]))
