"""Label a file from its first row, or from where a killed run left off; this file knows the order.

survey -> begin or go on -> label units -> append and commit -> assemble -> rename
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console

from triage import __version__
from triage.bounds import refuse_stream
from triage.bulk.assembly import assemble
from triage.bulk.formats import check_out, file_format
from triage.bulk.labelling import Labelling
from triage.bulk.part import Key, Part
from triage.bulk.pool import Pool
from triage.bulk.progress import shown
from triage.bulk.rendering import Renderer
from triage.bulk.survey import survey
from triage.bulk.units import ROWS, Unit, units
from triage.bundle.manifest import Manifest, json_fingerprint, read_manifest
from triage.bundle.registry import Registry
from triage.domain import Article
from triage.errors import ExportError
from triage.labeling.groups import groups
from triage.parquet import SUFFIX
from triage.predictions import MessageColumns, added_columns, check_columns
from triage.rows import explained
from triage.settings import Settings

HEAD = 1024 * 1024
"""Bytes of the file to label that are part of its fingerprint."""


@dataclass(frozen=True, slots=True)
class Order:
    """A file to label, and how.

    Args:
        file: What to read.
        columns: Which columns hold the message.
        out: What to write.
        suggestions: Articles per message.
        workers: Processes; 1 labels in this one, None takes all cores.
        restart: Begin anew even where a run was cut short.
    """

    file: Path
    columns: MessageColumns
    out: Path
    suggestions: int = 0
    workers: int | None = None
    restart: bool = False


def label_file(order: Order, settings: Settings, console: Console) -> None:
    """Label every row of a file once, in order; a killed run is continued.

    Raises:
        ExportError: When the file cannot be read, has broken rows, or a run that was cut short
            belongs to other work.
        BundleError: When the bundle cannot be used.
        WorkerError: When a worker process is gone; the same command goes on.
    """
    refuse_stream(order.file)
    file_format(order.file)
    check_out(order.out, order.file)
    folder = Registry(settings.home, settings.models).find(settings.bundle)
    manifest = read_manifest(folder)
    articles = _articles(settings) if order.suggestions else ()
    state = _state(order.file)
    key = _key(order, settings, manifest, articles, state)
    part = Part(order.out, key, restart=order.restart)
    try:
        if part.delivered:
            part.discard()
            console.print(f"labelled before: {order.out}", markup=False, soft_wrap=True)
            return
        labelling = _labelling(order, settings, folder, manifest, articles, part)
        begun, before = perf_counter(), part.rows
        _label(order, labelling, part, console)
        seconds, rows = perf_counter() - begun, part.rows - before
        if _state(order.file) != state:
            raise ExportError(
                f"{order.file}: changed while it was read.", fix="Run again with --restart."
            )
        _deliver(order, labelling.renderer, part)
        told = f"{rows} messages in {seconds:.1f} s, {rows / seconds:.0f} a second: {order.out}"
        console.print(told, markup=False, soft_wrap=True)
    finally:
        part.close()


def _key(
    order: Order,
    settings: Settings,
    manifest: Manifest,
    articles: Sequence[Article],
    state: tuple[int, int],
) -> Key:
    """Say what the work is, under the names that a refusal uses."""
    columns = asdict(order.columns)
    with explained(order.file), order.file.open("rb") as stream:
        head = hashlib.sha256(stream.read(HEAD)).hexdigest()
    return {
        "input file": [*state, head],
        "bundle": [manifest.id, json_fingerprint(manifest.model_dump(mode="json"))],
        "profile": settings.profile or manifest.default_profile,
        **{f"--{name.replace('_', '-')}": column for name, column in columns.items()},
        "--suggestions": order.suggestions,
        "set of articles": json_fingerprint([str(article) for article in articles]),
        "version of triage": __version__,
    }


def _state(path: Path) -> tuple[int, int]:
    with explained(path):
        found = path.stat()
    return found.st_size, found.st_mtime_ns


def _articles(settings: Settings) -> Sequence[Article]:
    """List the articles once, so that all workers know the same."""
    from triage.service import known_articles
    from triage.storage.store import Store
    from triage.telemetry import Telemetry

    with Store.open(settings.store_url) as store:
        return known_articles(settings, store, Telemetry(settings.log_level))


def _labelling(
    order: Order,
    settings: Settings,
    folder: Path,
    manifest: Manifest,
    articles: Sequence[Article],
    part: Part,
) -> Labelling:
    """Say what workers need to know; look through the file where the work has not begun."""
    tasks = tuple(manifest.taxonomy.tasks)
    together = groups({task: manifest.taxonomy.labels(task) for task in tasks})
    added = added_columns(tasks, order.suggestions, together)
    numbers = [f"triage_{task}_confidence" for task in tasks]
    found = part.survey or survey(order.file, order.columns.required)
    check_columns(found.columns, added)
    renderer = Renderer.of(order.out, found.columns, added, numbers)
    if part.survey is None:
        part.begin(found, renderer.head())
    return Labelling(settings, folder, order.columns, order.suggestions, articles, renderer)


def _label(order: Order, labelling: Labelling, part: Part, console: Console) -> None:
    total = part.survey.rows if part.survey else 0
    if part.rows:
        console.print(f"going on behind row {part.rows} of {total}")
    left = units(order.file, labelling.renderer.columns, part.rows)
    try:
        with (
            shown(console, total, part.rows) as advance,
            _answers(labelling, left, _workers(order, total - part.rows)) as answers,
        ):
            for rows, content in answers:
                part.append(content, rows)
                advance(rows)
        part.commit()
    except BaseException:
        console.print(
            f"{part.rows} of {total} rows are kept in {part.path}. The same command goes on "
            "behind them; with --restart it begins anew.",
            markup=False,
            soft_wrap=True,
        )
        raise


def _workers(order: Order, rows: int) -> int:
    """Take no more processes than there are units."""
    return min(order.workers or len(os.sched_getaffinity(0)), -(-rows // ROWS))


@contextmanager
def _answers(
    labelling: Labelling, left: Iterator[Unit], workers: int
) -> Iterator[Iterator[tuple[int, bytes]]]:
    if workers > 1:
        with Pool(labelling, workers) as pool:
            yield pool.label(left)
        return
    label = labelling.open()
    yield ((unit.rows, label(unit)) for unit in left)


def _deliver(order: Order, renderer: Renderer, part: Part) -> None:
    if renderer.suffix != SUFFIX:
        part.finish()
        return
    whole = part.path.with_name(f"{part.path.name}.whole")
    try:
        assemble(part.path, whole, order.file, renderer)
        part.finish(whole)
    finally:
        whole.unlink(missing_ok=True)
