"""Label the rows of a table: every row once, in order, its own columns first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from triage.domain import ContentType, Message, Options, TriageResult
from triage.errors import ExportError
from triage.labeling.groups import cell_of
from triage.pipeline import Pipeline
from triage.rows import Row

BATCH = 256
"""Messages labelled together; memory stays that of one batch."""


@dataclass(frozen=True, slots=True)
class MessageColumns:
    """Which columns of a table hold the message."""

    text: str
    subject: str | None = None
    content_type: str | None = None
    language: str | None = None

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that every row must have."""
        optional = (self.subject, self.content_type, self.language)
        return (self.text, *(name for name in optional if name))

    def message(self, row: Row) -> Message:
        """Build the message of a row."""
        return Message(
            text=row[self.text],
            subject=row[self.subject] if self.subject else "",
            content_type=content_type_of(row[self.content_type] if self.content_type else ""),
            language=(row[self.language] or None) if self.language else None,
        )


def content_type_of(cell: str) -> ContentType:
    """Read a content type in any case and with parameters; all but HTML counts as plain text."""
    kind = cell.partition(";")[0].strip().lower()
    return "text/html" if kind == "text/html" else "text/plain"


def added_columns(
    tasks: Sequence[str], suggestions: int, together: Iterable[str] = ()
) -> list[str]:
    """List the columns that labelling adds, in their order.

    Args:
        tasks: All tasks.
        suggestions: Articles per message.
        together: Groups of tasks that ask for the labels of one message.
    """
    names = []
    for task in tasks:
        names.append(f"triage_{task}")
        names += [f"triage_{task}_{part}" for part in ("confidence", "decision", "reason")]
    names += [f"triage_{group}" for group in together]
    names.append("triage_language")
    return names + [f"triage_article_{rank}" for rank in range(1, suggestions + 1)]


def check_columns(given: Sequence[str], added: Sequence[str]) -> None:
    """Refuse a table that has a column labelling would write.

    Raises:
        ExportError: Naming the column.
    """
    clash = sorted(set(given) & set(added))
    if clash:
        raise ExportError(
            f"The table has a column {clash[0]!r} already.",
            fix="Rename or drop it.",
            field=clash[0],
        )


def label_rows(
    pipeline: Pipeline, rows: Iterable[Row], columns: MessageColumns, suggestions: int = 0
) -> Iterator[Row]:
    """Yield each row with its predictions added; the label column is always the top label."""
    options = Options(suggestions=suggestions)
    together = pipeline.labeler.groups
    added = added_columns(pipeline.labeler.tasks, suggestions, together)
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        results = pipeline.run([columns.message(row) for row in batch], options)
        for row, result in zip(batch, results, strict=True):
            yield {**row, **dict(zip(added, cells_of(result, suggestions, together), strict=True))}


def cells_of(
    result: TriageResult, suggestions: int, together: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Write an answer into the cells of ``added_columns``, in their order."""
    cells: list[str] = []
    for answer in result.labels.values():
        shown = f"{answer.confidence:.6f}"
        cells += (answer.top_label, shown, answer.decision, answer.reason or "")
    answers = {task: answer.top_label for task, answer in result.labels.items()}
    cells += [cell_of(answers, of) for of in together.values()]
    cells.append(result.language.code)
    articles = [item.article_id for item in result.suggestions.items[:suggestions]]
    return cells + articles + [""] * (suggestions - len(articles))
