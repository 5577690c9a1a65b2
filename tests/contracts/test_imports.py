"""Serving loads no training library."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import write_data
from triage.settings import CHECKOUT

FORBIDDEN = {
    "torch",
    "transformers",
    "sentence_transformers",
    "sklearn",
    "joblib",
    "pandas",
    "training",
}
MODULES = [
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((CHECKOUT / "triage").rglob("*.py"))
    if "migrations" not in path.parts
]


def loaded(code: str, *arguments: str) -> set[str]:
    """Run lines in a fresh interpreter and return the top-level modules it ended up with."""
    report = "\nimport sys; print('|'.join(sorted({n.split('.')[0] for n in sys.modules})))"
    run = subprocess.run(  # noqa: S603 - our own interpreter on our own lines
        [sys.executable, "-c", code + report, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=CHECKOUT,
    )
    return set(run.stdout.splitlines()[-1].split("|"))


def test_no_module_of_the_service_loads_a_training_library() -> None:
    """Every module of the service together needs none of them."""
    names = loaded(
        "import importlib, sys\nfor n in sys.argv[1:]: importlib.import_module(n)", *MODULES
    )

    assert "triage" in names
    assert not names & FORBIDDEN


@pytest.mark.parametrize("entry", ["triage.cli", "triage.pipeline", "triage.api.app"])
def test_entry_points_load_no_training_library(entry: str) -> None:
    """Each way into the service by itself is free of them too."""
    assert not loaded(f"import {entry}") & FORBIDDEN


def test_labelling_loads_no_training_library(bundle_folder: Path, encoders_folder: Path) -> None:
    """A whole answer, with late imports taken, needs none of them, nor onnxruntime for a table."""
    code = """
import sys
from pathlib import Path
from triage.bundle.store import load_bundle
from triage.domain import Message, Options
from triage.pipeline import Pipeline
from triage.text.language import LanguageIdentifier

bundle = load_bundle(Path(sys.argv[1]), Path(sys.argv[2]))
identifier = LanguageIdentifier(bundle.manifest.languages)
pipeline = Pipeline(bundle, bundle.profile("tiny"), identifier)
pipeline.run([Message("the app shows a blank page")], Options(explain=True))
"""

    names = loaded(code, str(bundle_folder), str(encoders_folder))

    assert not names & {*FORBIDDEN, "scipy", "onnxruntime", "fastapi"}


def test_command_line_starts_without_the_server() -> None:
    """The help of the command line waits for no web framework."""
    assert not loaded("import triage.cli") & {"fastapi", "starlette", "uvicorn", "onnxruntime"}


def test_tiny_profile_serves_without_onnxruntime(tmp_path: Path) -> None:
    """The shipped bundle answers in its tiny profile without loading the large encoder."""
    code = """
import sys
from pathlib import Path
from triage.domain import Message, Options
from triage.live import Question
from triage.service import Service
from triage.settings import Settings

home, data = Path(sys.argv[1]), Path(sys.argv[2])
service = Service.open(Settings(home=home, data=data, profile="tiny"))
service.classify([Message("the app shows a blank page")], Options(explain=True))
service.suggest(Question("how do I reset my forgotten password"))
service.close()
"""

    names = loaded(code, str(tmp_path / "home"), str(write_data(tmp_path / "data")))

    assert not names & {*FORBIDDEN, "onnxruntime"}
