"""Write for a terminal what imports, versions and previews of articles are."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from triage.domain import Article
from triage.knowledge.diff import differences
from triage.knowledge.faults import SHOWN
from triage.knowledge.gathered import Skip
from triage.knowledge.plan import Plan
from triage.knowledge.preview import Preview
from triage.shell import plain

if TYPE_CHECKING:  # the database takes a while to import
    from triage.storage.undo import Undone
    from triage.storage.versions import Change, Version

SIGNS = {"added": "+", "changed": "~", "deleted": "-"}


def gathered_lines(skipped: Sequence[Skip], plan: Plan | None) -> list[str]:
    """Tell what was left out by rule, and what was refused and why."""
    lines = [f"left out: {count} {why}" for why, count in Counter(w for _, w in skipped).items()]
    refused = plan.refused if plan else ()
    lines += [f"refused: {plain(str(fault))}" for fault in refused[:SHOWN]]
    if len(refused) > SHOWN:
        lines.append(f"refused: and {len(refused) - SHOWN} more.")
    if plan and not plan.complete:
        lines.append("Nothing was deleted: of what was refused it cannot be told what it was.")
    return lines


def plan_lines(plan: Plan) -> list[str]:
    """Write what an import would change, article by article, and the numbers."""
    lines: list[str] = []
    for one in differences(plan):
        lines.append(plain(f"{SIGNS[one.outcome]} {one.id} ({one.language}) {one.title}".rstrip()))
        lines += [plain(f"    {line}") for line in one.lines]
    report = plan.report()
    lines.append(
        f"It would be {report.added} added, {report.changed} changed, {report.unchanged} "
        f"unchanged, {report.deleted} deleted."
    )
    return lines


def preview_lines(article: Article, seen: Preview) -> list[str]:
    """Write the passages of an article with their kind and length."""
    lines = [plain(f"{article.id} ({article.language}): {len(seen.pieces)} passages")]
    if seen.hidden:
        why = ", ".join(seen.hidden).replace("_", " ")
        lines.append(f"  never suggested to customers: {why}")
    for passage, words in seen.pieces:
        lines.append(plain(f"  {passage.id}  {passage.kind}, {words} words"))
        lines += [plain(f"      {line}") for line in passage.text.split("\n")]
    return lines


def version_lines(versions: Sequence["Version"]) -> list[str]:
    """Write the versions of an article, one a line."""
    return [
        plain(
            f"{one.number:>4}  {one.changed_at:%Y-%m-%d %H:%M}  {one.action:<8}"
            f"{_by(one.by)}{_of(one.source)}  {_state(one)}"
        )
        for one in versions
    ]


def change_lines(changes: Sequence["Change"]) -> list[str]:
    """Write the last changes, one a line."""
    lines = []
    for one in changes:
        undone = f", undone by change {one.undone_by}" if one.undone_by else ""
        lines.append(
            plain(
                f"{one.number:>4}  {one.changed_at:%Y-%m-%d %H:%M}  {one.action:<8}"
                f"{_by(one.by)}{_of(one.source)}  {_articles(one.articles)}{undone}"
            )
        )
    return lines or ["Nothing was changed yet."]


def undone_lines(undone: "Undone") -> list[str]:
    """Tell what came of taking a change back."""
    lines = [
        f"Change {undone.change} is undone: {_articles(undone.restored)} brought back, "
        f"{undone.removed} removed."
        if undone.by is not None
        else f"Change {undone.change} is not undone: all its articles were changed since."
    ]
    if undone.kept:
        names = ", ".join(f"{article} ({language})" for article, language in undone.kept[:SHOWN])
        lines.append(plain(f"{len(undone.kept)} were changed since and stay: {names}"))
    if undone.by is not None:
        lines.append(f"Have it back with: triage kb undo --change {undone.by}")
    return lines


def _articles(count: int) -> str:
    return "1 article" if count == 1 else f"{count} articles"


def _by(name: str) -> str:
    return f" by {name}" if name else ""


def _of(source: str) -> str:
    return f" of {source}" if source else ""


def _state(one: "Version") -> str:
    return one.article.title or "(no title)" if one.article else "(deleted)"
