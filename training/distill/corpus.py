"""Read the training texts, and keep apart everything the gates are measured on.

Two things never enter any step: the sentences of the left-out support articles, in every language,
and a slice of all other pairs chosen by the hash of its English side.
"""

import os
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from training.heldout import is_held_out
from triage.errors import ConfigError, ExportError
from triage.rows import open_text, read_rows

KNOWN_CORPORA = {"f532c63d6c7cbc3f6d1d1f2adb1553bc7ac8583cd5415335b95472dee9c6a3b1": "2026-11-21"}
"""SHA-256 of the parallel corpora whose licences were checked, with the date of the check."""

LANGUAGES = ("da", "ro", "zh")
ARTICLE_SOURCE = "alchemy"
DOCUMENTATION = ("d365-operations", "d365smb", "project-operations", "customer-insights")
MESSAGE_SETS = {
    "banking77": "messages.csv.gz",
    "cfpb_complaints": "messages.csv.gz",
    "clinc150": "messages.csv.gz",
    "hadoop_issues": "issues.csv.gz",
    "it_helpdesk": "tickets.csv.gz",
    "multidogo": "messages.csv.gz",
    "senti4sd": "sentiment.csv",
    "uci_reviews": "sentiment.csv",
    "xed_subtitles": "emotions.csv.gz",
}
"""English texts under permissive licences; share-alike sets stay out of training."""

SLICE_ONE_IN = 50
WINDOW = 400
"""Characters of one unlabelled text; longer messages give up to three windows."""
WINDOWS = 3
CONTAINED_FROM = {"zh": 8}
CONTAINED_FROM_DEFAULT = 20
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+|(?<=[。！？：；])\s*|\n+")
_EDGES = " .,:;!?\"'()[]{}*-–—·•。，、：；！？（）《》“”‘’"


@dataclass(frozen=True, slots=True)
class Pair:
    """An English sentence and its translation."""

    language: str
    english: str
    foreign: str
    source: str


@dataclass(frozen=True, slots=True)
class ArticleText:
    """One support article in one language; ``blocks`` are the lines of its body."""

    id: str
    language: str
    title: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """All texts of one training; ``held`` and ``left_out`` serve the gates alone."""

    pairs: tuple[Pair, ...]
    held: tuple[Pair, ...]
    messages: tuple[str, ...]
    articles: tuple[ArticleText, ...]
    left_out: tuple[ArticleText, ...]
    sha256: str
    rows: dict[str, int] = field(default_factory=dict)

    def english(self) -> list[str]:
        """List the unique English texts of training in a fixed order, messages first."""
        blocks = (b for a in self.articles if a.language == "en" for b in (a.title, *a.blocks))
        return list(dict.fromkeys([*self.messages, *(p.english for p in self.pairs), *blocks]))

    def fingerprint(self) -> str:
        """Compute the SHA-256 over every training text in order."""
        digest = sha256()
        for text in self.english():
            digest.update(text.encode() + b"\n")
        for pair in self.pairs:
            digest.update(f"{pair.language}\t{pair.foreign}\n".encode())
        return digest.hexdigest()


def datasets() -> Path:
    """Find the folder of the public data sets.

    Raises:
        ConfigError: When ``TRIAGE_DATASETS`` is not set.
    """
    folder = os.environ.get("TRIAGE_DATASETS")
    if not folder:
        raise ConfigError(
            "TRIAGE_DATASETS is not set.", fix="Set it to the folder of the public data sets."
        )
    return Path(folder)


def read_corpus(datasets: Path, left_out_ids: Path, *, accept_unknown: bool = False) -> Corpus:
    """Read all sets below a folder and take the gates' texts out of them.

    Raises:
        ConfigError: When the parallel corpus is not one whose licences were checked.
        ExportError: When a file is missing or broken; the error names file and row.
    """
    path = datasets / "parallel" / "train.tsv.gz"
    fingerprint = check_corpus(path, accept_unknown=accept_unknown)
    ids = frozenset(left_out_ids.read_text(encoding="utf-8").splitlines())
    articles = read_articles(datasets / "kb-alchemy")
    left_out = [article for article in articles if article.id in ids]
    guard = LeftOutGuard(left_out)
    kept, dropped = _without_left_out(read_pairs(path), guard)
    train = [pair for pair in kept if not in_slice(pair.english)]
    seen = {normalise(pair.foreign) for pair in train}
    held = [p for p in kept if in_slice(p.english) and normalise(p.foreign) not in seen]
    messages = [t for t in read_messages(datasets) if not (in_slice(t) or guard.known(t))]
    return Corpus(
        pairs=tuple(train),
        held=tuple(held),
        messages=tuple(messages),
        articles=tuple(a for a in articles if a.id not in ids),
        left_out=tuple(left_out),
        sha256=fingerprint,
        rows={"pairs": len(train), "held": len(held), "of_left_out_articles": dropped,
              "messages": len(messages), "left_out_articles": len(ids)},
    )  # fmt: skip


def check_corpus(path: Path, *, accept_unknown: bool) -> str:
    """Return the SHA-256 of the parallel corpus.

    Raises:
        ConfigError: When it is unknown and unknown ones are not accepted.
        ExportError: When there is no such file.
    """
    if not path.is_file():
        raise ExportError(f"{path}: there is no such file.", fix="Set TRIAGE_DATASETS.")
    fingerprint = sha256(path.read_bytes()).hexdigest()
    if fingerprint not in KNOWN_CORPORA and not accept_unknown:
        raise ConfigError(
            f"{path.name} has the unknown SHA-256 {fingerprint}.",
            fix="Check its licences, then pass --accept-unknown-corpus.",
        )
    return fingerprint


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yield the pairs of a headerless TSV: language, English, translation, source.

    Raises:
        ExportError: When a row has another number of cells or an unknown language.
    """
    with open_text(path) as stream:
        for number, line in enumerate(stream, start=1):
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) != 4 or cells[0] not in LANGUAGES:  # noqa: PLR2004 - the four columns
                raise ExportError(
                    f"{path.name}, row {number}: not language, English, translation, source.",
                    fix=f"Languages are {', '.join(LANGUAGES)}; cells are parted by tabs.",
                    row=number,
                )
            yield Pair(cells[0], cells[1], cells[2], cells[3].partition(":")[0])


def read_articles(folder: Path) -> list[ArticleText]:
    """Read the support articles of every language file in a folder, in file order."""
    found: list[ArticleText] = []
    for path in sorted(folder.glob("*.csv")):
        for row in read_rows(path, ["article_id", "title", "body"]):
            blocks = tuple(line.strip() for line in row["body"].splitlines() if line.strip())
            found.append(ArticleText(row["article_id"], path.stem, row["title"].strip(), blocks))
    return found


def read_messages(datasets: Path) -> list[str]:
    """Read the unlabelled English texts, held-out rows left aside, sorted and unique."""
    texts: set[str] = set()
    for name, file in MESSAGE_SETS.items():
        path = datasets / name / file
        if not path.is_file():
            continue
        for row in read_rows(path, ["id", "text"]):
            split = row.get("split", "")
            other_split = split not in {"", "train"}
            if other_split or is_held_out(name, row["id"], split):
                continue
            if row.get("language", "en") in {"", "en"}:
                texts.update(windows(row["text"]))
    shuffled = sorted(texts)
    random.Random(0).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    return shuffled


def windows(text: str) -> Iterator[str]:
    """Cut a text into at most three stretches of whole words, ``WINDOW`` characters each."""
    rest = " ".join(text.split())
    for _ in range(WINDOWS):
        if not rest:
            return
        cut = len(rest) if len(rest) <= WINDOW else rest.rfind(" ", 1, WINDOW)
        cut = cut if cut > 0 else WINDOW
        yield rest[:cut]
        rest = rest[cut:].strip()


def normalise(text: str) -> str:
    """Reduce a sentence to what counts for being the same one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.split()).strip(_EDGES)


def in_slice(english: str) -> bool:
    """Tell whether an English side belongs to the slice kept for the gates."""
    return int(sha256(normalise(english).encode()).hexdigest(), 16) % SLICE_ONE_IN == 0


class LeftOutGuard:
    """Recognises sentences of the left-out articles."""

    def __init__(self, articles: Sequence[ArticleText]) -> None:
        self._sentences: set[str] = set()
        texts: dict[str, list[str]] = {}
        for article in articles:
            for block in (article.title, *article.blocks):
                self._sentences.update(_sentence_forms(block))
                texts.setdefault(article.language, []).append(normalise(block))
        self._texts = {language: "\n".join(blocks) for language, blocks in texts.items()}

    def known(self, text: str) -> bool:
        """Tell whether a text is one whole sentence or block of a left-out article."""
        return normalise(text) in self._sentences

    def contained(self, text: str, language: str) -> bool:
        """Tell whether a sentence long enough to be no accident stands in a left-out article."""
        plain = normalise(text)
        longest = CONTAINED_FROM.get(language, CONTAINED_FROM_DEFAULT)
        return len(plain) >= longest and plain in self._texts.get(language, "")


def _sentence_forms(block: str) -> Iterable[str]:
    forms = {normalise(block), *(normalise(part) for part in _SENTENCE_END.split(block) if part)}
    return forms - {""}


def _without_left_out(pairs: Iterable[Pair], guard: LeftOutGuard) -> tuple[list[Pair], int]:
    kept: list[Pair] = []
    dropped = 0
    for pair in pairs:
        hit = guard.known(pair.english) or guard.known(pair.foreign)
        if not hit and pair.source == ARTICLE_SOURCE:
            hit = guard.contained(pair.english, "en") or guard.contained(
                pair.foreign, pair.language
            )
        dropped += hit
        if not hit:
            kept.append(pair)
    return kept, dropped
