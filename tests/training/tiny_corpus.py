"""A folder of public sets in miniature, and a teacher that knows a dozen English words."""

import csv
import gzip
from collections.abc import Sequence
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SUBJECTS = {
    "invoice": ("faktura", "factura", "发票"),
    "password": ("adgangskode", "parola", "密码"),
    "printer": ("printer", "imprimanta", "打印机"),
    "order": ("ordre", "comanda", "订单"),
    "account": ("konto", "contul", "帐户"),
    "screen": ("skærm", "ecranul", "屏幕"),
}
VERBS = {
    "find": ("finde", "gasi", "找到"),
    "change": ("ændre", "schimba", "更改"),
    "delete": ("slette", "sterge", "删除"),
    "print": ("udskrive", "tipari", "打印"),
    "share": ("dele", "partaja", "共享"),
}
FRAMES = {
    "i cannot {v} my {s}": ("jeg kan ikke {v} min {s}", "nu pot {v} {s}", "我 无法 {v} {s}"),
    "how do i {v} the {s}": ("hvordan kan jeg {v} {s}", "cum pot {v} {s}", "如何 {v} {s}"),
    "please {v} the {s} today": (
        "vær sød at {v} {s} i dag",
        "va rog {v} {s} azi",
        "请 今天 {v} {s}",
    ),
}
LANGUAGES = ("da", "ro", "zh")
WIDTH = 24


def write_tiny_datasets(folder: Path) -> Path:
    """Write a parallel corpus, four support articles and a set of messages."""
    pairs = [pair for place in range(3) for pair in _pairs(place)]
    (folder / "parallel").mkdir(parents=True)
    with gzip.open(folder / "parallel" / "train.tsv.gz", "wt", encoding="utf-8") as stream:
        stream.writelines("\t".join(pair) + "\n" for pair in pairs)
    _write_articles(folder / "kb-alchemy")
    (folder / "clinc150").mkdir()
    with gzip.open(folder / "clinc150" / "messages.csv.gz", "wt", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text", "split"])
        writer.writerows([f"m{i}", f"my {s} is gone", "train"] for i, s in enumerate(SUBJECTS))
        writer.writerow(["v0", "a validation row", "val"])
    return folder


def _pairs(place: int) -> list[tuple[str, str, str, str]]:
    found = []
    for (frame, frames), (verb, verbs), (subject, subjects) in product(
        FRAMES.items(), VERBS.items(), SUBJECTS.items()
    ):
        english = frame.format(v=verb, s=subject)
        foreign = frames[place].format(v=verbs[place], s=subjects[place])
        found.append((LANGUAGES[place], english, foreign, "tatoeba"))
    return found


def _write_articles(folder: Path) -> None:
    folder.mkdir()
    titles = {
        "en": ("i cannot change my invoice", "how do i share the screen"),
        "da": ("jeg kan ikke ændre min faktura", "hvordan kan jeg dele skærm"),
        "ro": ("nu pot schimba factura", "cum pot partaja ecranul"),
        "zh": ("我 无法 更改 发票", "如何 共享 屏幕"),
    }
    for language, (first, second) in titles.items():
        with (folder / f"{language}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["article_id", "title", "body"])
            writer.writerow(["left out", first, "One line.\nAnother line of it."])
            writer.writerow(["kept", second, "A line that stays."])


class WordTeacher:
    """Embeds a text as the sum of random vectors of its words; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float16]:
        """Embed texts, shape ``(n, WIDTH)``."""
        self.asked += len(texts)
        rows = np.stack([sum((_word(w) for w in t.split()), np.zeros(WIDTH)) for t in texts])
        unit: NDArray[np.float16] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(
            np.float16
        )
        return unit


def _word(word: str) -> NDArray[np.float64]:
    seed = int(sha256(word.encode()).hexdigest()[:8], 16)
    return np.random.default_rng(seed).normal(size=WIDTH)
