"""What the registry holds, for people and for the API."""

from dataclasses import dataclass
from pathlib import Path

from triage.bundle.manifest import read_manifest
from triage.bundle.registry import Registry
from triage.errors import BundleError


@dataclass(frozen=True, slots=True)
class BundleState:
    """One bundle; ``state`` is ``ok``, or the code of the error its manifest gives."""

    id: str
    aliases: tuple[str, ...]
    created: str
    tasks: tuple[str, ...]
    languages: tuple[str, ...]
    profiles: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class RegistryState:
    """All bundles, the shipped ones first, and the aliases; ``lost`` are those of no bundle."""

    bundles: tuple[BundleState, ...]
    aliases: dict[str, str]
    lost: tuple[str, ...]


def state_of(registry: Registry) -> RegistryState:
    """Read all manifests and aliases; the bytes behind the manifests are not checked.

    Raises:
        CorruptBundleError: When an alias file cannot be read.
    """
    aliases = registry.aliases()
    folders = registry.list()
    found = tuple(_state(folder, aliases) for folder in folders)
    ids = {one.id for one in found}
    lost = tuple(alias for alias, target in aliases.items() if target not in ids)
    return RegistryState(found, aliases, lost)


def _state(folder: Path, aliases: dict[str, str]) -> BundleState:
    names = tuple(alias for alias, target in aliases.items() if target == folder.name)
    try:
        manifest = read_manifest(folder)
    except BundleError as error:
        return BundleState(folder.name, names, "", (), (), (), error.code)
    return BundleState(
        folder.name,
        names,
        manifest.created,
        tuple(manifest.taxonomy.tasks),
        manifest.languages,
        tuple(manifest.profiles),
        "ok",
    )
