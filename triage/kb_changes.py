"""The commands of ``triage kb`` that change articles, and those that show what was or would be."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from triage import kb_options as given
from triage.domain import Article, Origin
from triage.errors import ArticleNotFoundError, InputError
from triage.kb_reading import asked_for, exit_codes, gathered, read_all
from triage.kb_shown import (
    change_lines,
    gathered_lines,
    plan_lines,
    preview_lines,
    undone_lines,
    version_lines,
)
from triage.knowledge.checks import FieldError, language_code
from triage.knowledge.faults import raise_faults
from triage.knowledge.plan import Plan, Wish, carry_out, plan_import
from triage.knowledge.preview import preview
from triage.knowledge.sources import Asked, kind_of
from triage.knowledge.tickets import MIN_SOURCES
from triage.shell import REFUSED, login

if TYPE_CHECKING:  # the database takes a while to import, and search needs none
    from triage.storage.articles import ArticleKey, ArticleRepository

OWN_FILES = ("markdown", "table")
"""Kinds that people write themselves, and mend before anything is imported."""
SHOWN_CHANGES = 20

OpenStore = Callable[[], AbstractContextManager["ArticleRepository"]]


class ChangeCommands:
    """The commands over one store.

    Args:
        open_store: Opens the store.
    """

    def __init__(self, open_store: OpenStore) -> None:
        self._open_store = open_store

    def import_(
        self,
        path: given.Source,
        *,
        format_: given.Kind = "auto",
        source: given.SourceName = "",
        prune: given.Prune = False,
        remove_most: given.RemoveMost = False,
        partial: given.Partial = False,
        dry_run: given.DryRun = False,
        article_language: given.ArticleLanguage = "",
        brand: given.Brand = "",
        internal: given.Internal = False,
        column: given.Columns = None,
        min_sources: given.Least = MIN_SOURCES,
    ) -> None:
        """Import articles."""
        with exit_codes():
            asked = asked_for(
                format_, article_language, brand, column, min_sources, internal=internal
            )
            wish = Wish(source, prune, remove_most)
            if dry_run:
                self._show(path, asked, wish)
                return
            found = gathered(path, asked)
            if kind_of(path, asked) in OWN_FILES and not partial:
                raise_faults(found.faults)
            with self._open_store() as store:
                plan = plan_import(found.placed, found.faults, store, wish)
                if not partial and kind_of(path, asked) in OWN_FILES:
                    raise_faults([*plan.refused])
                done = carry_out(plan, store, wish, Origin("import", login(), source))
            _say(gathered_lines(found.skipped, plan))
            undo = f" Undo it with: triage kb undo --change {done.change}" if done.change else ""
            typer.echo(
                f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, "
                f"{done.deleted} deleted.{undo}"
            )
            _exit_where_refused(plan)

    def diff(
        self,
        path: given.Source,
        *,
        format_: given.Kind = "auto",
        source: given.SourceName = "",
        prune: given.Prune = False,
        article_language: given.ArticleLanguage = "",
        brand: given.Brand = "",
        internal: given.Internal = False,
        column: given.Columns = None,
        min_sources: given.Least = MIN_SOURCES,
    ) -> None:
        """Show what an import would change."""
        with exit_codes():
            asked = asked_for(
                format_, article_language, brand, column, min_sources, internal=internal
            )
            self._show(path, asked, Wish(source, prune))

    def preview(
        self,
        article: given.ArticleId = None,
        *,
        articles: given.Articles = None,
        article_language: given.ArticleLanguage = "",
    ) -> None:
        """Show passages."""
        with exit_codes():
            known = read_all(articles, article_language) if articles else self._stored()
            chosen = [
                one
                for one in known
                if article in {None, one.id}
                and (articles or article_language in {"", one.language})
            ]
            if not chosen:
                raise ArticleNotFoundError(
                    f"There is no article {article or ''}.",
                    fix="Look for it with triage kb search.",
                )
            today = datetime.now(UTC).date()
            for one in chosen:
                _say(preview_lines(one, preview(one, today)), err=False)

    def versions(
        self, article: given.ArticleId = None, *, article_language: given.OneLanguage = ""
    ) -> None:
        """List versions, or changes."""
        with exit_codes(), self._open_store() as store:
            if article is None:
                _say(change_lines(store.changes(None, SHOWN_CHANGES)), err=False)
                return
            key = _key(article, article_language)
            listed = store.versions(key)
            if not listed:
                raise ArticleNotFoundError(
                    f"No version of {article} ({key[1]}) is kept.",
                    fix="Versions begin with the next change of an article.",
                )
            _say(version_lines(listed), err=False)

    def undo(
        self,
        article: given.ArticleId = None,
        *,
        article_language: given.OneLanguage = "",
        version: given.VersionNumber = None,
        change: given.ChangeNumber = None,
    ) -> None:
        """Take back."""
        with exit_codes(), self._open_store() as store:
            if article is None and version is None:
                _say(undone_lines(store.undo(change, Origin("undo", login()))), err=False)
                return
            if article is None or version is None or change is not None:
                raise InputError(
                    "An article and a version belong together, and no change beside them.",
                    fix="Write: triage kb undo ID --article-language en --version 3",
                )
            key = _key(article, article_language)
            back = store.restore(key, version, Origin("restore", login()))
            state = "is again what it was" if back.article else "is deleted, as it was"
            typer.echo(f"{article} ({key[1]}) {state} at version {version}.")

    def _show(self, path: Path, asked: Asked, wish: Wish) -> None:
        found = gathered(path, asked)
        with self._open_store() as store:
            plan = plan_import(found.placed, found.faults, store, wish)
        _say(gathered_lines(found.skipped, plan))
        _say(plan_lines(plan), err=False)
        if plan.refused and kind_of(path, asked) in OWN_FILES:
            typer.echo("Without --partial nothing would be imported.", err=True)
        if plan.removes_most and not (wish.prune or wish.remove_most):
            typer.echo("It would be refused without --remove-most.", err=True)
            raise typer.Exit(REFUSED)
        _exit_where_refused(plan)

    def _stored(self) -> tuple[Article, ...]:
        with self._open_store() as store:
            return tuple(store.list_articles())


def _exit_where_refused(plan: Plan) -> None:
    if plan.refused:
        raise typer.Exit(REFUSED)


def _key(article: str, language: str) -> "ArticleKey":
    try:
        return article, language_code(language)
    except FieldError as error:
        raise InputError(
            error.problem, fix="Add --article-language en.", field="language"
        ) from None


def _say(lines: Sequence[str], *, err: bool = True) -> None:
    for line in lines:
        typer.echo(line, err=err)
