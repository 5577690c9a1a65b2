"""The ``triage kb`` commands over one store; here is ``search``, the others are beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from triage.bundle.manifest import RETRIEVAL, read_json, read_manifest
from triage.bundle.registry import Registry
from triage.bundle.store import load_bundle
from triage.domain import Article
from triage.errors import InputError, TooLargeError
from triage.kb_changes import ChangeCommands, OpenStore
from triage.kb_options import (
    DIFF_HELP,
    IMPORT_HELP,
    PREVIEW_HELP,
    UNDO_HELP,
    VERSIONS_HELP,
    ArticleLanguage,
    Articles,
)
from triage.kb_reading import bar, exit_codes, read_all
from triage.knowledge.finder import Finder, Tools, make_tools, shipped_tools
from triage.rows import read_rows, table_format, write_rows
from triage.settings import load_settings
from triage.suggest.query import Filters, Hit
from triage.text.passages import cut

HITS = ("id", "rank", "article_id", "confidence")
MAX_QUESTION = 20_000
"""Longest question, in characters."""

Found = list[tuple[Hit, float]]

SEARCH_HELP = """Find the articles that answer a question, or every question of a file.

Example: triage kb search "how do I get a refund" --articles data/articles --top 3

Example: triage kb search --file questions.csv --text text --articles en.csv --out hits.csv"""


Question = Annotated[str | None, typer.Argument(help="One question.")]
File = Annotated[Path | None, typer.Option(help="Table of questions.")]
TextColumn = Annotated[str, typer.Option(help="Column of the questions.")]
Top = Annotated[int, typer.Option(min=1, help="Distinct articles per question.")]
Lowest = Annotated[float, typer.Option(min=0, max=1, help="Lowest confidence listed.")]
Brand = Annotated[str | None, typer.Option(help="Articles of this brand and of none.")]
Audience = Annotated[str | None, typer.Option(help="Articles for this audience and for all.")]
ProfileName = Annotated[str | None, typer.Option(help="twin or tiny.")]
BundleName = Annotated[str | None, typer.Option(help="Take a bundle's encoders.")]
Out = Annotated[Path | None, typer.Option(help="Table of hits to write.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class KbCommands:
    """The commands that read.

    Args:
        open_store: Opens the store that is searched where no articles are given.
    """

    def __init__(self, open_store: OpenStore) -> None:
        self._open_store = open_store

    def search(
        self,
        question: Question = None,
        *,
        file: File = None,
        text: TextColumn = "text",
        articles: Articles = None,
        article_language: ArticleLanguage = "",
        top: Top = 5,
        min_confidence: Lowest = 0.0,
        brand: Brand = None,
        audience: Audience = None,
        profile: ProfileName = None,
        bundle: BundleName = None,
        out: Out = None,
        as_json: AsJson = False,
    ) -> None:
        """Search the articles for one question or a file of them."""
        with exit_codes():
            asked = _questions(question, file, text, out, as_json=as_json)
            known = read_all(articles, article_language) if articles else self._stored()
            finder = _finder(known, _tools(bundle, profile))
            found = finder.find(
                [row["text"] for row in asked],
                Filters(datetime.now(UTC).date(), brand, audience),
                top,
                hints=[row["language"] for row in asked],
                article_language=article_language or None,
                min_confidence=min_confidence,
            )
            _show(asked, found, out, as_json=as_json)

    def _stored(self) -> tuple[Article, ...]:
        with self._open_store() as store:
            return tuple(store.list_articles())


def build_app(open_store: OpenStore) -> typer.Typer:
    """Build the ``kb`` commands over a store, to be mounted by the main command line."""
    app = typer.Typer(name="kb", help="Keep and search the knowledge base.", no_args_is_help=True)
    changes = ChangeCommands(open_store)
    app.command("import", help=IMPORT_HELP)(changes.import_)
    app.command("diff", help=DIFF_HELP)(changes.diff)
    app.command("preview", help=PREVIEW_HELP)(changes.preview)
    app.command("versions", help=VERSIONS_HELP)(changes.versions)
    app.command("undo", help=UNDO_HELP)(changes.undo)
    app.command("search", help=SEARCH_HELP)(KbCommands(open_store).search)
    return app


def _questions(
    question: str | None, file: Path | None, column: str, out: Path | None, *, as_json: bool
) -> list[dict[str, str]]:
    """Collect the questions as rows with ``id``, ``text`` and ``language``."""
    if out is not None:
        table_format(out)
    if (question is None) == (file is None):
        raise InputError("One question or a --file is needed.", fix="Give one of the two.")
    if file is None:
        asked = [{"id": "1", "text": question or "", "language": ""}]
        if not asked[0]["text"].strip():
            raise InputError("The question is empty.", fix="Write it in quotes.")
    elif out is None and not as_json:
        raise InputError("Where should the hits go?", fix="Add --out hits.csv, or --json.")
    else:
        asked = [
            {
                "id": row.get("id") or str(n),
                "text": row[column],
                "language": row.get("language", ""),
            }
            for n, row in enumerate(read_rows(file, required=(column,)), start=1)
        ]
    for number, row in enumerate(asked, start=1):
        _check_length(row["text"], number if file else None)
    return asked


def _check_length(text: str, row: int | None) -> None:
    if len(text) > MAX_QUESTION:
        where = f" in row {row}" if row else ""
        raise TooLargeError(
            f"The question{where} has {len(text):,} characters.",
            fix=f"At most {MAX_QUESTION:,} are searched with.",
            row=row,
        )


def _tools(bundle: str | None, profile: str | None) -> Tools:
    settings = load_settings()
    if bundle is None:
        return shipped_tools(settings.encoders, profile or "twin")
    folder = Registry(settings.home, settings.models).find(bundle)
    chosen = profile or read_manifest(folder).default_profile
    loaded = load_bundle(folder, settings.encoders, chosen)
    calibrators = loaded.retrieval or read_json(settings.encoders / RETRIEVAL)
    return make_tools(
        loaded.encoders, loaded.profile(profile), calibrators, loaded.manifest.languages
    )


def _finder(articles: Sequence[Article], tools: Tools) -> Finder:
    pairs = [(article, cut(article)) for article in articles]
    total = sum(len(passages) for _, passages in pairs)
    with bar("Embedding passages", total) as advance:
        return Finder(pairs, tools, advance)


def _show(
    asked: Sequence[Mapping[str, str]], found: Sequence[Found], out: Path | None, *, as_json: bool
) -> None:
    if out is not None:
        rows = [line for row, hits in zip(asked, found, strict=True) for line in _hits(row, hits)]
        write_rows(out, rows, HITS)
        typer.echo(f"{len(rows)} hits for {len(asked)} questions in {out}", err=True)
    if as_json:
        answers = [
            {"id": row["id"], "hits": [_describe(*pair) for pair in hits]}
            for row, hits in zip(asked, found, strict=True)
        ]
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=2))
    elif out is None:
        for hit, confidence in found[0]:
            typer.echo(f"{confidence:.2f}  {hit.article.id} ({hit.article.language})")
            typer.echo(f"      {hit.article.title}")
        if not found[0]:
            typer.echo("No article was found.")


def _hits(row: Mapping[str, str], found: Found) -> Iterator[dict[str, str]]:
    for rank, (hit, confidence) in enumerate(found, start=1):
        yield {
            "id": row["id"],
            "rank": str(rank),
            "article_id": hit.article.id,
            "confidence": f"{confidence:.4f}",
        }


def _describe(hit: Hit, confidence: float) -> dict[str, Any]:
    return {
        "article_id": hit.article.id,
        "passage_id": hit.passage.id,
        "title": hit.article.title,
        "url": hit.article.url,
        "language": hit.article.language,
        "confidence": round(confidence, 4),
        "answer": hit.answer,
        "score_parts": {"lexical": hit.lexical, "dense": hit.dense, "history": 0.0},
    }
