"""The table of contents of a bundle: what is refused before anything is read by it."""

import json
from pathlib import Path
from typing import Any

import pytest

from triage.bundle.manifest import (
    MANIFEST,
    ThresholdSpec,
    file_fingerprint,
    format_of,
    json_fingerprint,
    read_json,
    read_manifest,
)
from triage.errors import BundleNotFoundError, CorruptBundleError


@pytest.fixture
def content(bundle_folder: Path) -> dict[str, Any]:
    """Read the manifest of the tiny bundle as plain JSON."""
    return dict(read_json(bundle_folder / MANIFEST))


def save(folder: Path, content: object) -> Path:
    """Write a manifest and return its folder."""
    (folder / MANIFEST).write_text(json.dumps(content), encoding="utf-8")
    return folder


def sealed(content: dict[str, Any]) -> dict[str, Any]:
    """Seal a changed manifest as a writer would."""
    rest = {key: value for key, value in content.items() if key != "seal"}
    return {**rest, "seal": json_fingerprint(rest)}


def test_folder_without_manifest_is_no_bundle(tmp_path: Path) -> None:
    """An empty folder is not found rather than corrupt."""
    with pytest.raises(BundleNotFoundError, match="no bundle stands there"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "[" * 100_000, "\xff"])
def test_manifest_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    """Half a file, another value and deep nesting are all corrupt."""
    (tmp_path / MANIFEST).write_bytes(text.encode("latin-1"))

    with pytest.raises(CorruptBundleError, match=MANIFEST):
        read_manifest(tmp_path)


@pytest.mark.parametrize("found", [0, 3, "1", None, 1.5])
def test_other_format_is_refused(tmp_path: Path, content: dict[str, Any], found: object) -> None:
    """A format of another number is named with the one that is read."""
    with pytest.raises(CorruptBundleError, match="this version reads 1 and 2"):
        read_manifest(save(tmp_path, sealed({**content, "format": found})))


@pytest.mark.parametrize("key", ["taxonomy", "profiles", "golden", "files", "encoders"])
def test_missing_part_is_named(tmp_path: Path, content: dict[str, Any], key: str) -> None:
    """A manifest without a part is refused by the part's name."""
    del content[key]

    with pytest.raises(CorruptBundleError, match=key):
        read_manifest(save(tmp_path, sealed(content)))


def test_changed_value_breaks_the_seal(tmp_path: Path, content: dict[str, Any]) -> None:
    """A threshold that somebody lowered by hand is noticed."""
    content["profiles"]["twin"]["thresholds"]["category"]["suggest_at"] /= 2

    with pytest.raises(CorruptBundleError, match="not what was written"):
        read_manifest(save(tmp_path, content))


def test_new_optional_key_is_allowed(tmp_path: Path, content: dict[str, Any]) -> None:
    """A later writer may add a key without raising the format."""
    manifest = read_manifest(save(tmp_path, sealed({**content, "colour": "blue"})))

    assert manifest.id == "starter"


def test_manifest_reads_back_as_it_was(bundle_folder: Path, content: dict[str, Any]) -> None:
    """Reading and sealing again gives the same JSON."""
    assert read_manifest(bundle_folder).sealed() == content


def test_cuts_of_labels_are_kept() -> None:
    """Per-label cuts survive the way to the value that decides."""
    spec = ThresholdSpec(suggest_at=0.5, per_label={"b": ThresholdSpec(suggest_at=0.9)})

    cuts = spec.thresholds()

    assert cuts.decide("a", 0.6) == "suggest"
    assert cuts.decide("b", 0.6) == "abstain"


def test_cuts_of_languages_are_kept_and_written_only_where_they_are() -> None:
    """Per-language cuts survive; a bundle without them keeps the bytes it had."""
    spec = ThresholdSpec(suggest_at=0.5, per_language={"da": ThresholdSpec(suggest_at=0.9)})

    assert spec.thresholds().decide("a", 0.6, "da") == "abstain"
    assert spec.thresholds().decide("a", 0.6, "en") == "suggest"
    assert ThresholdSpec.model_validate(spec.model_dump()) == spec
    assert "per_language" not in ThresholdSpec(suggest_at=0.5).model_dump()


@pytest.mark.parametrize("part", ["per_label", "per_language", "costs"])
def test_what_an_old_reader_would_pass_over_raises_the_format(
    tmp_path: Path, content: dict[str, Any], part: str
) -> None:
    """Own cuts and cost matrices are of format 2, so readers of 1 refuse them; others stay at 1."""
    plain = read_manifest(save(tmp_path, sealed(content)))
    if part == "costs":
        content["taxonomy"]["tasks"]["category"]["costs"] = {"by_hand": 0.5}
    else:
        content["profiles"]["tiny"]["thresholds"]["category"][part] = {"da": {"suggest_at": 0.5}}
    own = read_manifest(save(tmp_path, sealed({**content, "format": 2})))

    assert plain.format == format_of(plain.taxonomy, plain.profiles) == 1
    assert own.format == format_of(own.taxonomy, own.profiles) == 2


def test_fingerprint_of_json_ignores_the_order_of_keys() -> None:
    """Equal values have equal fingerprints; lists keep their order."""
    assert json_fingerprint({"a": 1, "b": 2}) == json_fingerprint({"b": 2, "a": 1})
    assert json_fingerprint([1, 2]) != json_fingerprint([2, 1])


def test_fingerprint_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    """An empty file has the well-known digest of nothing."""
    (tmp_path / "x").write_bytes(b"")

    assert file_fingerprint(tmp_path / "x").startswith("e3b0c44298fc1c14")
