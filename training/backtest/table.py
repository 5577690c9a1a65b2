"""A backtest as lines and tables: for a terminal, and as CSV."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table

from training.backtest.tally import span
from training.metrics import Report

HEADINGS = (
    "period",
    "rows",
    "automated",
    "precision (95 % interval)",
    "suggested",
    "precision (95 % interval)",
    "abstained",
    "cost of errors",
    "minutes",
)
SHOWN = 5
"""Errors named below a table; the JSON has all."""


def show(console: Console, report: Report) -> None:
    """Print a table for each task, with what it rests on and what looks wrong."""
    console.print(f"\n{who(report)}", markup=False)
    for task, part in report["tasks"].items():
        table = Table(title=task, title_justify="left")
        for number, heading in enumerate(HEADINGS):
            table.add_column(heading, justify="right" if number else "left")
        for period in part["periods"]:
            table.add_row(*cells(period))
        table.add_section()
        table.add_row(*cells({**part["total"], "period": "all"}))
        console.print(table)
        for line in notes(part):
            console.print(line, markup=False)
        for line in part["warnings"]:
            console.print(f"warning: {line}", markup=False)
    console.print(report["assumptions"]["sentence"], markup=False)
    for line in report["warnings"]:
        console.print(f"warning: {line}", markup=False)


def who(report: Report) -> str:
    """Say on one line what was replayed and who answered."""
    rows = report["rows"]
    who = report.get("bundle") or f"encoder {report['encoder']}"
    guard = f", guard of {report['guard']}" if report.get("guard") else ""
    return (
        f"{rows['n']} rows from {rows['first']} to {rows['last']}, by {report['every']}; "
        f"{report['mode']}: {who}, profile {report['profile']}{guard}"
    )


def cells(period: Mapping[str, Any]) -> list[str]:
    """Write one row of a table."""
    automated, suggested = period["automate"], period["suggest"]
    return [
        f"{period['period']}{'*' if period.get('trained_on_these') else ''}",
        str(period["n"]),
        _part(automated),
        span(automated),
        _part(suggested),
        span(suggested),
        "\n".join([_part(period["abstain"]), *reasons(period)]),
        " + ".join(f"{period['cost'][kind]:g}" for kind in ("automate", "suggest")),
        f"{period['minutes']:+,.0f}",
    ]


def reasons(period: Mapping[str, Any]) -> list[str]:
    """List the reasons of abstentions with their counts; none where confidence was the only one."""
    found = period["abstain"]["reasons"]
    return [f"{name} {n}" for name, n in found.items()] if set(found) - {"low_confidence"} else []


def notes(part: Report) -> list[str]:
    """State what precision was promised, what errors cost, and which were the dearest."""
    asked = part["promised"]
    lines = [
        f"Precision asked: automatic {asked['automate']:g}, suggested {asked['suggest']:g}.",
        f"{part['costs']['sentence']} The table adds automatic errors + wrong suggestions.",
    ]
    dearest = [
        f"{error['true']} given as {error['given']}: {error['n']} by {error['decision']}, "
        f"cost {error['cost']:g}"
        for error in part["total"]["errors"][:SHOWN]
    ]
    more = len(part["total"]["errors"]) - len(dearest)
    return [*lines, *dearest, *([f"and {more} other kinds of error"] if more > 0 else [])]


def to_csv(report: Report) -> str:
    """Write one line for each task and period, all figures in columns of their own."""
    lines = [_flat(task, p) for task, part in report["tasks"].items() for p in part["periods"]]
    names = list(dict.fromkeys(name for line in lines for name in line))
    out = StringIO()
    writer = csv.DictWriter(out, names, restval=0, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _flat(task: str, period: Mapping[str, Any]) -> dict[str, object]:
    line: dict[str, object] = {"task": task}
    for name in ("period", "begin", "end", "trained_on", "trained_on_these", "candidate", "n"):
        line[name] = period[name]
    line |= {name: period[name] for name in ("suggest_at", "automate_at")}
    for kind in ("automate", "suggest"):
        part = period[kind]
        line |= {f"{kind}_{name}": part[name] for name in ("n", "right", "wrong", "precision")}
        low, high = part["interval"] or (None, None)
        line |= {f"{kind}_precision_low": low, f"{kind}_precision_high": high}
        line[f"{kind}_cost"] = period["cost"][kind]
    line["abstain_n"] = period["abstain"]["n"]
    line |= {f"abstain_{name}": n for name, n in sorted(period["abstain"]["reasons"].items())}
    line["minutes"] = period["minutes"]
    line |= {name: period[name] for name in ("accuracy", "mean_confidence", "ece")}
    line |= dict(zip(("ece_low", "ece_high"), period["ece_interval"], strict=True))
    line["ece_by_chance"] = period["ece_by_chance"]
    return line


def _part(part: Mapping[str, Any]) -> str:
    return f"{part['n']} ({part['share']:.0%})"


def share_table(
    periods: Sequence[Mapping[str, Any]], most: int
) -> tuple[list[str], list[list[str]]]:
    """Write the label shares of each period: the commonest labels, then all others together."""
    weight: dict[str, float] = {}
    for period in periods:
        for label, share in period["shares"].items():
            weight[label] = weight.get(label, 0.0) + share * period["n"]
    common = sorted(weight, key=lambda label: (-weight[label], label))[:most]
    rows = []
    for period in periods:
        shares = [period["shares"].get(label, 0.0) for label in common]
        rest = [f"{1 - sum(shares):.0%}"] if len(weight) > len(common) else []
        rows.append([str(period["period"]), *(f"{share:.0%}" for share in shares), *rest])
    others = [f"{len(weight) - len(common)} others"] if len(weight) > len(common) else []
    return ["period", *common, *others], rows
