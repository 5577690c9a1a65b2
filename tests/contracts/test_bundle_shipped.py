"""What a fresh clone serves: the starter bundle with the encoders beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.heldout import is_calibration
from triage.bundle.manifest import METRICS
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.domain import Message, Options
from triage.labeling.taxonomy import load_taxonomy
from triage.pipeline import Pipeline
from triage.settings import CHECKOUT
from triage.text.language import LanguageIdentifier

MODELS = CHECKOUT / "models"
LANGUAGES = {"en", "da", "ro", "zh"}
MEGABYTE = 1_000_000
TECHNICAL = {
    "en": "Since yesterday's update the app closes as soon as I open the camera, what can I try?",
    "da": "Siden opdateringen i går lukker appen, så snart jeg åbner kameraet, hvad kan jeg prøve?",
    "ro": "De la actualizarea de ieri aplicația se închide imediat ce deschid camera, ce pot face?",
    "zh": "昨天更新之后，一打开摄像头应用就闪退，请问该怎么办？",
}
SERVICE = {
    "en": "I would like to return the blue jacket, when do I get my money back?",
    "da": "Jeg vil gerne returnere den blå jakke, hvornår får jeg pengene tilbage?",
    "ro": "Aș vrea să returnez jacheta albastră, când primesc banii înapoi?",
    "zh": "我想退掉那件蓝色外套，什么时候可以收到退款？",
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Load the champion of a fresh clone; loading checks every byte and the golden predictions."""
    registry = Registry(tmp_path_factory.mktemp("home"), MODELS)
    return load_bundle(registry.find("champion"), MODELS / "encoders")


@pytest.fixture(scope="module")
def metrics(bundle: Bundle) -> dict[str, Any]:
    """Read the figures that the bundle carries."""
    content: dict[str, Any] = json.loads((bundle.folder / METRICS).read_text(encoding="utf-8"))
    return content


def size(folder: Path) -> int:
    """Add up the bytes of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_golden_predictions_hold_in_both_profiles(bundle: Bundle) -> None:
    """The champion loads, with probes of every language in both profiles."""
    probes = {(golden.profile, golden.language) for golden in bundle.manifest.golden}

    assert probes == {(name, code) for name in ("twin", "tiny") for code in LANGUAGES}


def test_shipped_bundle_answers_the_shipped_taxonomy(bundle: Bundle) -> None:
    """Tasks, labels and languages are those the project promises."""
    manifest = bundle.manifest
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")

    assert manifest.taxonomy == taxonomy.model_copy(update={"version": manifest.taxonomy.version})
    assert set(manifest.languages) == LANGUAGES
    assert manifest.default_profile == "twin"
    assert bundle.retrieval is not None


def test_shipped_bundle_goes_by_its_folder(bundle: Bundle) -> None:
    """The id in answers is the name under which the bundle is found."""
    assert bundle.id == bundle.folder.name


def test_encoders_ship_once(bundle: Bundle) -> None:
    """The starter refers to the shared encoders and stays small."""
    assert not any(reference.inside for reference in bundle.manifest.encoders.values())
    reports = sum((bundle.folder / name).stat().st_size for name in ("report.html", "report.json"))
    assert size(bundle.folder) - reports < 8 * MEGABYTE
    assert reports < MEGABYTE
    assert size(MODELS / "encoders" / "static") <= 22 * MEGABYTE
    assert size(MODELS / "encoders") <= 80 * MEGABYTE


def test_figures_belong_to_the_data_of_the_checkout(metrics: dict[str, Any]) -> None:
    """The bundle was built from the samples that lie beside it, all of them.

    Confidences were measured on the industries that no encoder was tuned on.
    """
    samples = CHECKOUT / "data" / "samples"
    kept = {path for path in (samples / "train").glob("*.jsonl") if is_calibration(path.stem)}
    rows = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in samples.glob("t*/*.jsonl")
    }

    assert metrics["rows"]["calibration"] == sum(rows[path] for path in kept)
    assert metrics["rows"]["test"] == sum(
        count for path, count in rows.items() if path.parent.name == "test"
    )
    assert metrics["rows"]["train"] >= sum(
        count for path, count in rows.items() if path.parent.name == "train"
    )


def test_no_path_of_the_maker_is_inside(bundle: Bundle) -> None:
    """Nothing tells where the bundle was built."""
    for path in bundle.folder.iterdir():
        content = path.read_bytes()
        for trace in (b"/home/", b"/root/", b"/tmp/"):
            assert trace not in content, path.name


@pytest.mark.parametrize("profile", ["twin", "tiny"])
def test_plain_messages_get_their_category(bundle: Bundle, profile: str) -> None:
    """A broken app and a return are told apart in every language, in both profiles."""
    identifier = LanguageIdentifier(bundle.manifest.languages)
    pipeline = Pipeline(bundle, bundle.profile(profile), identifier)
    options = Options(suggestions=0, tasks=("category",))

    for label, texts in (("technical_support", TECHNICAL), ("service", SERVICE)):
        for code, text in texts.items():
            answer = pipeline.run([Message(text)], options)[0]
            assert answer.language.code == code
            assert answer.labels["category"].label == label, (code, text)


def test_batch_never_changes_an_answer(bundle: Bundle) -> None:
    """Probabilities of a message are the same alone and among others, in every profile."""
    texts = [*TECHNICAL.values(), *SERVICE.values(), "ok thanks", "word " * 120]
    for name in bundle.manifest.profiles:
        identifier = LanguageIdentifier(bundle.manifest.languages)
        pipeline = Pipeline(bundle, bundle.profile(name), identifier)
        together = pipeline.run([Message(text) for text in texts], Options(suggestions=0))
        for text, batched in zip(texts, together, strict=True):
            alone = pipeline.run([Message(text)], Options(suggestions=0))[0]
            for task, answer in alone.labels.items():
                assert answer.confidence == pytest.approx(batched.labels[task].confidence, abs=1e-5)
