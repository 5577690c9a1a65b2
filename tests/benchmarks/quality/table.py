"""Write what was measured as Markdown."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.quality.cells import FIRST, LAST, Cell
from tests.benchmarks.quality.figures import (
    LARGE,
    LARGE_BOUND,
    Difference,
    Figures,
    differences,
    figures,
)
from tests.benchmarks.quality.ours import OURS
from tests.benchmarks.quality.parts import A_LABEL, DRAWS, SETS
from tests.benchmarks.quality.peers import PEERS
from tests.benchmarks.quality.targets import Key, calibrated, verdicts

Record = dict[str, Any]
Draws = dict[int | None, Record]
Group = dict[str, Draws]
"""System to draw to what it gave."""
TITLES = {name: peer.title for name, peer in PEERS.items()} | {
    name: own.title for name, own in OURS.items()
}
RECIPES = {name: peer.recipe for name, peer in PEERS.items()} | {
    name: own.recipe for name, own in OURS.items()
}
SYSTEMS = (*FIRST, LAST)
SCORES = ("confidence", "logit", "nearness")
NO_ROWS = 2
"""Lines of a table that has none: what it shows, and its columns."""
SCOPE = (
    "Out of scope against in scope, AUROC by the confidence, by the largest score before "
    "probabilities, and by the nearness to the training messages that bundles refuse by:\n"
)
PAIRED = (
    "Points of accuracy over each peer with their 95 % interval, and what that says; then the "
    "same of macro-F1:\n"
)
ASKED = (
    "### Targets\n\nA target is reached by its figure, or by the margin over MiniLM + logistic "
    "regression of this run that the figure meant where it was set.\n"
)
ASKED_COLUMNS = (
    "| set | system | figure | reach | have | margin asked | margin | |\n"
    "|---|---|---|---|---|---|---|---|"
)
CALIBRATION = (
    f"Calibration: ECE at most {LARGE_BOUND} where the test part has {LARGE:,} rows, elsewhere at "
    "most what 95 of 100 perfectly calibrated systems of that size stay below.\n"
)


def page(records: Mapping[Cell, Record]) -> str:
    """Write all tables of the cells that are there."""
    groups = _grouped(records)
    if not groups:
        return f"{_setup([])}\n"
    measured = {
        key: {system: figures(list(draws.values())) for system, draws in group.items()}
        for key, group in groups.items()
    }
    parts = [_setup(list(records.values()))]
    for key, group in groups.items():
        parts += [_heading(key, group), _systems(group, measured[key]), _scope(measured[key])]
        parts.append(_against(group))
    parts += [_targets(measured), _calibrations(groups, measured), _footnotes(groups)]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(records: Mapping[Cell, Record]) -> str:
    """Write one table for readers in a hurry: accuracy and macro-F1 of every set and size."""
    groups = _grouped(records)
    if not groups:
        return _setup([])
    heads = [f"{name}, {f'{A_LABEL} a label' if few else 'full'}" for name, few in groups]
    lines = [
        f"{_setup(list(records.values()))} Accuracy / macro-F1:\n",
        f"| system | {' | '.join(heads)} |\n|---{'|---' * len(heads)}|",
    ]
    for system in (name for name in SYSTEMS if any(name in group for group in groups.values())):
        cells = (_brief(group.get(system)) for group in groups.values())
        lines.append(f"| {TITLES[system]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _brief(draws: Draws | None) -> str:
    if not draws:
        return ""
    one = figures(list(draws.values()))
    partly = f" ({len(draws)} of {DRAWS} draws)" if None not in draws and len(draws) < DRAWS else ""
    return f"{one.accuracy:.3f} / {one.macro_f1:.3f}{partly}"


def _grouped(records: Mapping[Cell, Record]) -> dict[Key, Group]:
    """Sort cells by set and size, each system's draws together."""
    found: dict[Key, Group] = defaultdict(dict)
    for cell, record in records.items():
        found[cell.name, cell.draw is not None].setdefault(cell.system, {})[cell.draw] = record
    keys = [(name, few) for name in SETS for few in (False, True) if (name, few) in found]
    return {key: {name: found[key][name] for name in SYSTEMS if name in found[key]} for key in keys}


def _setup(records: Sequence[Record]) -> str:
    if not records:
        return "Nothing is measured yet."
    machines = sorted(
        {f"{r['machine']['processor']}, {r['machine']['cores']} cores" for r in records}
    )
    revisions = sorted({record["revision"] for record in records})
    loads = sorted(record["load"] for record in records)
    return (
        f"{len(records)} cells on {' and '.join(machines)}; one thread each; load of the machine "
        f"when they began {loads[0]:.0f} to {loads[-1]:.0f}, so times are processor time, not the "
        f"wall clock's. Commit {', '.join(revisions)}."
    )


def _heading(key: Key, group: Group) -> str:
    name, few = key
    rows = next(iter(next(iter(group.values())).values()))["rows"]
    size = f"{A_LABEL} examples a label" if few else "all training rows"
    outside = f", {rows['outside']} out of scope" if rows["outside"] else ""
    return (
        f"### {name}, {size}\n\n{rows['train']} messages to train, {rows['test']} to test"
        f"{outside}; test part: {SETS[name].told}."
    )


def _systems(group: Group, measured: Mapping[str, Figures]) -> str:
    lines = [
        "| system | accuracy | macro-F1 | ECE | train, s | predict, ms |",
        "|---|---|---|---|---|---|",
    ]
    for system, one in measured.items():
        draws = len(group[system])
        spread = f" ± {one.spread:.3f}" if one.spread is not None else ""
        partly = (
            f" ({draws} of {DRAWS} draws)" if None not in group[system] and draws < DRAWS else ""
        )
        ece = "" if one.ece is None else f"{one.ece:.3f}"
        lines.append(
            f"| {TITLES[system]}{partly} | {one.accuracy:.3f}{spread} | {one.macro_f1:.3f} | {ece} "
            f"| {one.train:.1f} | {one.predict:.2f} |"
        )
    return "\n".join(lines)


def _scope(measured: Mapping[str, Figures]) -> str:
    if not any(one.auroc for one in measured.values()):
        return ""
    lines = [
        SCOPE,
        "| system | confidence | largest score | nearness |\n|---|---|---|---|",
    ]
    for system, one in measured.items():
        cells = (f"{one.auroc[name]:.3f}" if name in one.auroc else "" for name in SCORES)
        lines.append(f"| {TITLES[system]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _against(group: Group) -> str:
    """Compare each of ours with each peer, on the draws that both have."""
    mine = [name for name in OURS if name in group]
    peers = [name for name in PEERS if name in group]
    if not (mine and peers):
        return ""
    lines = [
        PAIRED,
        f"| peer | {' | '.join(TITLES[name] for name in mine)} |\n|---{'|---' * len(mine)}|",
    ]
    for peer in peers:
        cells = (_compared(group[name], group[peer]) for name in mine)
        lines.append(f"| {TITLES[peer]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _compared(ours: Draws, theirs: Draws) -> str:
    both = [draw for draw in ours if draw in theirs]
    if not both:
        return ""
    found = differences([ours[draw] for draw in both], [theirs[draw] for draw in both])
    return "; ".join(map(_difference, found))


def _difference(found: Difference) -> str:
    points = f"{100 * found.value:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
    word = f"**{found.verdict}**" if found.verdict == "behind" else found.verdict
    return f"{points} {word}"


def _targets(measured: Mapping[Key, Mapping[str, Figures]]) -> str:
    lines = [
        ASKED,
        ASKED_COLUMNS,
    ]
    for one in verdicts(measured):
        target, (name, few) = one.target, one.target.key
        have = "" if one.value is None else f"{one.value:.3f}"
        over = "" if one.over is None else f"{100 * one.over:+.1f}"
        lines.append(
            f"| {name}, {f'{A_LABEL} a label' if few else 'full'} | {TITLES[target.system]} | "
            f"{target.figure} | {target.reach:.3f} | {have} | {100 * target.margin:+.1f} | {over} "
            f"| {one.reached} |"
        )
    return "\n".join(lines)


def _calibrations(
    groups: Mapping[Key, Group], measured: Mapping[Key, Mapping[str, Figures]]
) -> str:
    lines = [
        CALIBRATION,
        "| set | system | rows | ECE | chance | |\n|---|---|---|---|---|---|",
    ]
    for key, group in groups.items():
        for system in (name for name in OURS if name in group):
            rows = next(iter(group[system].values()))["rows"]["test"]
            one = measured[key][system]
            size = f"{A_LABEL} a label" if key[1] else "full"
            lines.append(
                f"| {key[0]}, {size} | {TITLES[system]} | {rows} | {one.ece:.3f} | "
                f"{one.chance:.3f} | {calibrated(one, rows)} |"
            )
    return "\n".join(lines) if len(lines) > NO_ROWS else ""


def _footnotes(groups: Mapping[Key, Group]) -> str:
    lines = ["### How each was set\n"]
    for system in SYSTEMS:
        records = [record for group in groups.values() for record in group.get(system, {}).values()]
        if records:
            lines.append(f"- **{TITLES[system]}**: {RECIPES[system]}. {_versions(records)}.")
            lines += [f"  - {line}" for line in _steps(groups, system)]
    return "\n".join(lines)


def _versions(records: Sequence[Record]) -> str:
    found = sorted({" ".join(f"{k} {v}" for k, v in r["versions"].items()) for r in records})
    return " / ".join(found)


def _steps(groups: Mapping[Key, Group], system: str) -> Iterator[str]:
    """Say how far tuning came, where it may not have come to its end."""
    for (name, few), group in groups.items():
        notes = [record["notes"] for record in group.get(system, {}).values()]
        told = [
            f"{one['steps']} of {one['of']} steps" if "of" in one else _tuned(one["finetune"])
            for one in notes
            if "of" in one or one.get("finetune")
        ]
        if told:
            yield f"{name}, {f'{A_LABEL} a label' if few else 'full'}: {'; '.join(told)}"


def _tuned(notes: Mapping[str, Any]) -> str:
    return f"{notes['kept']} kept, {notes['steps']} steps"
