"""Print the starter bundle's figures on messages it was never trained on.

Run: ``python tests/quality/labels.py [BUNDLE]``; with ``TRIAGE_DATASETS`` the rows of the public
sets that no training may see are scored too, each set alone. Language is identified as in serving.
"""

import os
import sys
from pathlib import Path

from training.datasets import Examples
from training.evaluate import evaluate, predict
from training.metrics import Report
from training.recipe import load_recipe, read_samples
from training.run import LANGUAGES
from training.starter import RECIPE
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

HEADER = (
    "| data | profile | task | language | n | macro-F1 | accuracy | ECE | coverage at 0.90 |"
    " kappa |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def measure(bundle: Bundle, profile_name: str, examples: Examples) -> dict[str, Report]:
    """Measure every task of some rows in one profile."""
    profile = bundle.profile(profile_name)
    labeler = bundle.labeler(profile)
    given = predict(examples, labeler, bundle.encoders, profile)
    return evaluate(examples, given, labeler, bundle.manifest.taxonomy)


def show(name: str, profile: str, tasks: dict[str, Report]) -> None:
    """Print the lines of one data set."""
    for task, report in tasks.items():
        kappa = report["quadratic_kappa"]
        print(
            f"| {name} | {profile} | {task} | all | {report['n']} | {report['macro_f1']:.3f} | "
            f"{report['accuracy']:.3f} | {report['ece']:.3f} | "
            f"{report['coverage_at_precision']['0.90']:.3f} | "
            f"{'' if kappa is None else f'{kappa:.3f}'} |"
        )
        for code, part in report["per_language"].items():
            print(
                f"| {name} | {profile} | {task} | {code} | {part['n']} | {part['macro_f1']:.3f} | "
                f"{part['accuracy']:.3f} | {part['ece']:.3f} | "
                f"{part['coverage_at_precision']['0.90']:.3f} | |"
            )


def main() -> None:
    """Print the table."""
    settings = load_settings()
    name = sys.argv[1] if len(sys.argv) > 1 else "starter"
    folder = Registry(settings.home, settings.models).find(name)
    bundle = load_bundle(folder, settings.encoders)
    print(HEADER)
    test = settings.data / "samples" / "test"
    own = read_samples(test, LanguageIdentifier(LANGUAGES), target=False)
    for profile in bundle.manifest.profiles:
        show("own test", profile, measure(bundle, profile, own))
    public = os.environ.get("TRIAGE_DATASETS")
    for part in load_recipe(RECIPE).sets if public else ():
        rows = part.read(Path(str(public)), held_out=True)
        for profile in bundle.manifest.profiles:
            show(part.name, profile, measure(bundle, profile, rows))


if __name__ == "__main__":
    main()
