"""Write py3langid's model, for the languages that a desk meets, as arrays that can be mapped.

Run: ``python -m training.byte_languages``; it writes ``triage/text/languages``. The package keeps
its automaton as rows of 256 next states. Nearly all of a row leads where other rows lead too, so
rows are cut into blocks of 16 and each block is kept once: 7 MB for 39. The scores of languages
that are never asked for are left out.
"""

import json
import lzma
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE

from triage.text.byte_model import BLOCKS, FEATURES, FOLDER, META, NEXT, WEIGHTS, WIDTH
from triage.text.language import CLASSIFIED

SUPPORTED = ("da", "en", "ro", "zh")
LICENSE = """The arrays in this folder are derived from the model of py3langid {version}
(https://github.com/adbar/py3langid), a fork of langid.py, under its licence:

{text}"""


def write_model(folder: Path) -> None:
    """Write the arrays, the names of their columns, and the licence."""
    with (
        lzma.open(MODEL_DIR / MODEL_FILE) as stream,
        np.load(stream, allow_pickle=False) as whole,
    ):
        names = whole["classes"].tolist()
        columns = [i for i, name in enumerate(names) if name in {*SUPPORTED, *CLASSIFIED}]
        rows = whole["nextmove"].reshape(-1, WIDTH)
        blocks, place = np.unique(rows, axis=0, return_inverse=True)
        following = place.reshape(-1, 256 // WIDTH)[whole["nextmove_row"]]
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / NEXT, following.astype(np.uint16), allow_pickle=False)
        np.save(folder / BLOCKS, blocks.astype(np.uint32), allow_pickle=False)
        np.save(folder / FEATURES, whole["out_feat"].astype(np.int32), allow_pickle=False)
        weights = np.ascontiguousarray(whole["ptc"][:, columns])
        np.save(folder / WEIGHTS, weights, allow_pickle=False)
        priors = whole["pc"][columns].astype(np.float64).tolist()
    chosen = [names[i] for i in columns]
    meta = {"of": f"py3langid {version('py3langid')}", "known": sorted(set(names))}
    meta |= {"languages": chosen, "priors": priors}
    (folder / META).write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    text = distribution("py3langid").read_text("licenses/LICENSE") or ""
    notice = LICENSE.format(version=version("py3langid"), text=text)
    (folder / "LICENSE").write_text(notice, encoding="utf-8")


if __name__ == "__main__":
    write_model(FOLDER)
