"""Quantise a trained table and write it as an encoder folder."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.encoder_files import write_meta
from triage.encoders.static import ROWS, SCALES, TOKENIZER

LARGEST = 127


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Round each row to int8 with a scale of its own.

    Returns:
        Rows, shape ``(vocabulary, dim)``, and what each is multiplied by, shape ``(vocabulary,)``.
    """
    scales = (np.abs(table).max(axis=1) / LARGEST).astype(np.float16)
    # Divided by the rounded scale, so that the scale's own rounding costs nothing.
    divisor = np.maximum(scales.astype(np.float32), np.finfo(np.float16).tiny)[:, None]
    rows = np.clip(np.rint(table / divisor), -LARGEST, LARGEST).astype(np.int8)
    return rows, scales


def write_table(
    folder: Path, table: NDArray[np.float32], tokenizer: Path, content: Mapping[str, Any]
) -> None:
    """Write rows, scales, tokenizer and ``meta.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, scales = quantise(table)
    np.save(folder / ROWS, rows, allow_pickle=False)
    np.save(folder / SCALES, scales, allow_pickle=False)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    write_meta(folder, [ROWS, SCALES, TOKENIZER], content)
