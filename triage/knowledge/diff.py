"""Say for people what an import changes, article by article."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from difflib import unified_diff
from typing import Literal

from triage.domain import Article
from triage.knowledge.plan import Plan
from triage.text.passages import sentences

MAX_LINES = 60
"""Lines of one article's difference; the rest is counted."""
MAX_COMPARED = 1_000
"""Sentences of a body that are compared; the time grows with their square at worst."""

Outcome = Literal["added", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One article that an import adds, changes or deletes.

    ``fields`` names what changes, and ``lines`` shows it: ``-`` goes and ``+`` comes, bodies by the
    sentence with a little of what stands around.
    """

    id: str
    language: str
    title: str
    outcome: Outcome
    fields: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def differences(plan: Plan) -> Iterator[Difference]:
    """List what a plan changes: first what goes, then what changes, then what is new."""
    for gone in plan.deleted:
        yield Difference(gone.id, gone.language, gone.title, "deleted")
    for before, after in plan.changed:
        yield compared(before, after)
    for new in plan.added:
        yield Difference(new.id, new.language, new.title, "added")


def compared(before: Article, after: Article) -> Difference:
    """Compare two versions of one article."""
    changed = tuple(
        one.name for one in fields(Article) if getattr(before, one.name) != getattr(after, one.name)
    )
    lines: list[str] = []
    for name in changed:
        if name != "body":
            lines.append(f"- {name}: {_shown(getattr(before, name))}")
            lines.append(f"+ {name}: {_shown(getattr(after, name))}")
    if "body" in changed:
        lines += _of_bodies(before.body, after.body)
    more = len(lines) - MAX_LINES
    if more > 0:
        lines = [*lines[:MAX_LINES], f"  ... {more} more lines"]
    return Difference(after.id, after.language, after.title, "changed", changed, tuple(lines))


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def _of_bodies(before: str, after: str) -> list[str]:
    old, new = _sentences(before), _sentences(after)
    if max(len(old), len(new)) > MAX_COMPARED:
        return [f"- body: {len(old)} sentences", f"+ body: {len(new)} sentences"]
    found = list(unified_diff(old, new, lineterm="", n=1))[2:]
    return [f"{line[0]} {line[1:]}" if line[:1] in "+- " else line for line in found]


def _sentences(body: str) -> list[str]:
    return [part.strip() for line in body.splitlines() if line.strip() for part in sentences(line)]
