"""The table of contents of a bundle, and the rule for its format number.

``FORMAT`` rises by one whenever a reader of the old number would misread the new bundle: a part
renamed or removed, an array of another meaning or layout. New optional keys that an old reader may
pass over do not raise it. Readers of older numbers stay, each with a golden bundle in the tests.

- 1: one pair of cuts a task, ``miss_cost``.
- 2: cuts of labels and languages, cost matrices. A bundle without them is still written as 1, and
  nobody has to fit again for nothing.
"""

import hashlib
import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.domain import Reason
from triage.encoders.base import Profile
from triage.errors import BundleNotFoundError, CorruptBundleError
from triage.labeling.decision import Thresholds
from triage.labeling.guard import Guard
from triage.labeling.taxonomy import Taxonomy

PLAIN: Literal[1] = 1
FORMAT: Literal[2] = 2
MANIFEST = "manifest.json"
HEADS = "heads.safetensors"
RETRIEVAL = "retrieval.json"
METRICS = "metrics.json"
CARD = "card.md"
REPORT, REPORT_JSON = "report.html", "report.json"
SEAL = "seal"
"""Key of the manifest's own fingerprint: thresholds and temperatures stand nowhere else."""
MAX_JSON = 64 * 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class EncoderRef(_Part):
    """An encoder by fingerprint; ``inside`` tells that the bundle carries its files."""

    fingerprint: str
    space: str
    inside: bool


class ThresholdSpec(_Part):
    """Confidence cuts of one task in one profile, and of labels and languages with their own."""

    suggest_at: float
    automate_at: float | None = None
    per_label: dict[str, "ThresholdSpec"] = {}
    # Left out where empty: bundles without such cuts keep the bytes and the fingerprint they had.
    per_language: dict[str, "ThresholdSpec"] = Field(default={}, exclude_if=operator.not_)

    def thresholds(self) -> Thresholds:
        """Return the value that decides."""
        return Thresholds(
            self.suggest_at,
            self.automate_at,
            {label: spec.thresholds() for label, spec in self.per_label.items()},
            {code: spec.thresholds() for code, spec in self.per_language.items()},
        )


class GuardSpec(_Part):
    """The temperature of the guard's head and its cuts, in one profile."""

    temperature: float
    refuse_at: dict[Reason, float]

    def guard(self) -> Guard:
        """Return the value that refuses."""
        return Guard(self.temperature, self.refuse_at)


class ProfileSpec(_Part):
    """One routing table with the temperatures, thresholds and scope measured for it."""

    routes: dict[str, str]
    temperatures: dict[str, float]
    thresholds: dict[str, ThresholdSpec]
    scope_min_cosine: float
    guard: GuardSpec | None = None

    def profile(self, name: str) -> Profile:
        """Return the routing table under its name."""
        return Profile(name, self.routes)


class LexicalSpec(_Part):
    """Lengths of the n-grams, and the array of inverse frequencies of each task that uses them."""

    shortest: int
    longest: int
    idf: dict[str, str]


class Golden(_Part):
    """What a profile answered to a probe sentence when the bundle was made."""

    profile: str
    text: str
    language: str
    probabilities: dict[str, list[float]]


class Manifest(_Part):
    """The table of contents of a bundle."""

    format: Literal[1, 2]
    id: str
    created: str
    taxonomy: Taxonomy
    languages: tuple[str, ...]
    default_profile: str
    profiles: dict[str, ProfileSpec]
    encoders: dict[str, EncoderRef]
    lexical: LexicalSpec
    versions: dict[str, str]
    data_fingerprint: str
    fingerprint: str
    files: dict[str, str]
    golden: tuple[Golden, ...]

    def sealed(self) -> dict[str, object]:
        """Return the manifest as JSON with its own fingerprint as ``seal``."""
        content: dict[str, object] = self.model_dump(mode="json")
        return {**content, SEAL: json_fingerprint(content)}


def format_of(taxonomy: Taxonomy, profiles: Mapping[str, ProfileSpec]) -> Literal[1, 2]:
    """Return the lowest format whose readers decide as this bundle means it."""
    cuts = [part for profile in profiles.values() for part in profile.thresholds.values()]
    own = any(part.per_label or part.per_language for part in cuts)
    costly = any(task.costs for task in taxonomy.tasks.values())
    return FORMAT if own or costly else PLAIN


def file_fingerprint(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def json_fingerprint(value: object) -> str:
    """Compute the SHA-256 of a JSON value in its canonical form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a bundle folder.

    Raises:
        BundleNotFoundError: When the folder holds no manifest.
        CorruptBundleError: When the manifest is no JSON, of another format, changed since it was
            written, or incomplete.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleNotFoundError(
            f"{folder}: no bundle stands there ({MANIFEST} is missing).",
            fix="Give a bundle folder, or an id or alias that `triage models list` shows.",
        )
    value = read_json(path)
    found = value.get("format")
    if found not in (PLAIN, FORMAT):
        raise CorruptBundleError(
            f"{path}: bundle format {found!r}; this version reads {PLAIN} and {FORMAT}.",
            fix="Fit the bundle again with this version of triage-train.",
        )
    content = {key: part for key, part in value.items() if key != SEAL}
    if json_fingerprint(content) != value.get(SEAL):
        raise CorruptBundleError(
            f"{path}: its content is not what was written.", fix="Copy the bundle again."
        )
    try:
        return Manifest.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise CorruptBundleError(f"{path}: {where}: {error.errors()[0]['msg']}.") from error


def read_json(path: Path) -> Mapping[str, object]:
    """Read a JSON object of bounded size.

    Raises:
        CorruptBundleError: When the file is missing, too large, or no JSON object.
    """
    try:
        if path.stat().st_size > MAX_JSON:
            raise CorruptBundleError(f"{path}: larger than {MAX_JSON} bytes.")
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CorruptBundleError(f"{path}: not readable as JSON.") from error
    if not isinstance(value, dict):
        raise CorruptBundleError(f"{path}: not a JSON object.")
    return value
