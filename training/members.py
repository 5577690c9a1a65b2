"""Tasks whose messages may carry several labels: one question with yes and no for each label.

``--label 'topics=Topics|refund|login'`` asks of the column ``Topics``, whose cells read
``refund|login``, the tasks ``topics/refund`` and ``topics/login``. Each is a task like any other,
with a head, a temperature and cuts of its own (binary relevance, Zhang and Zhou 2014, "A Review on
Multi-Label Learning Algorithms", section 3.1).
"""

from triage.errors import InputError
from triage.labeling.groups import JOIN, SEPARATOR

MOST = 100
"""Labels that one option may list: each costs a search, a head and a section of the report."""
FORBIDDEN = "=:/"


def spread(values: list[str] | None) -> list[str] | None:
    """Write a ``--label TASK=COLUMN|LABEL|LABEL`` as ``TASK/LABEL=COLUMN|LABEL`` for each label.

    Raises:
        InputError: When a label is empty, stands twice, or cannot be part of a task's name.
    """
    if values is None:
        return None
    return [part for value in values for part in _spread(value)]


def _spread(value: str) -> list[str]:
    asked, *labels = (part.strip() for part in value.split(SEPARATOR))
    task, sign, column = asked.partition("=")
    if not labels:
        return [value]
    wrong = [label for label in (task, *labels) if not label or set(label) & set(FORBIDDEN)]
    if wrong or not (sign and column) or len(set(labels)) < len(labels):
        raise InputError(
            f"--label {value}: not of the form TASK=COLUMN|LABEL|LABEL, with each label once and "
            f"none of {' '.join(FORBIDDEN)} in a name.",
            fix="For example: --label 'topics=Topics|refund|login'",
            field="--label",
        )
    if len(labels) > MOST:
        raise InputError(
            f"--label {task}: {len(labels)} labels are listed, and {MOST} is the most.",
            fix="List those that somebody acts on; the others count as none.",
            field="--label",
        )
    return [f"{task}{JOIN}{label}={column}{SEPARATOR}{label}" for label in labels]


def column_of(place: str) -> str:
    """Return the column that a task is read from, whether or not a label of it is asked for."""
    return place.partition(SEPARATOR)[0]


def member_of(place: str) -> str:
    """Return the label that a task asks for in its column; empty where the cell is the label."""
    return place.partition(SEPARATOR)[2]


def parts_of(cell: str) -> list[str]:
    """List the labels of a cell, each once, in order."""
    return list(dict.fromkeys(filter(None, (part.strip() for part in cell.split(SEPARATOR)))))
