"""Learned rankers as they lie in a home: versions, one of which may be the champion.

A ranker lies in ``TRIAGE_HOME/rankers``, not in a bundle. It is learnt from the feedback of one
store about the articles of that store: copied along with a bundle it would carry one desk's habits
to another, and each retraining would make a bundle whose heads are the same. It is versioned as
bundles are: a folder with a sealed manifest, the aliases ``champion`` and ``previous``, moved by
compare-and-swap under a lock, with a record of who, when and why. It holds a handful of numbers and
no vector, no text and no name; what it weighs is read from the store of the moment.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from triage.bundle.manifest import MANIFEST, SEAL, json_fingerprint, read_json
from triage.bundle.moves import Move, Signature, move
from triage.bundle.registry import CHAMPION, PREVIOUS, Registry
from triage.bundle.store import to_json, write_folder
from triage.errors import BundleNotFoundError, CorruptBundleError
from triage.suggest.history import Ranker

FOLDER = "rankers"
FORMAT = 1
"""Goes up when a number gets another meaning; other formats are refused."""


class Rankers:
    """The rankers of a home.

    Args:
        home: ``TRIAGE_HOME``.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self._registry = Registry(self.folder, self.folder)

    def champion_id(self) -> str | None:
        """Return the id of the ranker in use; None where search ranks alone.

        Raises:
            CorruptBundleError: When the aliases cannot be read.
        """
        return self._registry.aliases().get(CHAMPION)

    def find(self, name: str) -> tuple[Ranker, Mapping[str, Any]]:
        """Read a ranker by id or alias, with all that its manifest tells.

        Raises:
            BundleNotFoundError: When there is none of that name.
            CorruptBundleError: When it is not what was written, or not of this format.
        """
        target = self._registry.aliases().get(name, name)
        path = self.folder / target / MANIFEST
        if "/" in target or not path.is_file():
            raise BundleNotFoundError(
                "There is no such ranker.", fix=f"Look into {self.folder}; or make one anew."
            )
        content = read_json(path)
        sealed = {key: part for key, part in content.items() if key != SEAL}
        if json_fingerprint(sealed) != content.get(SEAL):
            raise CorruptBundleError(
                f"{path}: its content is not what was written.",
                fix="Make it anew with triage-train ranking, or go back with --rollback.",
            )
        return _ranker(path, content), content

    def write(self, name: str, ranker: Ranker, told: Mapping[str, object]) -> Path:
        """Write a ranker under a new id, whole or not at all; it is not in use yet.

        Raises:
            BundleError: When there is one of that id.
        """
        content = {"format": FORMAT, "id": name, "ranker": asdict(ranker), **told}
        sealed = {**content, SEAL: json_fingerprint(content)}
        write_folder(self.folder / name, {MANIFEST: to_json(sealed)}, {})
        return self.folder / name

    def promote(self, name: str, signature: Signature, expected: str | None) -> Move:
        """Put a ranker in use; the one that was becomes ``previous``.

        Raises:
            AliasMovedError: When another one than ``expected`` is in use by now.
            StoreError: When the aliases cannot be written.
        """
        changes: dict[str, str | None] = {CHAMPION: name, PREVIOUS: expected}
        seen = {CHAMPION: expected}
        return move(self._registry, "promote", CHAMPION, changes, seen, signature)

    def rollback(self, signature: Signature) -> Move:
        """Go back to the previous ranker; where there is none, to search alone.

        Raises:
            BundleNotFoundError: When no ranker is in use.
            CorruptBundleError: When the previous one cannot be used; then nothing is changed.
            StoreError: When the aliases cannot be written.
        """
        aliases = self._registry.aliases()
        champion, previous = aliases.get(CHAMPION), aliases.get(PREVIOUS)
        if champion is None:
            raise BundleNotFoundError(
                "No ranker is in use: there is nothing to take back.",
                fix="Suggestions are ranked by search alone.",
            )
        if previous:
            self.find(previous)
        changes: dict[str, str | None] = {CHAMPION: previous, PREVIOUS: None}
        seen = {CHAMPION: champion, PREVIOUS: previous}
        return move(self._registry, "rollback", CHAMPION, changes, seen, signature)

    def new_id(self, day: str, fingerprint: str) -> str:
        """Name a ranker by the day and the fingerprint of what it learnt from; twice gets a number.

        Args:
            day: Such as 2026-11-22.
            fingerprint: SHA-256 of its data.
        """
        name, count = f"{day}-{fingerprint[:6]}", 1
        while (self.folder / name).exists():
            count += 1
            name = f"{day}-{fingerprint[:6]}-{count}"
        return name


def _ranker(path: Path, content: Mapping[str, Any]) -> Ranker:
    broken = CorruptBundleError(
        f"{path}: no ranker of format {FORMAT}.", fix="Make it anew with triage-train ranking."
    )
    try:
        ranker = Ranker(**content["ranker"])
        sound = content["format"] == FORMAT and ranker.is_sound()
    except (KeyError, TypeError, ValueError) as error:
        raise broken from error
    if not sound:
        raise broken
    return ranker
