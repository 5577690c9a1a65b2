"""Passage vectors outlive a run; a broken file costs time and nothing else."""

import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from tests.unit.suggest.builders import HashingEncoder, article, passages
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.knowledge import vectors
from triage.knowledge.vectors import ENDING, MAX_SETS, remember
from triage.suggest.embedding import Embedder
from triage.suggest.index import PassageIndex
from triage.telemetry import Telemetry

PASSAGES = passages(article("reset", "Reset your password", "Open the page.\n\nFollow the link."))
MORE = passages(article("return", "Return an item", "Print the label."))
TINY = Profile("tiny", {"*": "hashing"})


class CountingEncoder(HashingEncoder):
    """Counts the texts it was given."""

    def __init__(self, fingerprint: str = "0" * 64) -> None:
        self.fingerprint = fingerprint
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        self.texts += len(texts)
        return super().encode(texts)


def embedder(
    folder: Path, encoder: CountingEncoder, log: StringIO | None = None, profile: Profile = TINY
) -> Embedder:
    """Build an embedder that remembers in a folder."""
    encoders = EncoderSet(dict.fromkeys(set(profile.routes.values()), encoder))
    return remember(Embedder(encoders, profile), folder, Telemetry("warning", log or StringIO()))


def only_file(folder: Path) -> Path:
    """Return the one file that was written."""
    (path,) = folder.glob(f"*{ENDING}")
    return path


def embed_again(folder: Path) -> int:
    """Embed the passages anew and tell how many texts were encoded for it."""
    encoder = CountingEncoder()
    found = embedder(folder, encoder).passages(PASSAGES)

    assert np.array_equal(found, HashingEncoder().encode([p.text for p in PASSAGES]))
    return encoder.texts


def test_only_new_passages_are_embedded(tmp_path: Path) -> None:
    """A later run takes what it knows from the disk, to the bit."""
    embedder(tmp_path, CountingEncoder()).passages(PASSAGES)
    encoder, heard = CountingEncoder(), list[int]()
    both = [*MORE, *PASSAGES]
    found = embedder(tmp_path, encoder).passages(both, heard.append)

    assert encoder.texts == len(MORE)
    assert sum(heard) == len(both)
    assert np.array_equal(found, HashingEncoder().encode([p.text for p in both]))
    assert embed_again(tmp_path) == 0


def test_other_encoders_and_routes_share_nothing(tmp_path: Path) -> None:
    """Vectors of another encoder, or of the same text on another route, are never taken."""
    twin = Profile("twin", {"en": "own", "*": "hashing"})
    danish = list(passages(article("x", "Reset", "Open.", "da")))
    english = list(passages(article("x", "Reset", "Open.", "en")))
    embedder(tmp_path, CountingEncoder(), profile=twin).passages(danish)
    encoder, other = CountingEncoder(), CountingEncoder("1" * 64)
    embedder(tmp_path, encoder, profile=twin).passages(english)
    embedder(tmp_path, other, profile=twin).passages(danish)

    assert encoder.texts == 2 * len(english)
    assert other.texts == len(danish)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("position", [0, 20, 110, 130, 200, -1])
def test_changed_byte_is_embedded_again_and_heals(tmp_path: Path, position: int) -> None:
    """Header, count, digest, keys or rows: no changed byte reaches an index."""
    embedder(tmp_path, CountingEncoder()).passages(PASSAGES)
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[position] ^= 0x40
    path.write_bytes(content)

    assert embed_again(tmp_path) == len(PASSAGES)
    assert embed_again(tmp_path) == 0


def test_torn_tail_costs_its_block_alone(tmp_path: Path) -> None:
    """A process killed while it appends leaves the earlier blocks usable."""
    embedder(tmp_path, CountingEncoder()).passages(PASSAGES)
    path = only_file(tmp_path)
    embedder(tmp_path, CountingEncoder()).passages(MORE)
    path.write_bytes(path.read_bytes()[:-3])
    encoder = CountingEncoder()
    embedder(tmp_path, encoder).passages([*PASSAGES, *MORE])

    assert encoder.texts == len(MORE)
    assert embed_again(tmp_path) == 0


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"\0" * 5000])
def test_foreign_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    """An empty file, a pickle and zeros are no vectors; nothing of them is run or kept."""
    embedder(tmp_path, CountingEncoder()).passages(PASSAGES)
    only_file(tmp_path).write_bytes(content)

    assert embed_again(tmp_path) == len(PASSAGES)
    assert embed_again(tmp_path) == 0


def test_index_of_other_articles_forgets_old_ones(tmp_path: Path) -> None:
    """Texts that left the help centre leave the file, and no temporary file stays."""
    old = [passages(article(f"a{n}", f"Title {n}", f"Body {n}.")) for n in range(9)]
    embedder(tmp_path, CountingEncoder()).passages([p for one in old for p in one])
    size = only_file(tmp_path).stat().st_size
    reset = article("a1", "Title 1", "Body 1.")
    encoder = CountingEncoder()
    PassageIndex.embed([(reset, passages(reset))], embedder(tmp_path, encoder))

    assert encoder.texts == 0
    assert only_file(tmp_path).stat().st_size < size / 4
    assert [path.suffix for path in tmp_path.iterdir()] == [ENDING]


def test_few_sets_of_encoders_are_kept(tmp_path: Path) -> None:
    """The set that was used longest ago makes room."""
    embedder(tmp_path, CountingEncoder()).passages(PASSAGES)
    first = only_file(tmp_path)
    os.utime(first, (0, 0))
    for number in range(1, MAX_SETS + 1):
        encoder = CountingEncoder(str(number) * 64)
        embedder(tmp_path, encoder).passages(PASSAGES)
        os.utime(max(tmp_path.iterdir(), key=os.path.getctime), (number, number))

    assert len(list(tmp_path.iterdir())) == MAX_SETS
    assert not first.exists()


def test_folder_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    """Embedding goes on without a memory."""
    (tmp_path / "file").write_text("in the way")
    log = StringIO()
    made = embedder(tmp_path / "file", CountingEncoder(), log)
    made.passages(PASSAGES)
    made.passages(MORE)

    assert log.getvalue().count("vectors_not_kept") == 1


def test_full_file_is_not_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound further passages are embedded at every start, and the log says so."""
    embedder(tmp_path, CountingEncoder()).passages(PASSAGES)
    size = only_file(tmp_path).stat().st_size
    monkeypatch.setattr(vectors, "MAX_BYTES", size)
    log = StringIO()
    embedder(tmp_path, CountingEncoder(), log).passages(MORE)

    assert only_file(tmp_path).stat().st_size == size
    assert "vectors_not_kept" in log.getvalue()
