"""Sentences for readers who decide: what the bundle does, how sure that is, and what to do."""

from collections.abc import Mapping, Sequence

from training.report.subject import Json

FEW_ROWS = 100
"""Fewer test rows leave every figure too loose to decide on."""
DRIFT = 0.01
"""How far the calibration error may stand above what chance gives before confidence is doubted."""
FOUND, NAMED = 0.5, 5
"""Recall below which a label is named as weak, and how many are named, the commonest first."""
LOOSE = 0.05
"""A calibration error that chance alone may give on so few rows that it says nothing."""
LANGUAGES: Mapping[str, str] = {
    "en": "English", "da": "Danish", "ro": "Romanian", "zh": "Chinese",
}  # fmt: skip


def summary(
    tasks: Sequence[Json], languages: Sequence[str], champion: str | None, *, held: bool = True
) -> Json:
    """Sum up a report: one verdict, one sentence on the whole, and points to each task.

    Args:
        tasks: What was measured.
        languages: Codes of the languages that the bundle supports.
        champion: Identifier of the bundle compared with, if any.
        held: Whether the rows are known to be none that it was trained on.
    """
    worse = [task["task"] for task in tasks if _verdict(task) == "worse"]
    better = [task["task"] for task in tasks if _verdict(task) == "better"]
    return {
        "does": _does(tasks, languages),
        "tasks": [{"task": task["task"], **_sure(task, held=held)} for task in tasks],
        "changed": _changed(tasks, champion),
        **_recommendation(tasks, worse, better),
    }


def _does(tasks: Sequence[Json], languages: Sequence[str]) -> str:
    asked = _listed([f"{task['task']} ({task['labels']} labels)" for task in tasks])
    spoken = _listed([LANGUAGES.get(code, code) for code in languages])
    what = "one question" if len(tasks) == 1 else f"{len(tasks)} questions"
    return f"It reads a message and answers {what}, {asked}, in {spoken}."


def _sure(task: Json, *, held: bool) -> Json:
    accuracy, decisions = task["accuracy"], task["decisions"]
    low, high = accuracy["interval"]
    rows = "messages it had never seen" if held else "labelled messages"
    return {
        "right": f"{_percent(accuracy['value'])} of the labels are right, surely between "
        f"{_percent(low)} and {_percent(high)}, on {task['n']:,} {rows}.",
        "baseline": _baseline(task),
        "automated": _automated(decisions, task["cuts"]),
        "weak": _weak(task["per_label"]),
        "confidence": _calibrated(task["reliability"]),
    }


def _baseline(task: Json) -> str:
    """Tell what no skill at all would reach: a share of right labels means little without it."""
    common = max(task["per_label"], key=lambda row: row["support"])
    usual = _percent(common["support"] / task["n"])
    return f"Always answering {common['label']} would be right for {usual}."


def _weak(rows: Sequence[Json]) -> str:
    """Name the labels that are missed more often than found."""
    found = [row for row in rows if row["support"] and row["recall"]["value"] < FOUND]
    if not found:
        return ""
    worst = sorted(found, key=lambda row: -row["support"])[:NAMED]
    told = [f"{row['label']} ({_percent(row['recall']['value'])})" for row in worst]
    more = [f"{len(found) - NAMED} more"] if len(found) > NAMED else []
    return f"Missed more often than found: {_listed([*told, *more])}."


def _automated(decisions: Json, cuts: Json) -> str:
    automate, precision = decisions["automate"]["value"], decisions["automate_precision"]
    if cuts["automate_at"] is None:
        more = cuts.get("more_labels")
        what = (
            f"about {more:,} more labels would allow it" if more else "the data do not support it"
        )
        return (
            f"Nothing would be answered without a person: a precision of {_percent(cuts['asked'])} "
            f"cannot be promised, and {what}. {_suggested(decisions)}"
        )
    if precision["value"] is None:
        return f"No message was sure enough to go without a person. {_suggested(decisions)}"
    return (
        f"{_percent(automate)} would be answered without a person, {_percent(precision['value'])} "
        f"of them right (promised: {_percent(cuts['asked'])}). {_suggested(decisions)}"
    )


def _suggested(decisions: Json) -> str:
    return (
        f"{_percent(decisions['suggest']['value'])} would be proposed to a person, "
        f"{_percent(decisions['abstain']['value'])} left open."
    )


def _calibrated(reliability: Json) -> str:
    gap = f"Confidence is off by {reliability['ece'] * 100:.1f} points on average"
    if reliability["ece_of_chance"] > LOOSE:
        return f"{gap}; the rows are too few to tell whether that is more than chance."
    if reliability["ece"] <= reliability["ece_of_chance"]:
        return f"{gap}, no more than chance explains: it can be read as a probability."
    if reliability["ece"] <= reliability["ece_of_chance"] + DRIFT:
        return f"{gap}, a little more than chance explains."
    return f"{gap}, more than chance explains: do not read it as a probability."


def _changed(tasks: Sequence[Json], champion: str | None) -> list[str]:
    if champion is None:
        return [tasks[0]["champion"]["missing"]] if tasks else []
    lines = []
    for task in tasks:
        found = task["champion"]
        if "missing" in found:
            lines.append(f"{task['task']}: {found['missing']}")
            continue
        change, test = found["accuracy"], found["mcnemar"]
        low, high = (bound * 100 for bound in change["interval"])
        lines.append(
            f"{task['task']}: {_percent(change['champion'])} right before, "
            f"{_percent(change['challenger'])} now ({change['difference'] * 100:+.1f} points, "
            f"surely between {low:+.1f} and {high:+.1f}); {test['fixed']} rows put right, "
            f"{test['broken']} broken: {found['verdict']}."
        )
    return lines


def _recommendation(tasks: Sequence[Json], worse: list[str], better: list[str]) -> Json:
    few = [task["task"] for task in tasks if task["n"] < FEW_ROWS]
    broken = [task["task"] for task in tasks if _breaks(task)]
    if worse:
        told = f"Do not promote: {_listed(worse)} gets clearly worse than the champion."
        return {"verdict": "stop", "recommendation": told}
    if few:
        told = (
            f"Gather more test rows before you decide: {_listed(few)} was measured on fewer than "
            f"{FEW_ROWS}."
        )
        return {"verdict": "wait", "recommendation": told}
    if broken:
        told = (
            f"Promote for suggestions only: the precision promised for automatic answers to "
            f"{_listed(broken)} does not hold on these rows."
        )
        return {"verdict": "wait", "recommendation": told}
    if better:
        told = f"Promote: {_listed(better)} gets clearly better and nothing gets clearly worse."
        return {"verdict": "go", "recommendation": told}
    if any("missing" not in task["champion"] for task in tasks):
        told = "Promote only for another reason than quality: no task clearly gains or loses."
        return {"verdict": "wait", "recommendation": told}
    told = (
        "Promote if these figures are good enough for your desk: there is nothing to compare with."
    )
    return {"verdict": "go", "recommendation": told}


def _verdict(task: Json) -> str | None:
    verdict: str | None = task["champion"].get("verdict")
    return verdict


def _breaks(task: Json) -> bool:
    """Tell whether the precision promised lies above all that the rows allow."""
    precision = task["decisions"]["automate_precision"]
    held = precision["value"] is None or precision["interval"][1] >= task["cuts"]["asked"]
    return not held


def _percent(value: float) -> str:
    return f"{value * 100:.1f}\N{NO-BREAK SPACE}%"


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 - one name needs no "and"
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
