"""Labels that have an order, said on the command line: ``--ordinal TASK=LOW,MIDDLE,HIGH``."""

from collections.abc import Mapping, Sequence

from triage.errors import ConfigError, InputError
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy

Orders = Mapping[str, tuple[str, ...]]
OPTION = "--ordinal"


def parse_orders(values: Sequence[str], tasks: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read ``TASK=LABEL,LABEL`` options, the labels from least to most.

    Raises:
        InputError: When a value is not of that form, or its task is given twice or by no --label.
    """
    orders: dict[str, tuple[str, ...]] = {}
    for value in values:
        task, _, listed = value.partition("=")
        labels = tuple(label.strip() for label in listed.split(","))
        if len(labels) < 2 or not all(labels) or len(set(labels)) < len(labels):  # noqa: PLR2004 - one label has no order
            raise InputError(
                f"{OPTION} {value}: not of the form TASK=LABEL,LABEL with each label once.",
                fix=f"From least to most, for example: {OPTION} priority=low,normal,high,urgent",
                field=OPTION,
            )
        if task not in tasks or task in orders:
            why = "the task is given twice" if task in orders else f"no --label gives {task!r}"
            raise InputError(
                f"{OPTION} {value}: {why}.",
                fix=f"The tasks are: {', '.join(tasks)}.",
                field=OPTION,
            )
        orders[task] = labels
    return orders


def with_orders(fixed: Taxonomy | None, orders: Orders) -> Taxonomy | None:
    """Fix the labels of the ordered tasks and their order; what a taxonomy says of them stays.

    Raises:
        ConfigError: When the taxonomy has other labels for such a task.
    """
    if not orders:
        return fixed
    tasks = dict(fixed.tasks) if fixed else {}
    for task, labels in orders.items():
        known = tasks.get(task)
        if known is None:
            tasks[task] = TaskSpec(ordinal=True, labels={label: LabelSpec() for label in labels})
            continue
        if set(known.labels) != set(labels):
            raise ConfigError(
                f"{OPTION} {task}: the taxonomy has the labels {', '.join(known.labels)}.",
                fix="Order exactly these, or leave the option out.",
                field=OPTION,
            )
        ordered = {label: known.labels[label] for label in labels}
        tasks[task] = known.model_copy(update={"ordinal": True, "labels": ordered})
    return fixed.model_copy(update={"tasks": tasks}) if fixed else Taxonomy(tasks=tasks)
