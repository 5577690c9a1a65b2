"""Write the model card of a bundle."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.fit import FittedHead


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def card(
    bundle: str,
    metrics: Mapping[str, Any],
    fitted: Sequence[FittedHead],
    command: str,
    notes: str = "",
    *,
    guarded: bool = False,
) -> str:
    """Write the card as Markdown: what it was trained on, what was measured, what was chosen.

    Args:
        bundle: Identifier of the bundle.
        metrics: What ``--json`` writes.
        fitted: Heads with their cross-validation.
        command: Command that made the bundle.
        notes: Paragraphs on the data, its sources and licences.
        guarded: Whether the bundle has a guard.
    """
    rows = metrics["rows"]
    lines = [
        f"# Bundle {bundle}",
        "",
        f"Made by `{command}`.",
        f"Rows: {rows['train']} for training; {rows['calibration']} of them set temperatures and",
        "thresholds, by scores of heads that have not seen them;",
        f"{rows['test']} test rows, never trained on.",
        f"Data fingerprint: `{metrics['data_fingerprint']}`.",
        f"Supported languages: {', '.join(metrics['languages'])}.",
        _GUARDED if guarded else _UNGUARDED,
        *(["", notes] if notes else []),
        *_encoder(metrics.get("encoder", {})),
        *_split(metrics.get("split")),
        *_feedback(metrics.get("feedback")),
        "",
        "## Measured on the test rows",
        "",
        "Accuracy, F1 and ECE (15 equal-width bins) score the top label of every row. Coverage is",
        "the share of rows, most confident first, that reaches 90 % precision.",
    ]
    for profile, tasks in metrics["profiles"].items():
        lines += _profile(profile, tasks, metrics["latency_ms"][profile])
    lines += _together(metrics.get("together", {}))
    lines += ["", "## How each head was chosen", "", *map(_chosen, fitted)]
    lines += _search(metrics.get("search", {}))
    lines += ["", "## Decisions", "", *_decisions(metrics), "", "## Limits", "", _LIMITS, ""]
    return "\n".join(lines)


def _profile(name: str, tasks: dict[str, Any], milliseconds: Mapping[str, float]) -> list[str]:
    told = (
        f"Encoding takes {milliseconds['encode']:.2f} ms a message and all heads "
        f"{milliseconds['heads']:.2f} ms: medians over single test messages, on the machine "
        "that trained."
    )
    return ["", f"### Profile {name}", "", *_table(tasks), "", told]


_GUARDED = "A guard is in the bundle: it abstains on mail that is no request."
_UNGUARDED = "No guard is in the bundle: mail that is no request is labelled like any other."
_LIMITS = (
    "Confidence is a probability on messages like those of the calibration rows; on other traffic "
    "it drifts, so measure on your own with `triage-train evaluate`. Languages other than the "
    "supported ones are refused, not guessed."
)


def _split(record: Mapping[str, Any] | None) -> list[str]:
    """Tell how the rows were parted, where the run did it."""
    if record is None:
        return []
    lines = ["", "## Split", "", f"Rule: {record['rule']}.", ""]
    lines += ["| part | rows | from | to | fingerprint | what it is |", "|---|---|---|---|---|---|"]
    for name, part in record["parts"].items():
        dates = f"{part['from'] or '-'} | {part['to'] or '-'}"
        lines.append(
            f"| {name} | {part['rows']} | {dates} | `{part['fingerprint'][:12]}` | {part['rule']} |"
        )
    return lines


def _feedback(record: Mapping[str, Any] | None) -> list[str]:
    """Tell what people taught by feedback, and what of it was not learnt."""
    if record is None:
        return []
    kinds, weights = record["from"], record["weights"]
    told = {
        "final": "what tickets were closed with",
        "agreed": "agreed on by several agents",
        "single": "set by one agent",
    }
    heard = (
        f"{record['labels']} labels on {record['rows']} messages come from feedback of "
        f"{record['agents']} agents, who set {record['heard']}; the other training rows come from "
        "the exports. They train and measure nothing."
    )
    lines = ["", "## Feedback", "", heard, ""]
    lines += [
        f"- {what}: {kinds[kind]} labels, weight {weights[kind]:g}" for kind, what in told.items()
    ]
    lines.append(
        f"- {record['corrections']} correct the service, {record['confirmations']} confirm it"
    )
    lines.append(
        f"- not learnt: {record['contradictions']} on which agents contradict each other, "
        f"{record['overruled']} that were overruled, {record['unknown_label']} of labels that "
        f"there are no more, {record['without_text']} whose text is not kept; "
        f"{record['rows_in_test']} messages stand on the test side"
    )
    capped = ", ".join(f"{one['kept']} of {one['given']}" for one in record["capped"])
    lines.append(
        f"- of one agent alone at most {record['agent_cap']:.0%}"
        + (f"; labels kept of agents who gave more: {capped}" if capped else "; nobody gave more")
    )
    return lines


def _encoder(notes: Mapping[str, Any]) -> list[str]:
    """Write what is known of an encoder that does not ship."""
    lines = []
    agreement = notes.get("agreement_with_fp32")
    if agreement:
        prefix = f", with `{notes['prefix']}` before every text" if notes.get("prefix") else ""
        alike = "".join(
            f", labels of {task} alike {share:.3f}"
            for task, share in agreement.get("labels", {}).items()
        )
        lines.append(
            f"Encoder {notes['name']}: {notes['source']['name']} in {notes['precision']}{prefix}. "
            f"Beside the unquantised model, {agreement['texts']} texts: cosine "
            f"{agreement['cosine_mean']:.3f} in the mean, {agreement['cosine_min']:.3f} at the "
            f"lowest{alike}."
        )
    tuning = notes.get("finetune")
    if tuning:
        lines.append(f"Fine-tuning: the {tuning['kept']} encoder was kept. {tuning['reason']}")
        lines += [
            f"On {one['rows']} held training rows, {task}: accuracy {one['untuned']:.3f} untuned, "
            f"{one['tuned']:.3f} tuned; {one['fixed']} rows put right, {one['broken']} broken."
            for task, one in tuning["tasks"].items()
        ]
    return ["", "## Encoder", "", *lines] if lines else []


def _chosen(head: FittedHead) -> str:
    tried = "; ".join(f"{c.describe()}: {value:.3f}" for c, value in head.table.items())
    return f"- **{head.head.task}**: {head.chosen.describe()} (cross-validated macro-F1: {tried})."


def _search(search: Mapping[str, Any]) -> list[str]:
    """Tell which encoders were compared, and what the budget left no time for."""
    lines = []
    if len(search.get("encoders", {})) > 1:
        tried = "; ".join(
            f"{name}: {figures['macro_f1']:.3f} at {figures['encode_ms']:.2f} ms"
            for name, figures in search["encoders"].items()
        )
        lines.append(f"- **encoder**: {search['encoder']} (cross-validated macro-F1: {tried}).")
    if search.get("cut"):
        lines.append(f"- {_CUT} Not tried: {_untried(search)}.")
    return lines


_CUT = (
    "The budget ended the search before all candidates were compared, so that a second run of the "
    "same rows and seed may choose otherwise."
)


def _untried(search: Mapping[str, Any]) -> str:
    names = [f"{task} with {name}" for task, many in search["untried"].items() for name in many]
    encoders = [f"encoder {name}" for name in search["untried_encoders"]]
    return "; ".join([*encoders, *names]) or "further folds and variants of the candidates above"


_FIGURES = (
    "| task | language | n | accuracy | macro-F1 | ECE | coverage at 0.90 | quadratic kappa | "
    "mean error in steps |"
)


def _table(tasks: Mapping[str, Any]) -> list[str]:
    lines = [_FIGURES, "|---" * 9 + "|"]
    for task, report in tasks.items():
        coverage = _number(report["coverage_at_precision"]["0.90"])
        lines.append(
            f"| {task} | all | {report['n']} | {_number(report['accuracy'])} | "
            f"{_number(report['macro_f1'])} | {_number(report['ece'])} | {coverage} | "
            f"{_number(report['quadratic_kappa'])} | {_number(report['mean_absolute_error'])} |"
        )
        if len(report["per_language"]) > 1:
            lines += [
                f"| {task} | {code} | {part['n']} | {_number(part['accuracy'])} | "
                f"{_number(part['macro_f1'])} | {_number(part['ece'])} | "
                f"{_number(part['coverage_at_precision']['0.90'])} | | |"
                for code, part in report["per_language"].items()
            ]
    return lines


def _together(groups: Mapping[str, Any]) -> list[str]:
    """Write the figures of tasks that ask for the labels of one message."""
    lines: list[str] = []
    for group, found in groups.items():
        told = (
            f"Labels of {group} together, {found['n']} messages, {found['labels_per_message']:.2f} "
            f"labels each: all right in {_number(found['accuracy'])}, micro-F1 "
            f"{_number(found['micro_f1'])}, macro-F1 {_number(found['macro_f1'])}, ECE of the "
            f"single answers {_number(found['ece'])}."
        )
        lines += ["", told]
    return lines


def _decisions(metrics: Mapping[str, Any]) -> list[str]:
    lines = []
    for profile, cuts in metrics["thresholds"].items():
        for task, cut in cuts.items():
            if cut["automate_at"] is not None:
                automate = f"automates from {cut['automate_at']:.3f}"
            elif cut["more_labels"]:
                automate = (
                    f"does not automate: about {cut['more_labels']} more labels would allow it"
                )
            else:
                automate = "does not automate: more labels like these would not allow it"
            suggests = cut["suggest_at"] <= 1
            suggest = f"suggests from {cut['suggest_at']:.3f}" if suggests else "never suggests"
            lines.append(f"- {profile}, {task}: {suggest}, {automate}.")
            lines += [
                f"- {profile}, {task}, {kind} {name}: "
                + ("does not automate." if own is None else f"automates from {own:.3f}.")
                for kind, key in (("label", "per_label"), ("language", "per_language"))
                for name, own in cut[key].items()
            ]
    return lines
