"""Our own held-out messages: labels by language, channel and length; priority as an order."""

from tests.quality.harness.bench import ALL, Bench, rows_of
from tests.quality.harness.figures import label_figures, ordinal_figures
from tests.quality.harness.tables import Section, Table
from training.recipe import TASKS

NOTE = (
    "Messages of data/samples/test, industries that training does not have; the top label of every "
    "row is scored, language as the service finds it."
)


def measure(bench: Bench) -> Section:
    """Measure labels per task, language, channel and length bucket."""
    groupings: dict[str, list[str]] = {
        "language": [case.language for case in bench.own],
        "channel": [case.message.channel or "none" for case in bench.own],
        "length": [case.length for case in bench.own],
    }
    tables = []
    for grouping, groups in groupings.items():
        rows = [
            row
            for task in TASKS
            for row in rows_of(bench.ask(task, bench.own), [task], groups, label_figures)
            if grouping == "language" or row.keys[-1] != ALL
        ]
        tables.append(Table(f"by_{grouping}", NOTE, ("task", grouping), rows))
    return Section("own", "Own held-out messages", [*tables, _priority(bench)])


def _priority(bench: Bench) -> Table:
    outcomes = bench.ask("priority", bench.own)
    groups = [case.language for case in bench.own]
    rows = rows_of(outcomes, [], groups, lambda one: ordinal_figures(one, "urgent"))
    note = "Error in steps from low to urgent; kappa weighs by squared distance. " + NOTE
    return Table("priority", note, ("language",), rows)
