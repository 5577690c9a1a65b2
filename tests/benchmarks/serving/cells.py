"""Keep what was measured, cell by cell, so that a run that was stopped goes on where it stood.

A cell is one figure or a few of one server in one round. It stands in a file of its own, which
appears whole or not at all, with a key over what it depends on; where that changed it is measured
anew.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from triage.settings import CHECKOUT

Record = dict[str, Any]
WHY = "not_measured"
"""Field of a cell that could not be measured: the reason. It is tried again by the next run."""
ALL = ("messages.py", "articles.py", "bundle.py", "wrk.py", "machine.py", "servers.py", "run.py")
OWN = {
    "constant": ("constant.py",),
    "naive": ("naive.py",),
    "infinity": ("peer.py",),
    "infinity-bf16": ("peer.py",),
    "bare": ("bare.py",),
    "pair": ("pair.py",),
}
OURS = ("tiny", "twin", "pair")
"""Cells that depend on the service itself."""


class Cells:
    """The cells of one form of the run, in a folder.

    Args:
        folder: Where they are kept.
        form: Seconds and whatever else a cell must share to stand in one table with another.
    """

    def __init__(self, folder: Path, form: Mapping[str, object]) -> None:
        self._folder, self._form = folder, json.dumps(dict(form), sort_keys=True)
        self._keys: dict[str, str] = {}

    def kept(self, round_: int, server: str, step: str) -> Record | None:
        """Return a cell that was measured with the same code and form, if there is one."""
        path = self._path(round_, server, step)
        if not path.is_file():
            return None
        record: Record = json.loads(path.read_text(encoding="utf-8"))
        return record if record["key"] == self.key(server) and WHY not in record else None

    def put(self, round_: int, server: str, step: str, record: Mapping[str, Any]) -> None:
        """Keep a cell."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(round_, server, step)
        fresh = path.with_suffix(".new")
        named = {"round": round_, "server": server, "step": step, "key": self.key(server)}
        fresh.write_text(json.dumps(named | dict(record), indent=1), encoding="utf-8")
        fresh.replace(path)

    def every(self) -> list[Record]:
        """Read all cells that are there, whatever their key."""
        paths = sorted(self._folder.glob("*.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]

    def key(self, server: str) -> str:
        """Name the form and the code that a server's cells depend on."""
        if server not in self._keys:
            self._keys[server] = fingerprint(_files(server), self._form)
        return self._keys[server]

    def _path(self, round_: int, server: str, step: str) -> Path:
        return self._folder / f"{round_}-{server}-{step}.json"


def fingerprint(files: Iterable[Path], form: str) -> str:
    """Digest names and contents of files."""
    digest = sha256(form.encode())
    for path in sorted(files):
        digest.update(path.relative_to(CHECKOUT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(server: str) -> list[Path]:
    here = Path(__file__).parent
    files = [here / name for name in (*ALL, *OWN.get(server, ()))]
    if server in OURS:
        files += [*(CHECKOUT / "triage").rglob("*.py"), CHECKOUT / "models/starter/manifest.json"]
    return files
