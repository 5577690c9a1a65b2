"""Bundles that somebody changed, and bundles of other versions."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import copied_bundle, tiny_encoder, tiny_fit, tiny_settings
from training.cli import main as train
from triage.bundle.manifest import MANIFEST, SEAL, json_fingerprint
from triage.bundle.registry import ALIASES, Registry
from triage.bundle.store import load_bundle
from triage.bundle.versions import versions
from triage.cli import main as serve
from triage.errors import CorruptBundleError

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, bundle_folder: Path) -> Path:
    """Build a home whose champion is the starter and whose registry holds one more bundle."""
    copied_bundle(bundle_folder, tmp_path / "home" / "bundles" / "second")
    return tmp_path / "home"


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    home: Path,
    bundle_folder: Path,
) -> Run:
    """Run one of the command lines; return the exit code and all that was printed."""
    monkeypatch.setenv("TRIAGE_HOME", str(home))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("COLUMNS", "400")

    def call(command: Callable[[], None], *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["triage", *arguments])
        with pytest.raises(SystemExit) as caught:
            command()
        shown = capsys.readouterr()
        return int(caught.value.code or 0), shown.out + shown.err

    return call


def flip_middle(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_one_bit_anywhere_stops_a_promotion(run: Run, home: Path) -> None:
    """Every part in turn, the page of the report included; exit code 1, aliases as before."""
    folder = home / "bundles" / "second"
    parts = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {"heads.safetensors", "card.md", "report.html", "report.json", "metrics.json"} <= {
        path.name for path in parts
    }

    for path in parts:
        whole = path.read_bytes()
        flip_middle(path)
        for command, arguments in (
            (train, ("promote", "second")),
            (serve, ("models", "promote", "second")),
            (serve, ("models", "promote", "second", "--challenger")),
        ):
            code, told = run(command, *arguments)
            assert (code, "[seal]" in told, path.name in told) == (1, True, True), told
        path.write_bytes(whole)

    assert not (home / ALIASES).exists()


def test_one_bit_of_a_carried_encoder_stops_it_too(
    run: Run, home: Path, tmp_path: Path, bundle_folder: Path
) -> None:
    """Encoders inside a bundle are as sealed as its heads."""
    settings = tiny_settings(tmp_path, bundle_folder.parent)
    encoder = tiny_encoder(tmp_path / "encoder", "mine")
    made = tiny_fit(settings, ("category",), "third", encoder=str(encoder), only=True)
    carried = sorted(path for path in (made.path / "encoders").rglob("*") if path.is_file())
    assert carried

    for path in carried:
        whole = path.read_bytes()
        flip_middle(path)
        code, told = run(train, "promote", "third")
        assert (code, "[seal]" in told) == (1, True), (path.name, told)
        path.write_bytes(whole)

    assert Registry(home, bundle_folder.parent).aliases() == {"champion": "starter"}


def resealed(folder: Path, **changes: object) -> None:
    """Change what a manifest says and seal it anew, as another version would have written it."""
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    content.pop(SEAL)
    content |= changes
    sealed = {**content, SEAL: json_fingerprint(content)}
    (folder / MANIFEST).write_text(json.dumps(sealed), encoding="utf-8")


def test_other_versions_serve_as_long_as_they_answer_alike(
    home: Path, encoders_folder: Path
) -> None:
    """Versions alone refuse nothing; a golden answer that moved does, and names them."""
    folder = home / "bundles" / "second"
    resealed(folder, versions={**versions(), "numpy": "1.0.0"})

    loaded = load_bundle(folder, encoders_folder)

    golden = [one.model_dump() for one in loaded.manifest.golden]
    for one in golden:
        one["probabilities"] = {task: values[::-1] for task, values in one["probabilities"].items()}
    resealed(folder, golden=golden)
    with pytest.raises(CorruptBundleError, match=r"numpy 1\.0\.0 then, .* here") as caught:
        load_bundle(folder, encoders_folder)
    assert "Fit the bundle again" in str(caught.value)
    assert json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["versions"]["numpy"]


def test_bundle_of_a_later_format_is_refused(run: Run, home: Path) -> None:
    """A number that this version does not read is told with those that it reads."""
    resealed(home / "bundles" / "second", format=3)

    code, told = run(train, "promote", "second")

    assert code == 1
    assert "bundle format 3; this version reads 1 and 2" in told
