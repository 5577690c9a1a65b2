"""A backtest as lines and tables: for a terminal, and as CSV."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from rich.box import SIMPLE_HEAD
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
SHORT = ("", "rows", "auto", "right, %", "suggest", "right, %", "abstain", "cost", "min")
"""Headings on a terminal, where each precision stands with its 95 % interval."""
SHOWN = 5
"""Errors named below a table; the JSON has all."""


def show(console: Console, report: Report) -> None:
    """Print a table for each task, with what it rests on and what looks wrong."""
    _say(console, f"\n{who(report)}")
    for task, part in report["tasks"].items():
        _say(console, f"\n{task}")
        console.print(_table(part))
        for line in [*_abstained(part["periods"]), *notes(part)]:
            _say(console, line)
        for line in part["warnings"]:
            _say(console, f"warning: {line}")
    _say(console, f"\n{report['assumptions']['sentence']}")
    for line in report["warnings"]:
        _say(console, f"warning: {line}")


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


def _table(part: Report) -> Table:
    """Build a table that fits a terminal of 80 columns."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(SHORT):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for period in part["periods"]:
        table.add_row(*_brief(period))
    table.add_section()
    table.add_row(*_brief({**part["total"], "period": "all"}))
    return table


def _brief(period: Mapping[str, Any]) -> list[str]:
    rows = [mark(period), f"{period['n']}"]
    for kind in ("automate", "suggest"):
        rows += [_short(period[kind]), _percent(period[kind])]
    cost = "+".join(f"{period['cost'][kind]:g}" for kind in ("automate", "suggest"))
    return [*rows, _short(period["abstain"]), cost, f"{period['minutes']:+.0f}"]


def _percent(part: Mapping[str, Any]) -> str:
    if part["interval"] is None:
        return "-"
    low, high = (f"{100 * bound:.0f}" for bound in part["interval"])
    return f"{100 * part['precision']:.0f} ({low}-{high})"


def _short(part: Mapping[str, Any]) -> str:
    return f"{part['n']} {part['share']:.0%}"


def _abstained(periods: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell by reason why each period would have been abstained."""
    return [
        f"abstained in {mark(period)}: "
        + ", ".join(f"{name} {n}" for name, n in period["abstain"]["reasons"].items())
        for period in periods
        if period["abstain"]["n"]
    ]


def mark(period: Mapping[str, Any]) -> str:
    """Write the name of a period, with a star where its rows may have been trained on."""
    return f"{period['period']}{'*' if period.get('trained_on_these') else ''}"


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
        mark(period),
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
        f"{part['costs']['sentence']} The table has automatic errors + wrong suggestions.",
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
