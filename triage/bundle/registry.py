"""Find bundles by folder, id or alias, and move the aliases."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from triage.bundle.manifest import MANIFEST, read_json
from triage.errors import BundleNotFoundError, CorruptBundleError

ALIASES = "aliases.json"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
BUNDLES = "bundles"


@dataclass(frozen=True, slots=True)
class Registry:
    """Bundles of a home folder in front of those that ship with the checkout.

    Args:
        home: Folder that runs write to; holds ``bundles/`` and ``aliases.json``.
        shipped: Folder of the shipped bundles with their own ``aliases.json``.
    """

    home: Path
    shipped: Path

    @property
    def bundles(self) -> Path:
        """Folder that new bundles are written to."""
        return self.home / BUNDLES

    def aliases(self) -> dict[str, str]:
        """Read the aliases; those of the home folder win.

        Raises:
            CorruptBundleError: When an alias file cannot be read.
        """
        merged: dict[str, str] = {}
        for path in (self.shipped / ALIASES, self.home / ALIASES):
            if path.is_file():
                for alias, target in read_json(path).items():
                    if not isinstance(target, str):
                        raise CorruptBundleError(f"{path}: alias {alias!r} names no bundle.")
                    merged[alias] = target
        return merged

    def find(self, name: str) -> Path:
        """Return the folder of a bundle named by folder, id or alias.

        Raises:
            BundleNotFoundError: When there is none; the error lists what there is.
        """
        aliases = self.aliases()
        target = aliases.get(name, name)
        for folder in (self.bundles / target, self.shipped / target, Path(target)):
            if (folder / MANIFEST).is_file():
                return folder.resolve()
        known = sorted({*aliases, *(path.name for path in self.list())})
        raise BundleNotFoundError(
            f"No bundle is named {name!r}.",
            fix=f"Known are: {', '.join(known) or 'none'}; or give a bundle's folder.",
        )

    def alias_of(self, name: str) -> str:
        """Return the name if it is an alias, else an empty string."""
        return name if name in self.aliases() else ""

    def list(self) -> list[Path]:
        """List the folders of all bundles."""
        places = (self.shipped, self.bundles)
        # A hidden folder is a bundle half written.
        found = [path for place in places for path in sorted(place.glob(f"[!.]*/{MANIFEST}"))]
        return [path.parent for path in found]

    def bundle_id(self, name: str) -> str:
        """Return the id of a bundle of the registry named by id, alias or its folder there.

        Raises:
            BundleNotFoundError: When the registry has none; a folder elsewhere is no part of it.
        """
        target = self.aliases().get(name, name)
        for folder in self.list():
            if target in {folder.name, str(folder.resolve())}:
                return folder.name
        raise BundleNotFoundError(
            "The registry has no bundle of that name.",
            fix="`triage models list` shows all; a folder that stands elsewhere must be copied "
            "into the folder bundles of TRIAGE_HOME first.",
            field="bundle",
        )

    def point(self, changes: Mapping[str, str | None]) -> None:
        """Move aliases of the home folder together; None takes one away.

        Readers see the old or the new file, never half of one. Only ``triage.bundle.moves`` calls
        this, under its lock.

        Raises:
            OSError: When the file cannot be written; then nothing is changed.
        """
        path = self.home / ALIASES
        current: dict[str, object] = dict(read_json(path)) if path.is_file() else {}
        for alias, bundle in changes.items():
            if bundle is None:
                current.pop(alias, None)
            else:
                current[alias] = bundle
        self.home.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        with temporary.open("w", encoding="utf-8") as stream:
            json.dump(current, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
