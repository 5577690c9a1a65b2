"""Which labels agents may set on an answer."""

from collections.abc import Mapping
from contextlib import suppress

from triage.bundle.manifest import read_manifest
from triage.bundle.registry import Registry
from triage.errors import BundleError
from triage.pipeline import Pipeline


def known_labels(pipeline: Pipeline, registry: Registry, bundle: str) -> Mapping[str, set[str]]:
    """List the labels of a bundle's tasks, and of the same tasks in the one that answers."""
    labeler = pipeline.labeler
    known = {task: set(labeler.labels(task)) for task in labeler.tasks}
    if bundle != pipeline.bundle.id:
        # It may have been removed since it answered.
        with suppress(BundleError):
            tasks = read_manifest(registry.find(bundle)).taxonomy.tasks
            for task, spec in tasks.items():
                known.setdefault(task, set()).update(spec.labels)
    return known
