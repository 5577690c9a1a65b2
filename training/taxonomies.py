"""The tasks and labels of a run: those that were given, and those that the rows have."""

from training.datasets import Examples
from triage.errors import ExportError
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy


def taxonomy_of(examples: Examples, fixed: Taxonomy | None) -> Taxonomy:
    """Take the labels from the given taxonomy, or from the rows in alphabetical order.

    Raises:
        ExportError: When the rows answer a task with fewer than two labels.
    """
    tasks: dict[str, TaskSpec] = {}
    for task in examples.tasks:
        if fixed is not None and task in fixed.tasks:
            tasks[task] = fixed.tasks[task]
        else:
            labels = sorted({label for label in examples.labels[task] if label})
            if len(labels) < 2:  # noqa: PLR2004 - a task with one label teaches nothing
                raise ExportError(
                    f"Task {task} has fewer than two labels on the training side.",
                    fix="Give more rows, or a file with --test.",
                )
            tasks[task] = TaskSpec(labels={label: LabelSpec() for label in labels})
    return Taxonomy(tasks=tasks)
