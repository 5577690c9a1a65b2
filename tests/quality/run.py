"""Measure a bundle: ``python -m tests.quality.run --bundle NAME --only SECTION... --out DIR``.

Prints Markdown tables and writes ``quality.json``, ``quality.md`` and reliability diagrams. Nothing
measured here was trained or tuned on. Public sets are read from the folder that TRIAGE_DATASETS
names; without it their parts are skipped and named.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.quality.harness import (
    abstention,
    calibration,
    faithfulness,
    own,
    public,
    retrieval,
    robustness,
    targets,
)
from tests.quality.harness.bench import Bench
from tests.quality.harness.cases import own_cases
from tests.quality.harness.service import load_service
from tests.quality.harness.tables import Section
from triage.settings import Settings, load_settings

SECTIONS: Mapping[str, Callable[[Bench], Section]] = {
    "own": own.measure,
    "public": public.measure,
    "robustness": robustness.measure,
    "calibration": calibration.measure,
    "abstention": abstention.measure,
    "retrieval": retrieval.measure,
    "evidence": faithfulness.measure,
}
DATASETS = "TRIAGE_DATASETS"


def open_bench(name: str, settings: Settings, out: Path) -> Bench:
    """Load a bundle and our held-out messages.

    Raises:
        BundleError: When there is no such bundle or it is broken.
    """
    folder = os.environ.get(DATASETS)
    return Bench(
        service=load_service(name, settings),
        settings=settings,
        own=own_cases(settings.data / "samples" / "test"),
        datasets=Path(folder) if folder else None,
        out=out,
    )


def measure(bench: Bench, names: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Measure sections; return the JSON report and the Markdown text."""
    sections, texts = {}, []
    seconds: dict[str, float] = {}
    for name in names:
        begun = time.perf_counter()
        section = SECTIONS[name](bench)
        seconds[name] = round(time.perf_counter() - begun, 1)
        print(f"{name}: {seconds[name]} s", file=sys.stderr, flush=True)
        sections[name] = section.json()
        texts.append(section.markdown())
    manifest = bench.service.bundle.manifest
    profiles = list(bench.service.profiles)
    report: dict[str, Any] = {
        "bundle": manifest.id,
        "created": manifest.created,
        "profiles": profiles,
        "seconds": seconds,
        "sections": sections,
    }
    report["targets"] = targets.to_json(report)
    head = f"# Quality of bundle {manifest.id}, made {manifest.created}"
    last = targets.markdown(report["targets"], profiles)
    return report, "\n\n".join([head, *texts, last]) + "\n"


def main() -> None:
    """Print the tables and write the report."""
    parser = argparse.ArgumentParser(description="Measure a bundle on data it never saw.")
    parser.add_argument("--bundle", default="starter", help="folder, id or alias")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--out", type=Path, default=None, help="default: .triage/quality")
    options = parser.parse_args()
    settings = load_settings()
    out: Path = options.out or settings.home / "quality"
    out.mkdir(parents=True, exist_ok=True)
    report, text = measure(open_bench(options.bundle, settings, out), options.only)
    content = json.dumps(report, ensure_ascii=False, indent=1)
    (out / "quality.json").write_text(content + "\n", encoding="utf-8")
    (out / "quality.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
