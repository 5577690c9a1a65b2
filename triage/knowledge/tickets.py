"""Mine articles out of past tickets: what was asked, and what an agent answered.

The rules of what may be published stand in ``mining``; here a table is read, each answer cleaned,
and what is worth an article written as one.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from triage.domain import Article
from triage.errors import ExportError, InputError
from triage.knowledge.checks import FieldError, language_code, make_article
from triage.knowledge.csv_articles import Detect
from triage.knowledge.faults import Fault
from triage.knowledge.gathered import Gathered, Skip
from triage.knowledge.mining import Answered, Mined, mine, natural, title_of, words_said
from triage.knowledge.replies import is_telling, mentions, read_reply, read_text
from triage.rows import Row, column_names, read_rows
from triage.text.clean import clean
from triage.text.greetings import is_courtesy, strip_greeting
from triage.text.names import hide_name
from triage.text.passages import sentences
from triage.text.redact import redact

MIN_SOURCES = 5
"""Tickets that a mined answer must rest on."""
COLUMNS = {
    "question": ("question", "text", "description"),
    "answer": ("answer", "reply"),
    "ticket": ("ticket_id", "ticket", "id"),
    "requester": ("requester_id", "requester", "customer_id"),
    "subject": ("subject",),
    "language": ("language",),
    "brand": ("brand",),
    "requester_name": ("requester_name", "customer_name"),
    "agent_name": ("agent_name",),
}
"""What a ticket has, and the columns that are taken for it where none is named."""
NEEDED = ("question", "answer", "ticket")
STEPS = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
"""Numbers of tickets that are told: an article does not change with every ticket that comes."""
EMPTY = "tickets without an answer of an agent's own"
AUTOMATIC = "answers that no person wrote"
MINED_TAG = "mined"
TITLE_WORDS, TITLE_CHARS = 14, 100

_DIGIT = re.compile(r"\d")


def read_tickets(
    path: Path,
    language: str = "",
    detect: Detect | None = None,
    columns: Mapping[str, str] | None = None,
    least: int = MIN_SOURCES,
    advance: Callable[[], None] = lambda: None,
) -> Gathered:
    """Read a table of past tickets and return the answers that many of them share.

    Args:
        path: A .csv, .tsv or .jsonl file, plain or ``.gz``.
        language: Language of rows that name none.
        detect: Asked for those rows when ``language`` is empty.
        columns: Names of the table's columns by those of ``COLUMNS``.
        least: Tickets that an answer must rest on.
        advance: Called after each row.

    Raises:
        ExportError: When the table cannot be read, or lacks a column that is needed.
        InputError: When a column is named that tickets do not have, or ``least`` is too small.
    """
    if least < MIN_SOURCES:
        raise InputError(
            f"An answer must rest on {MIN_SOURCES} tickets at least.",
            fix="With fewer, what was told to one person could be shown to another.",
            field="min_sources",
        )
    known = _columns(path, columns or {})
    found = Gathered()
    names: set[str] = set()
    heaps: dict[tuple[str, str], dict[str, Answered]] = defaultdict(dict)
    for number, row in enumerate(_rows(path, known, found), start=1):
        where = f"{path.name}, row {number}"
        try:
            _take(row, where, (language, detect), heaps, names, found)
        except FieldError as error:
            found.faults.append(Fault(where, error.problem, error.fix, error.field, number))
        except InputError as error:
            found.faults.append(Fault(where, error.problem, error.fix, error.field, number))
        advance()
    for (code, brand), tickets in sorted(heaps.items()):
        _publish(list(tickets.values()), code, brand, least, names, found)
    return found


def _columns(path: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Choose the table's column of everything that a ticket has."""
    there = column_names(path)
    for name, column in given.items():
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise InputError(f"Tickets have no {name!r}.", fix=f"They have {known}.", field=name)
        if column not in there:
            raise ExportError(
                f"{path.name}: no column named {column!r}.",
                fix=f"It has {', '.join(map(repr, there))}.",
                field=column,
            )
    chosen = dict(given)
    for name, usual in COLUMNS.items():
        column = given.get(name) or next((one for one in usual if one in there), "")
        if column:
            chosen[name] = column
        elif name in NEEDED:
            raise ExportError(
                f"{path.name}: no column with the {name} of a ticket.",
                fix=f"Name it: --column {name}=COLUMN. It has {', '.join(map(repr, there))}.",
                field=name,
            )
    return chosen


def _rows(path: Path, known: Mapping[str, str], found: Gathered) -> Iterator[Row]:
    """Yield tickets by our names, up to the first row that breaks the table."""
    try:
        for row in read_rows(path, required=[known[name] for name in NEEDED]):
            yield {name: row.get(column, "") for name, column in known.items()}
    except ExportError as error:
        found.faults.append(Fault("", error.problem, error.fix, error.field, error.row))


def _take(
    row: Row,
    where: str,
    speech: tuple[str, Detect | None],
    heaps: Mapping[tuple[str, str], dict[str, Answered]],
    names: set[str],
    found: Gathered,
) -> None:
    """Clean one ticket and put it to those of its language and brand.

    Raises:
        FieldError: When it has no id, or its language is none.
        InputError: When a text is too long or no text.
    """
    ticket = row["ticket"].strip()
    if not ticket:
        raise FieldError("ticket", "the ticket has no id.", "Without one it cannot be counted.")
    told = [row.get(name, "").strip() for name in ("requester_name", "agent_name")]
    reply = read_reply(row["answer"], [name for name in told if name])
    names |= reply.names
    if reply.automatic or not reply.units:
        found.skipped.append(Skip(where, AUTOMATIC if reply.automatic else EMPTY))
        return
    language, detect = speech
    code = row.get("language", "").strip() or language
    if not code and detect:
        code = detect(" ".join(unit.text for unit in reply.units))
    questions = _short_forms(row, told)
    one = Answered(ticket, row.get("requester", "").strip(), questions, reply.units)
    heap = heaps[language_code(code), row.get("brand", "").strip()]
    # Of several answers in one ticket the longest says most.
    heap[ticket] = max(heap.get(ticket, one), one, key=lambda two: len(two.units))


def _short_forms(row: Row, told: Sequence[str]) -> tuple[str, ...]:
    """Return the subject and the first sentence of a question, where they could be a title."""
    message = clean(read_text(row["question"], row.get("subject", "")[:1000]))
    first = next(
        (
            one
            for line in strip_greeting(message.body).split("\n")
            for one in sentences(line)
            if one.strip() and not is_courtesy(one)
        ),
        "",
    )
    out = []
    for text in (message.subject, first):
        plain = redact(" ".join(text.split())).text
        for name in told:
            plain = hide_name(plain, name or None)
        short = len(plain) <= TITLE_CHARS and 1 < len(plain.split()) <= TITLE_WORDS
        han = not plain.isascii() and len(plain) <= TITLE_CHARS and " " not in plain
        if plain and (short or han) and not (_DIGIT.search(plain) or is_telling(plain)):
            out.append(plain.strip(" .,;:，。；："))
    return tuple(dict.fromkeys(out))


def _publish(
    tickets: Sequence[Answered],
    language: str,
    brand: str,
    least: int,
    names: set[str],
    found: Gathered,
) -> None:
    """Write the answers that enough tickets share as articles."""
    unnamed = [_without(one, names) for one in tickets]
    result = mine([one for one in unnamed if one.units], least)
    said = words_said(unnamed)
    for reason, count in sorted(result.unused.items()):
        found.skipped.extend([Skip(f"{language} tickets", reason)] * count)
    for one in result.mined:
        article_id = _id(one)
        where = f"the answer of {one.size} tickets ({language})"
        try:
            found.placed.append((where, _article(one, article_id, (language, brand), said, least)))
        except FieldError as error:
            found.faults.append(
                Fault(where, error.problem, error.fix, error.field, article_id=article_id)
            )


def _without(one: Answered, names: set[str]) -> Answered:
    """Leave out what mentions a name that was met anywhere."""
    return Answered(
        one.ticket,
        one.requester,
        tuple(text for text in one.questions if not mentions(text, names, within=False)),
        tuple(unit for unit in one.units if not mentions(unit.text, names)),
    )


def _id(one: Mined) -> str:
    """Name an answer by its first ticket, as a fingerprint: it stays when more tickets come."""
    first = min((ticket.ticket for ticket in one.tickets), key=natural)
    return f"mined-{hashlib.sha256(first.encode()).hexdigest()[:12]}"


def _article(
    one: Mined, article_id: str, place: tuple[str, str], said: Counter[str], least: int
) -> Article:
    language, brand = place
    title = title_of(one.tickets, said, least)
    fields: dict[str, object] = {
        "id": article_id,
        "title": title[:1].upper() + title[1:],
        "brand": brand,
        "tags": [MINED_TAG],
        "sources": max((step for step in STEPS if step <= one.size), default=one.size),
    }
    return make_article(fields, one.body, language)
