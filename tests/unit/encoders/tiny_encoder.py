"""A table of a few rows, written as a real encoder folder."""

import hashlib
import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

PIECES = ("<unk>", "▁invoice", "▁faktura", "▁login", "▁hjelp", "▁")
ROWS = ((0, 0, 0), (100, 0, 0), (90, 10, 0), (0, 100, 0), (0, 0, 100), (0, 0, 0))
SPACE = "s" * 64


def write_tiny_encoder(folder: Path, **changes: object) -> Path:
    """Write a static encoder of five words and three dimensions; ``changes`` go into its meta."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in PIECES], 0, False))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    np.save(folder / "rows.npy", np.array(ROWS, np.int8))
    np.save(folder / "scales.npy", np.full(len(ROWS), 0.5, np.float16))
    files = ("tokenizer.json", "rows.npy", "scales.npy")
    meta = {
        "format": 1,
        "kind": "static",
        "name": "static",
        "dim": 3,
        "space": SPACE,
        "max_tokens": None,
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "meta.json").write_text(json.dumps(meta | changes), encoding="utf-8")
    return folder
