"""Compare a bundle with the champion on the rows of the report."""

import numpy as np

from training.comparison import compare_labels
from training.evaluate import predict
from training.report.private import printable
from training.report.rows import flipped
from training.report.subject import Answers, Json, Rival, Subject
from triage.bundle.registry import CHAMPION, Registry
from triage.bundle.store import Bundle, load_bundle
from triage.encoders.base import Vectors
from triage.errors import BundleNotFoundError, TriageError
from triage.labeling.calibration import Probabilities
from triage.labeling.decision import choose
from triage.settings import Settings


def find_rival(
    settings: Settings, own: str, loaded: Bundle | None = None, name: str = CHAMPION
) -> Rival:
    """Load the champion, if there is one that can be loaded and that is not the bundle itself.

    Args:
        settings: Where the registry stands.
        own: Identifier of the bundle that the report is about.
        loaded: A bundle at hand, taken when it is the champion.
        name: Another bundle in the champion's place; it must exist.

    Raises:
        BundleNotFoundError: When another bundle is named that does not exist.
    """
    try:
        folder = Registry(settings.home, settings.models).find(name)
        if folder.name == own:
            return Rival(missing="This bundle is the champion.")
        if loaded is not None and loaded.folder.resolve() == folder:
            return Rival(loaded)
        return Rival(load_bundle(folder, settings.encoders))
    except BundleNotFoundError:
        if name != CHAMPION:
            raise
        return Rival()
    except TriageError as error:
        return Rival(missing=f"The champion cannot be loaded ({error.code}).")


def champion_answers(subject: Subject, champion: Bundle) -> dict[str, Probabilities]:
    """Compute what the champion says to the same rows, in its default profile.

    A champion that has none of the tasks is not asked: encoding the rows anew takes longest.
    """
    if set(champion.manifest.taxonomy.tasks).isdisjoint(subject.tasks):
        return {}
    profile = champion.profile()
    labeler = champion.labeler(profile)
    vectors = _same_vectors(subject, champion)
    if vectors is not None:
        return labeler.probabilities(vectors, subject.examples.texts)
    return predict(subject.examples, labeler, champion.encoders, profile)


def _same_vectors(subject: Subject, champion: Bundle) -> Vectors | None:
    """Take the vectors at hand where the champion would make the same ones."""
    routes = champion.profile().routes
    if routes != subject.profile.routes:
        return None
    mine, theirs = subject.encoders.encoders, champion.encoders.encoders
    same = all(
        name in mine and name in theirs and mine[name].fingerprint == theirs[name].fingerprint
        for name in routes.values()
    )
    return subject.vectors if same else None


def against(
    subject: Subject,
    task: str,
    answers: Answers,
    rival: Rival,
    given: dict[str, Probabilities] | None,
) -> Json:
    """Compare one task with the champion; where that cannot be, say why in ``missing``."""
    champion = rival.bundle
    if champion is None or given is None:
        return {"missing": rival.missing}
    if task not in champion.manifest.taxonomy.tasks:
        return {"missing": f"The champion, {champion.id}, does not answer this task."}
    labeler = champion.labeler(champion.profile())
    labels = labeler.labels(task)
    if not set(labels) & set(answers.truth.tolist()):
        return {"missing": f"The champion, {champion.id}, knows none of these labels."}
    top, sure = choose(given[task][answers.rows], labeler.costs.get(task))
    old = np.asarray(labels)[top]
    ids = [subject.examples.ids[i] for i in answers.rows]
    found = compare_labels(
        answers.truth.tolist(), [old, answers.given], [sure, answers.confidence], ids
    )
    told = dict(zip(ids, zip(old.tolist(), answers.given.tolist(), strict=True), strict=True))
    truth = dict(zip(ids, answers.truth.tolist(), strict=True))
    shown = flipped(subject.examples, found["flipped"], told, truth)
    per_label = [
        {"label": printable(name), **part} for name, part in found.pop("per_label").items()
    ]
    counts = {kind: len(rows) for kind, rows in found.pop("flipped").items()}
    return {
        **found,
        "champion": champion.id,
        "per_label": sorted(per_label, key=lambda part: part["difference"]),
        "flips": counts,
        "flipped": shown,
    }
