"""Options and help texts of the ``triage kb`` commands."""

from pathlib import Path
from typing import Annotated

import typer

from triage.knowledge.sources import Format

IMPORT_HELP = """Import a help centre: Markdown, a table, FAQPage HTML, Zendesk JSON, past tickets.

With --source the store is kept in step: what vanished from that source goes, and articles of other
sources are left alone. Markdown and tables are imported whole or not at all.

Example: triage kb import data/articles

Example: triage kb import zendesk-pages/ --source zendesk --dry-run

Example: triage kb import closed.csv --format tickets --source tickets --column answer=Reply"""
DIFF_HELP = """Show what an import would change, article by article; nothing is written.

Example: triage kb diff zendesk-pages/ --source zendesk"""
PREVIEW_HELP = """Show the passages that articles are cut into, and why one would not be suggested.

Example: triage kb preview reset-your-password --articles data/articles"""
VERSIONS_HELP = """List the versions of an article, or without an id the last changes.

Example: triage kb versions reset-your-password --article-language en"""
UNDO_HELP = """Take back the last import, a change by its number, or an article to a version.

Example: triage kb undo

Example: triage kb undo reset-your-password --article-language en --version 3"""

Source = Annotated[Path, typer.Argument(help="Folder or file of the articles.")]
Kind = Annotated[Format, typer.Option("--format", help="What kind it is; else by its files.")]
SourceName = Annotated[
    str, typer.Option("--source", help="Keep the store in step with this source.")
]
Prune = Annotated[bool, typer.Option(help="Delete stored articles that are not given.")]
RemoveMost = Annotated[
    bool, typer.Option("--remove-most", help="Even if over half of the source's articles go.")
]
Partial = Annotated[
    bool, typer.Option("--partial", help="Import the rest where some cannot be used.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the changes, write nothing.")]
Brand = Annotated[str, typer.Option(help="Brand of articles that name none.")]
Internal = Annotated[bool, typer.Option("--internal", help="Import all as internal.")]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="Of tickets: NAME=COLUMN, repeated.")
]
Least = Annotated[int, typer.Option(help="Tickets that a mined answer must rest on.")]
Articles = Annotated[Path | None, typer.Option(help="Folder or table; the store if left out.")]
ArticleLanguage = Annotated[
    str, typer.Option(help="Language of rows that name none; search takes only this one.")
]
OneLanguage = Annotated[str, typer.Option("--article-language", help="Language of the article.")]
ArticleId = Annotated[str | None, typer.Argument(help="Id of one article.")]
ChangeNumber = Annotated[int | None, typer.Option("--change", help="Number of a change.")]
VersionNumber = Annotated[int | None, typer.Option("--version", help="Version to go back to.")]
