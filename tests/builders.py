"""Small real things for tests: encoders, examples, an export and a whole bundle on disk."""

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from training.config import Columns, FitConfig
from training.datasets import Examples
from training.distill.export import write_table
from training.run import Outcome, Prepared, fit_examples
from training.taxonomies import taxonomy_of
from triage.bundle.manifest import MANIFEST, METRICS, SEAL, file_fingerprint, json_fingerprint
from triage.encoders.base import Vectors
from triage.encoders.lexical import HashedNgrams
from triage.labeling.taxonomy import load_taxonomy
from triage.rows import Row, write_rows
from triage.settings import CHECKOUT, Settings

DIM = 32
SPACE = "tiny-space"
Change = Callable[[dict[str, Any]], None]
"""Changes recorded metrics in place."""
PHRASES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "category": {
            "service": "my parcel with the blue jacket",
            "technical_support": "the app shows a blank page",
        },
        "priority": {
            "low": "whenever you have time",
            "normal": "please look at it this week",
            "high": "I need this before Friday",
            "urgent": "everything stands still right now",
        },
        "sentiment": {
            "negative": "this is a terrible disappointment",
            "neutral": "here is the order number",
            "positive": "you have been wonderful so far",
        },
    },
    "da": {
        "category": {
            "service": "min pakke med den blå jakke",
            "technical_support": "appen viser en tom side",
        },
        "priority": {
            "low": "når I engang får tid",
            "normal": "vil I kigge på det i denne uge",
            "high": "jeg skal bruge det inden fredag",
            "urgent": "alting står stille lige nu",
        },
        "sentiment": {
            "negative": "det er en frygtelig skuffelse",
            "neutral": "her er ordrenummeret",
            "positive": "I har været vidunderlige indtil videre",
        },
    },
    "ro": {
        "category": {
            "service": "coletul meu cu jacheta albastră",
            "technical_support": "aplicația arată o pagină goală",
        },
        "priority": {
            "low": "când aveți puțin timp",
            "normal": "vă rog să verificați săptămâna asta",
            "high": "am nevoie de asta până vineri",
            "urgent": "totul s-a oprit chiar acum",
        },
        "sentiment": {
            "negative": "este o dezamăgire groaznică",
            "neutral": "acesta este numărul comenzii",
            "positive": "ați fost minunați până acum",
        },
    },
    "zh": {
        "category": {
            "service": "我买的蓝色外套包裹",
            "technical_support": "应用打开后一片空白",
        },
        "priority": {
            "low": "等你们有空再说",
            "normal": "麻烦这周看一下",
            "high": "星期五之前必须用到",
            "urgent": "现在全部停下来了",
        },
        "sentiment": {
            "negative": "实在令人失望透顶",
            "neutral": "订单编号写在这里",
            "positive": "你们一直非常贴心",
        },
    },
}
TASKS = ("category", "priority", "sentiment")


class HashingEncoder:
    """A deterministic encoder without files: n-gram buckets folded into a few dimensions."""

    def __init__(self, name: str = "static", dim: int = DIM, space: str = "hashing") -> None:
        self.name = name
        self.dim = dim
        self.space = space
        self.fingerprint = hashlib.sha256(f"{name}{dim}".encode()).hexdigest()
        self._ngrams = HashedNgrams(bits=12)
        self._table = np.random.default_rng(0).normal(size=(4096, dim)).astype(np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        counts = self._ngrams.counts(texts)
        out = np.zeros((len(texts), self.dim), np.float32)
        rows = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
        np.add.at(out, rows, self._table[counts.indices] * counts.values[:, None])
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out / np.maximum(norms, 1e-9), np.float32)


def messages() -> list[Row]:
    """Write one message for each of the 24 label combinations in each of four languages."""
    table: list[Row] = []
    for code, phrases in PHRASES.items():
        for number, labels in enumerate(product(*(phrases[task] for task in TASKS))):
            parts = [phrases[task][label] for task, label in zip(TASKS, labels, strict=True)]
            text = "，".join(parts) if code == "zh" else ", ".join(parts)
            table.append(
                {
                    "id": f"{code}-{number}",
                    "language": code,
                    "text": text,
                    **dict(zip(TASKS, labels, strict=True)),
                }
            )
    return table


def examples_of(table: Sequence[Row], tasks: Sequence[str] = TASKS) -> Examples:
    """Turn rows with ``text``, ``language`` and labels into examples, taken as they are."""
    codes = tuple(row.get("language", "en") for row in table)
    ids = tuple(row.get("id", str(number)) for number, row in enumerate(table))
    return Examples(
        ids=ids,
        texts=tuple(row["text"] for row in table),
        languages=codes,
        declared=codes,
        labels={task: tuple(row[task] for row in table) for task in tasks},
        groups=tuple(row.get("group", id_) for row, id_ in zip(table, ids, strict=True)),
        times=tuple(row.get("time", "") for row in table),
        numbers=tuple(range(1, len(table) + 1)),
        sources=("tiny",) * len(table),
        weights=np.ones(len(table)),
        target=np.ones(len(table), bool),
    )


def tiny_export(path: Path) -> Path:
    """Write all messages as an export in the format of the file's ending."""
    write_rows(path, messages(), ["id", "language", "text", *TASKS])
    return path


def tiny_encoder_folders(folder: Path, seed: int = 0) -> Path:
    """Write the three encoder folders of profile twin into a folder, each a small table.

    Args:
        folder: Such as ``models/encoders``.
        seed: Other seeds give other encoders of the same space.
    """
    for name in ("static", "minilm", "polyglot"):
        tiny_encoder(folder / name, name, seed)
    return folder


def tiny_encoder(folder: Path, name: str, seed: int = 0) -> Path:
    """Write a table over the words and characters of the messages as a real encoder folder."""
    pieces = _pieces()
    vectors = [
        np.random.default_rng([seed, zlib.crc32(f"{name} {piece}".encode())]).normal(size=DIM)
        for piece in pieces
    ]
    table = np.asarray(vectors, np.float32)
    table[:2] = 0
    with TemporaryDirectory() as scratch:
        tokenizer = Path(scratch) / "tokenizer.json"
        tokenizer.write_text(_tokenizer(pieces).to_str(), encoding="utf-8")
        content = {"kind": "static", "name": name, "dim": DIM, "space": SPACE, "max_tokens": None}
        write_table(folder, table, tokenizer, content)
    return folder


def _pieces() -> list[str]:
    text = " ".join(row["text"] for row in messages()).lower()
    words = {f"▁{word.strip(',')}" for word in text.split()}
    return ["<unk>", "▁", *sorted(words | {char for char in text if char.isalnum()})]


def _tokenizer(pieces: Sequence[str]) -> Tokenizer:
    scored = [(piece, -1.0 if len(piece) > 1 else -10.0) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram(scored, 0, False))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
    )
    return tokenizer


def tiny_settings(folder: Path, models_folder: Path | None = None) -> Settings:
    """Build settings with a home of their own; ``models`` lie beside it unless given."""
    return Settings(home=folder / "home", models=models_folder or folder / "models")


def tiny_config(**changes: object) -> FitConfig:
    """Build the configuration of a quick run over rows that are ready."""
    columns = Columns("text", {task: task for task in TASKS}, language="language")
    given: dict[str, object] = {"exports": (), "columns": columns, "folds": 2, "jobs": 1}
    return FitConfig(**{**given, **changes})  # type: ignore[arg-type] # fields are checked by mypy where they are named


def tiny_prepared(tasks: Sequence[str] = TASKS) -> Prepared:
    """Put all messages on the training side; the test side says some with its parts reordered."""
    table = messages()
    train = examples_of(table, tasks)
    test = examples_of(reordered(table[::4]), tasks)
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")
    return Prepared(train, test, taxonomy_of(train, taxonomy))


def reordered(table: Sequence[Row]) -> list[Row]:
    """Say the same messages with their parts the other way round."""
    out = []
    for row in table:
        comma = "，" if row["language"] == "zh" else ", "
        turned = comma.join(reversed(row["text"].split(comma)))
        out.append({**row, "id": f"{row['id']}-turned", "text": turned})
    return out


def tiny_fit(
    settings: Settings, tasks: Sequence[str] = TASKS, name: str | None = None, **changes: object
) -> Outcome:
    """Fit a bundle of some tasks through the real training run; ``changes`` go into its config."""
    return fit_examples(
        tiny_prepared(tasks), tiny_config(**changes), settings, "tests", _silent, name=name
    )


def tiny_bundle(folder: Path) -> Path:
    """Build a checkout's ``models`` in a folder and return its bundle ``models/starter``.

    Beside it stand ``models/encoders`` and an alias file that makes it the champion.
    """
    settings = tiny_settings(folder)
    tiny_encoder_folders(settings.encoders)
    outcome = tiny_fit(settings, name="starter", out=settings.models)
    aliases = settings.models / "aliases.json"
    aliases.write_text(json.dumps({"champion": outcome.bundle}), encoding="utf-8")
    return outcome.path


def copied_bundle(source: Path, folder: Path, change: Change | None = None) -> Path:
    """Copy a bundle under another id, sealed anew, with its recorded metrics changed if asked."""
    shutil.copytree(source, folder)
    if change:
        metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
        change(metrics)
        (folder / METRICS).write_text(json.dumps(metrics), encoding="utf-8")
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    content.pop(SEAL)
    content["id"] = folder.name
    content["files"] = {name: file_fingerprint(folder / name) for name in content["files"]}
    sealed = {**content, SEAL: json_fingerprint(content)}
    (folder / MANIFEST).write_text(json.dumps(sealed), encoding="utf-8")
    return folder


def flip(path: Path) -> None:
    """Change the last byte of a file."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _silent(_: str) -> None:
    """Drop a line of progress."""
