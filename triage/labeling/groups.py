"""Tasks that belong together: one yes-or-no question for each label a message may carry."""

from collections.abc import Mapping

JOIN = "/"
"""Stands between the name of the group and the label in the name of a task."""
SEPARATOR = "|"
"""Stands between the labels of a cell."""
ANSWERS = ("no", "yes")
NONE = "(none)"
"""Cell of a message that carries none of the labels; an empty cell does not tell."""


def groups(labels: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    """Find the groups: name to {label: task}, in the order of the tasks.

    A task belongs to one where its name is ``GROUP/LABEL`` and its labels are yes and no.

    Args:
        labels: Task to its labels.
    """
    found: dict[str, dict[str, str]] = {}
    for task, answers in labels.items():
        group, sign, label = task.partition(JOIN)
        if group and sign and label and tuple(sorted(answers)) == ANSWERS:
            found.setdefault(group, {})[label] = task
    return found


def cell_of(answers: Mapping[str, str], members: Mapping[str, str]) -> str:
    """Write the labels answered with yes as one cell, sorted; ``(none)`` where there are none.

    Args:
        answers: Task to the answer given.
        members: Label to its task.
    """
    given = sorted(label for label, task in members.items() if answers[task] == ANSWERS[1])
    return SEPARATOR.join(given) or NONE
