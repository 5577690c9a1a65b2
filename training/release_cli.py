"""The commands ``triage-train compare`` and ``promote``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from training.comparison import SIDES, compare_bundles, measured, recorded_differences
from training.config import Columns, parse_pairs, parse_renames
from training.datasets import Examples
from training.evaluate import compare as strange_labels
from training.ingest.table import read_exports
from training.members import spread
from training.printing import check_target, write_json
from triage.bundle.gate import load_gate
from triage.bundle.manifest import METRICS, read_json
from triage.bundle.promotion import Measure, promote
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.errors import CorruptBundleError, InputError
from triage.knowledge.finder import LANGUAGES
from triage.models_cli import Expected, Waive, Who, Why, bench_of, report, sign
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

SHOWN = 20
"""Ids and labels shown of each kind; --json has all."""
POINTS = 100
console = Console(stderr=True, highlight=False)

Export = Annotated[
    Path | None,
    typer.Argument(help="Labelled rows that neither was trained on; recorded figures without."),
]
Text = Annotated[str | None, typer.Option(help="Column of the message.")]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        help="TASK=COLUMN; may be repeated. 'TASK=COLUMN|LABEL|LABEL' where a cell lists several.",
        callback=spread,
    ),
]
Renames = Annotated[
    list[str] | None, typer.Option("--map", help="TASK:VALUE=LABEL; may be repeated.")
]
Subject = Annotated[str | None, typer.Option(help="Column of the subject.")]
Language = Annotated[str | None, typer.Option(help="Column of the language code.")]
ContentType = Annotated[str | None, typer.Option(help="Column with text/plain or text/html.")]


def compare(
    champion: Annotated[str, typer.Argument(help="Folder, id or alias.")],
    challenger: Annotated[str, typer.Argument(help="Folder, id or alias.")],
    export: Export = None,
    text: Text = None,
    label: Labels = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    content_type: ContentType = None,
    profile: Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")] = None,
    json_: Annotated[
        str | None, typer.Option("--json", help="Write figures here; - is stdout.")
    ] = None,
) -> None:
    """Tell what gets better and worse from one bundle to another."""
    check_target(json_)
    examples = _rows(export, text, label, map_, subject, language, content_type)
    if examples is None:
        figures = _recorded(champion, challenger, profile)
    else:
        figures = _compared(champion, challenger, examples, profile)
    _show(figures)
    write_json(figures, json_)


def promote_(
    bundle: Annotated[str, typer.Argument(help="Id or alias of a bundle of the registry.")],
    export: Export = None,
    text: Text = None,
    label: Labels = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    content_type: ContentType = None,
    gate: Annotated[Path | None, typer.Option(help="Bounds (TOML); else TRIAGE_GATE.")] = None,
    why: Why = "",
    who: Who = None,
    expected: Expected = None,
    waive: Waive = None,
) -> None:
    """Make a bundle the champion if the gate lets it; exit with 1 and every reason if not."""
    signature = sign(who, why, waive)
    bench = bench_of(load_settings())
    if gate:
        bench = replace(bench, gate=load_gate(gate))
    bench.registry.bundle_id(bundle)
    examples = _rows(export, text, label, map_, subject, language, content_type)
    done = promote(bench, bundle, signature, expected=expected, measure=_measure(examples))
    report(done, bundle)


def _measure(examples: Examples | None) -> Measure | None:
    if examples is None:
        return None
    return lambda bundle: measured(examples, bundle)


def _rows(
    export: Path | None,
    text: str | None,
    label: list[str] | None,
    map_: list[str] | None,
    subject: str | None,
    language: str | None,
    content_type: str | None,
) -> Examples | None:
    """Read the labelled rows; None where no file is given."""
    if export is None:
        if text or label:
            raise InputError("Columns are given but no file.", fix="Name the labelled file.")
        return None
    if not text or not label:
        raise InputError(
            "A labelled file needs --text and --label.", fix="For example: --label queue=Queue"
        )
    labels = parse_pairs("--label", label)
    columns = Columns(
        text=text,
        labels=labels,
        subject=subject,
        language=language,
        content_type=content_type,
        renames=parse_renames(map_ or [], labels),
    )
    return read_exports([export], columns, LanguageIdentifier(LANGUAGES))


def _load(name: str) -> Bundle:
    settings = load_settings()
    return load_bundle(Registry(settings.home, settings.models).find(name), settings.encoders)


def _compared(
    champion: str, challenger: str, examples: Examples, profile: str | None
) -> dict[str, Any]:
    old, new = _load(champion), _load(challenger)
    for bundle in (old, new):
        for line in strange_labels(examples, bundle.manifest.taxonomy):
            console.print(f"warning: {bundle.id}: {line}", markup=False)
    return {
        "champion": old.id,
        "challenger": new.id,
        "rows": {"n": len(examples), "fingerprint": examples.fingerprint()},
        "same_rows": True,
        "tasks": compare_bundles(examples, old, new, profile),
    }


def _recorded(champion: str, challenger: str, profile: str | None) -> dict[str, Any]:
    old, new = _load(champion), _load(challenger)
    recorded = [read_json(bundle.folder / METRICS) for bundle in (old, new)]
    rows = [content.get("test_fingerprint") for content in recorded]
    same = rows[0] is not None and rows[0] == rows[1]
    if not same:
        console.print(
            "warning: the two recorded other test rows, so that a difference may be one of rows; "
            "give a labelled file that neither was trained on"
        )
    tasks = _differences([(old, recorded[0]), (new, recorded[1])], profile)
    return {
        "champion": old.id,
        "challenger": new.id,
        "rows": {"n": None, "fingerprint": rows[0] if same else None},
        "same_rows": same,
        "tasks": tasks,
    }


def _differences(
    sides: Sequence[tuple[Bundle, Mapping[str, Any]]], profile: str | None
) -> dict[str, Any]:
    try:
        tasks = [content["profiles"][side.profile(profile).name] for side, content in sides]
        return recorded_differences(*tasks)
    except (KeyError, TypeError) as error:
        raise CorruptBundleError(
            f"The recorded figures of {' or '.join(side.id for side, _ in sides)} have another "
            "shape.",
            fix="Compare on a labelled file instead.",
        ) from error


def _show(figures: Mapping[str, Any]) -> None:
    """Print a table of each task and label, and the ids of flipped rows."""
    names = (figures["champion"], figures["challenger"])
    for task, found in figures["tasks"].items():
        test = found.get("mcnemar")
        told = f": {found['verdict']}" if test else ""
        table = Table("", *names, "difference", "95 % interval", "rows", title=f"{task}{told}")
        for key in ("accuracy", "macro_f1", "ece"):
            table.add_row(key, *_cells(found[key]), str(found["n"]))
        worst_first = sorted(found["per_label"].items(), key=lambda pair: pair[1]["difference"])
        for name, part in _ends(worst_first):
            table.add_row(f"F1 {name}", *_cells(part), str(part["support"]))
        console.print(table)
        if test:
            console.print(
                f"{test['fixed']} rows put right, {test['broken']} broken; exact McNemar "
                f"p = {test['p']:.3g}"
            )
            for kind, ids in found["flipped"].items():
                more = f", and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
                listed = ", ".join(ids[:SHOWN]) or "none"
                console.print(f"{kind.replace('_', ' ')}: {listed}{more}", markup=False)


def _ends(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Keep the labels that lose and gain most where they are many."""
    half = SHOWN // 2
    return pairs if len(pairs) <= SHOWN else [*pairs[:half], *pairs[-half:]]


def _cells(part: Mapping[str, Any]) -> list[str]:
    interval = part.get("interval")
    low_high = " to ".join(f"{bound * POINTS:+.1f}" for bound in interval) if interval else "-"
    return [
        *(f"{part[side]:.3f}" for side in SIDES),
        f"{part['difference'] * POINTS:+.1f} points",
        low_high,
    ]
