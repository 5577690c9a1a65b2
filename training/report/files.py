"""The files of a report: of a run that makes a bundle, or of a bundle and labelled rows."""

from collections.abc import Mapping
from pathlib import Path

from training.config import AUTOMATE_PRECISION, Precision
from training.datasets import Examples
from training.evaluate import latency
from training.register import BundleParts, fingerprint
from training.report.content import gather
from training.report.private import printable
from training.report.render import render
from training.report.subject import Facts, Json, Rival, Subject, Training
from triage.bundle.manifest import HEADS, METRICS, REPORT, REPORT_JSON, read_json
from triage.bundle.store import Bundle, to_json
from triage.encoders.base import Profile, Vectors

Files = dict[str, bytes]
"""File names to contents."""


def files(subject: Subject, facts: Facts, rival: Rival, training: Training | None = None) -> Files:
    """Write a report as the page and the JSON beside it.

    Raises:
        ExportError: When no row can be scored.
    """
    content = gather(subject, facts, rival, training)
    return {REPORT: render(content).encode(), REPORT_JSON: to_json(content)}


def subject_of_run(name: str, parts: BundleParts, test: Examples, vectors: Vectors) -> Subject:
    """Describe what a run made by its answers to the test rows, in the default profile.

    Args:
        name: Identifier of the bundle.
        parts: What it is made of.
        test: Rows of the test side.
        vectors: Their embeddings in the default profile, shape ``(n, dim)``.
    """
    part = parts.profiles[0]
    labeler = parts.labeler(part)
    given = labeler.probabilities(vectors, test.texts)
    return Subject(
        name, parts.taxonomy, labeler, parts.encoders, part.profile, test, vectors, given
    )


def facts_of_run(
    parts: BundleParts,
    metrics: Json,
    command: str,
    created: str,
    precision: Precision,
    shared: Path,
) -> Facts:
    """Collect what a run knows of its bundle; ``shared`` is the folder of the shipped encoders."""
    heads = sum(
        array.nbytes
        for head in parts.all_heads
        for array in (head.dense, head.bias, *((head.lexical.weights,) if head.lexical else ()))
    )
    encoders = {name: one.fingerprint for name, one in parts.encoders.encoders.items()}
    places = {name: parts.inside.get(name, shared / name) for name in encoders}
    return Facts(
        created=created,
        command=command,
        metrics=metrics,
        asked={task: precision.of(task) for task in parts.taxonomy.tasks},
        sizes={"heads": heads, **_sizes(places)},
        encoders=encoders,
        fingerprint=fingerprint(parts),
    )


def subject_of_bundle(bundle: Bundle, profile: Profile, examples: Examples) -> Subject:
    """Describe a bundle by its answers to labelled rows."""
    labeler, encoders = bundle.labeler(profile), bundle.encoders
    vectors = encoders.encode(examples.texts, examples.languages, profile)
    given = labeler.probabilities(vectors, examples.texts)
    taxonomy = bundle.manifest.taxonomy
    return Subject(bundle.id, taxonomy, labeler, encoders, profile, examples, vectors, given)


def facts_of_bundle(bundle: Bundle, subject: Subject, shared: Path) -> Facts:
    """Collect what a bundle says of itself, and measure its latency on the rows.

    Raises:
        CorruptBundleError: When its recorded figures cannot be read.
    """
    manifest, folder = bundle.manifest, bundle.folder
    metrics = dict(read_json(folder / METRICS)) if METRICS in manifest.files else {}
    recorded = dict(read_json(folder / REPORT_JSON)) if REPORT_JSON in manifest.files else None
    taken = latency(subject.examples, subject.labeler, subject.encoders, subject.profile)
    places = {
        name: folder / "encoders" / name if one.inside else shared / name
        for name, one in manifest.encoders.items()
    }
    return Facts(
        created=manifest.created,
        command="",
        metrics={
            **metrics,
            "languages": list(manifest.languages),
            "latency_ms": {subject.profile.name: taken},
            "data_fingerprint": manifest.data_fingerprint,
            "versions": manifest.versions,
        },
        asked={task: _asked(recorded, task) for task in subject.taxonomy.tasks},
        sizes={"heads": (folder / HEADS).stat().st_size, **_sizes(places)},
        encoders={name: one.fingerprint for name, one in manifest.encoders.items()},
        fingerprint=manifest.fingerprint,
        recorded=recorded,
    )


def _asked(recorded: Json | None, task: str) -> float:
    """Return the precision that was asked for when the bundle was made."""
    for one in (recorded or {}).get("tasks", []):
        if one["task"] == printable(task):
            return float(one["cuts"]["asked"])
    return AUTOMATE_PRECISION


def _sizes(places: Mapping[str, Path]) -> dict[str, int]:
    return {
        f"encoder {name}": sum(p.stat().st_size for p in place.rglob("*") if p.is_file())
        for name, place in places.items()
        if place.is_dir()
    }
