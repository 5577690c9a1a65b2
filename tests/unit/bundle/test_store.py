"""A bundle is loaded whole and unchanged or not at all, and written the same way."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.builders import tiny_encoder_folders
from triage.bundle.manifest import (
    CARD,
    HEADS,
    MANIFEST,
    METRICS,
    file_fingerprint,
    json_fingerprint,
)
from triage.bundle.store import load_bundle, write_folder
from triage.encoders.loading import TWIN
from triage.errors import BundleError, CorruptBundleError, EncoderError

PARTS = (MANIFEST, HEADS, METRICS, CARD)


@pytest.fixture
def copied(tmp_path: Path, bundle_folder: Path) -> Path:
    """Copy the tiny bundle, to be broken."""
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def rewrite(folder: Path, **changes: object) -> None:
    """Change parts of a manifest and seal it again, as a faulty writer would."""
    content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    content = {**content, **changes}
    content.pop("seal")
    content["seal"] = json_fingerprint(content)
    (folder / MANIFEST).write_text(json.dumps(content), encoding="utf-8")


def rewrite_arrays(folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Put other arrays into a bundle under a manifest that knows them."""
    save_file(dict(arrays), folder / HEADS)
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    rewrite(folder, files={**files, HEADS: file_fingerprint(folder / HEADS)})


@pytest.mark.parametrize("name", PARTS)
def test_flipped_bit_is_refused(copied: Path, encoders_folder: Path, name: str) -> None:
    """One bit anywhere in any part is noticed, and the part is named."""
    path = copied / name
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(whole), 25).tolist():
        changed = bytearray(whole)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        with pytest.raises(CorruptBundleError, match=name):
            load_bundle(copied, encoders_folder)

    path.write_bytes(whole)
    assert load_bundle(copied, encoders_folder).id == "starter"


@pytest.mark.parametrize("name", PARTS)
def test_truncated_part_is_refused(copied: Path, encoders_folder: Path, name: str) -> None:
    """A part cut short is named."""
    whole = (copied / name).read_bytes()
    (copied / name).write_bytes(whole[: len(whole) // 2])

    with pytest.raises(CorruptBundleError, match=name):
        load_bundle(copied, encoders_folder)


@pytest.mark.parametrize("name", PARTS)
def test_missing_part_is_refused(copied: Path, encoders_folder: Path, name: str) -> None:
    """A part that is gone is named."""
    (copied / name).unlink()

    with pytest.raises(BundleError, match=name):
        load_bundle(copied, encoders_folder)


@pytest.mark.parametrize("name", [HEADS, METRICS, CARD])
def test_link_is_refused(copied: Path, tmp_path: Path, encoders_folder: Path, name: str) -> None:
    """A link is no part of a bundle, even to the right bytes."""
    (copied / name).rename(tmp_path / "elsewhere")
    (copied / name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CorruptBundleError, match=name):
        load_bundle(copied, encoders_folder)


@pytest.mark.parametrize("name", ["../outside", "sub/file", ".."])
def test_part_outside_the_folder_is_refused(copied: Path, encoders_folder: Path, name: str) -> None:
    """A manifest cannot point out of its folder."""
    (copied.parent / "outside").write_bytes(b"")
    rewrite(copied, files={name: file_fingerprint(copied.parent / "outside")})

    with pytest.raises(CorruptBundleError):
        load_bundle(copied, encoders_folder)


def test_manifest_without_heads_is_refused(copied: Path, encoders_folder: Path) -> None:
    """The heads must be under a fingerprint."""
    rewrite(copied, files={CARD: file_fingerprint(copied / CARD)})

    with pytest.raises(CorruptBundleError, match=f"lists no {HEADS}"):
        load_bundle(copied, encoders_folder)


def test_heads_that_are_no_arrays_are_refused(copied: Path, encoders_folder: Path) -> None:
    """Bytes that match their fingerprint but are no safetensors give our error."""
    (copied / HEADS).write_bytes(b"no arrays at all")
    rewrite(copied, files={HEADS: file_fingerprint(copied / HEADS)})

    with pytest.raises(CorruptBundleError, match="safetensors"):
        load_bundle(copied, encoders_folder)


@pytest.mark.parametrize("name", ["category.dense", "sentiment.bias", "scope.centroids"])
def test_missing_array_is_named(copied: Path, encoders_folder: Path, name: str) -> None:
    """An array that the manifest's tasks need is named."""
    arrays = load_file(copied / HEADS)
    del arrays[name]
    rewrite_arrays(copied, arrays)

    with pytest.raises(CorruptBundleError, match=name):
        load_bundle(copied, encoders_folder)


def test_array_of_another_shape_is_refused(copied: Path, encoders_folder: Path) -> None:
    """A head for another number of labels is not served."""
    arrays = load_file(copied / HEADS)
    arrays["priority.bias"] = arrays["priority.bias"][:-1].copy()
    rewrite_arrays(copied, arrays)

    with pytest.raises(CorruptBundleError, match="priority"):
        load_bundle(copied, encoders_folder)


def test_drifted_prediction_is_refused(copied: Path, encoders_folder: Path) -> None:
    """Weights that answer otherwise than they did are found by the golden probes."""
    arrays = load_file(copied / HEADS)
    arrays["category.bias"] = arrays["category.bias"] + np.array([0.0, 9.0], np.float32)
    rewrite_arrays(copied, arrays)

    with pytest.raises(CorruptBundleError, match="golden message for task category"):
        load_bundle(copied, encoders_folder)


def test_prediction_that_is_no_number_is_refused(copied: Path, encoders_folder: Path) -> None:
    """Not-a-number in the weights is a drift too."""
    arrays = load_file(copied / HEADS)
    arrays["category.bias"] = np.full(2, np.nan, np.float32)
    rewrite_arrays(copied, arrays)

    with pytest.raises(CorruptBundleError, match="golden"):
        load_bundle(copied, encoders_folder)


def test_missing_encoder_is_named(copied: Path, tmp_path: Path) -> None:
    """Without the shared encoders the error says which one and where it was looked for."""
    with pytest.raises(EncoderError, match="encoder minilm") as caught:
        load_bundle(copied, tmp_path / "nothing")

    assert "models/encoders" in caught.value.fix


def test_other_encoder_of_that_name_is_not_taken(copied: Path, tmp_path: Path) -> None:
    """An encoder is known by its fingerprint, not by its name."""
    other = tiny_encoder_folders(tmp_path / "others", seed=9)

    with pytest.raises(EncoderError, match="needs the encoder"):
        load_bundle(copied, other)


def test_shared_encoder_is_found_under_any_folder_name(
    copied: Path, tmp_path: Path, encoders_folder: Path
) -> None:
    """Shared encoders may lie in folders of other names."""
    shutil.copytree(encoders_folder / "static", tmp_path / "shared" / "a")
    shutil.copytree(encoders_folder / "minilm", tmp_path / "shared" / "b")
    shutil.copytree(encoders_folder / "polyglot", tmp_path / "shared" / "c")

    assert set(load_bundle(copied, tmp_path / "shared").encoders.encoders) == {
        "minilm",
        "polyglot",
        "static",
    }


def test_changed_encoder_is_refused(copied: Path, tmp_path: Path, encoders_folder: Path) -> None:
    """One flipped bit in an encoder's table stops the bundle that needs it."""
    shared = Path(shutil.copytree(encoders_folder, tmp_path / "shared"))
    path = shared / "static" / "rows.npy"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)

    with pytest.raises(EncoderError, match=r"rows\.npy"):
        load_bundle(copied, shared)


def test_unknown_profile_lists_what_there_is(copied: Path, encoders_folder: Path) -> None:
    """A profile that the bundle lacks is refused with those it has; none means the default."""
    bundle = load_bundle(copied, encoders_folder)

    with pytest.raises(BundleError, match="no profile 'huge'") as caught:
        bundle.profile("huge")

    assert "twin, tiny" in caught.value.fix
    assert bundle.profile() == TWIN


def test_every_profile_has_its_labeler(copied: Path, encoders_folder: Path) -> None:
    """Temperatures, thresholds and scope come from the profile asked for."""
    bundle = load_bundle(copied, encoders_folder)

    for name, spec in bundle.manifest.profiles.items():
        labeler = bundle.labeler(bundle.profile(name))
        assert labeler.calibrator.temperatures == spec.temperatures
        assert labeler.scope.min_cosine == spec.scope_min_cosine
        assert labeler.thresholds["category"].suggest_at == spec.thresholds["category"].suggest_at


def test_existing_target_is_not_overwritten(tmp_path: Path) -> None:
    """A folder that stands already stays as it is."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "mine").write_text("x")

    with pytest.raises(BundleError, match="exists already"):
        write_folder(tmp_path / "bundle", {"a": b"1"}, {})

    assert [path.name for path in (tmp_path / "bundle").iterdir()] == ["mine"]


class DyingParts(dict[str, bytes]):
    """Parts of which the second cannot be produced."""

    def items(self) -> Any:  # noqa: ANN401 - the view of a dict has no public type
        """Yield one part and fail."""
        return self._parts()

    def _parts(self) -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        raise OSError("the disk is full")


def test_death_midway_leaves_nothing(tmp_path: Path) -> None:
    """When a part fails neither the target nor a temporary folder is left."""
    with pytest.raises(OSError, match="disk is full"):
        write_folder(tmp_path / "bundle", DyingParts(), {})

    assert list(tmp_path.iterdir()) == []


def test_missing_source_folder_leaves_nothing(tmp_path: Path) -> None:
    """When an encoder to carry is gone nothing is left either."""
    with pytest.raises(OSError, match="gone"):
        write_folder(tmp_path / "bundle", {"a": b"1"}, {"encoders/x": tmp_path / "gone"})

    assert list(tmp_path.iterdir()) == []


def test_left_over_of_a_killed_writer_is_no_obstacle(tmp_path: Path) -> None:
    """Scraps of an earlier writer are cleared away and do not enter the bundle."""
    (tmp_path / ".bundle.part").mkdir()
    (tmp_path / ".bundle.part" / "scrap").write_text("x")

    write_folder(tmp_path / "bundle", {"a": b"1"}, {})

    assert [path.name for path in (tmp_path / "bundle").iterdir()] == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_carried_folders_are_copied(tmp_path: Path, encoders_folder: Path) -> None:
    """Folders come along whole."""
    source = encoders_folder / "static"

    write_folder(tmp_path / "bundle", {"a": b"1"}, {"encoders/static": source})

    made = tmp_path / "bundle" / "encoders" / "static"
    assert sorted(path.name for path in made.iterdir()) == sorted(
        path.name for path in source.iterdir()
    )


def test_profile_loads_only_its_own_encoders(copied: Path, tmp_path: Path) -> None:
    """A profile works without the encoders that its routes do not name; all of them need all."""
    shared = tiny_encoder_folders(tmp_path / "shared")
    shutil.rmtree(shared / "minilm")

    bundle = load_bundle(copied, shared, "tiny")

    assert set(bundle.encoders.encoders) == {"static"}
    with pytest.raises(EncoderError, match="minilm"):
        load_bundle(copied, shared)


def test_unknown_profile_is_refused_before_loading(copied: Path, encoders_folder: Path) -> None:
    """A wrong profile names the right ones."""
    with pytest.raises(BundleError, match="twin, tiny"):
        load_bundle(copied, encoders_folder, "huge")
