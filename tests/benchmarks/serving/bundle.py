"""The starter bundle, made to give every suggestion that is asked for.

Its learned threshold keeps what is likely wrong from agents; about half a suggestion an answer
clears it for messages about a hundred industries. An answer with its three suggestions costs more
to make, to write and to send, so that is what is measured.
"""

import json
import shutil
from pathlib import Path

from triage.bundle.manifest import MANIFEST, RETRIEVAL, file_fingerprint, read_manifest
from triage.settings import CHECKOUT

STARTER = CHECKOUT / "models" / "starter"


def write_bundle(folder: Path) -> Path:
    """Copy the starter bundle with thresholds of zero for its suggestions."""
    shutil.copytree(STARTER, folder)
    path = folder / RETRIEVAL
    content = json.loads(path.read_text(encoding="utf-8"))
    for part in content["profiles"].values():
        part["threshold"] = 0.0
    path.write_text(json.dumps(content), encoding="utf-8")
    manifest = read_manifest(folder)
    files = manifest.files | {RETRIEVAL: file_fingerprint(path)}
    sealed = manifest.model_copy(update={"files": files}).sealed()
    (folder / MANIFEST).write_text(json.dumps(sealed), encoding="utf-8")
    return folder
