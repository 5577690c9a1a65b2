"""The messages that are sent: composed from the English samples, the same for every server."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from triage.settings import CHECKOUT
from triage.text.language import LanguageIdentifier

COUNT, OF_A_LENGTH, SEED = 1024, 256, 0
MEDIAN, SPREAD, SHORTEST, LONGEST = 22.5, 0.75, 8, 200
"""Of the mix: a log-normal number of tokens, whose mean is about 30."""
LENGTHS = (15, 60, 250)
FILLERS = ("please", "now", "today", "again", "still", "here", "this", "help", "soon", "thanks")
"""Words of one token each, which end a message that must have an exact length."""
BINS = (10, 15, 20, 30, 40, 60, 80, 120, 200)
TRIES = 1000
Counter = Callable[[str], int]
Accept = Callable[[str], bool]


def workloads() -> dict[str, list[str]]:
    """Compose the mix, ``mix``, and the messages of exact lengths, ``15``, ``60`` and ``250``.

    Lengths are in MiniLM's tokens with its two special ones. Every message is one that the service
    takes for English.
    """
    count, english = token_counter(), LanguageIdentifier(("en", "da", "ro", "zh"))

    def accept(text: str) -> bool:
        return english.identify(text, None).code == "en"

    pool = list(_samples())
    found = {"mix": compose(pool, mix_lengths(COUNT), count, accept)}
    for length in LENGTHS:
        found[str(length)] = compose(pool, [length] * OF_A_LENGTH, count, accept)
    return found


def mix_lengths(count: int) -> list[int]:
    """Draw the lengths of the mix."""
    draw = random.Random(SEED)  # noqa: S311 - no secret
    drawn = (MEDIAN * 2.718281828 ** (SPREAD * draw.gauss(0, 1)) for _ in range(count))
    return [min(LONGEST, max(SHORTEST, round(length))) for length in drawn]


def compose(
    pool: Sequence[str], lengths: Sequence[int], count: Counter, accept: Accept
) -> list[str]:
    """Compose different messages, each of the length asked for.

    Raises:
        ValueError: When the samples do not give enough different ones.
    """
    draw = random.Random(SEED)  # noqa: S311 - no secret
    found: dict[str, None] = {}
    for length in lengths:
        for _ in range(TRIES):
            text = exactly(draw, pool, length, count)
            if text and text not in found and accept(text):
                found[text] = None
                break
        else:
            raise ValueError(f"No further message of {length} tokens can be composed.")
    return list(found)


def exactly(draw: random.Random, pool: Sequence[str], length: int, count: Counter) -> str | None:
    """Compose one message of exactly this length, or None where the words do not allow it."""
    words: list[str] = []
    while count(" ".join(words)) < length:
        words += draw.choice(pool).split()
    low, high = 0, len(words)  # the most words that are not too long
    while low < high:
        middle = (low + high + 1) // 2
        if count(" ".join(words[:middle])) <= length:
            low = middle
        else:
            high = middle - 1
    kept = words[:low]
    while count(" ".join(kept)) < length:
        kept.append(draw.choice(FILLERS))
    text = " ".join(kept)
    return text if count(text) == length else None


def histogram(lengths: Sequence[int]) -> list[tuple[str, int]]:
    """Count lengths by range, bounds included."""
    found, low = [], 0
    for high in BINS:
        found.append((f"{low + 1}-{high}", sum(low < one <= high for one in lengths)))
        low = high
    beyond = sum(one > low for one in lengths)
    return [*found, (f"over {low}", beyond)] if beyond else found


def token_counter() -> Counter:
    """Count MiniLM's tokens of a text, the special ones among them."""
    tokenizer = Tokenizer.from_file(str(CHECKOUT / "models/encoders/minilm/tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return lambda text: len(tokenizer.encode(text).ids)


def write_bodies(path: Path, texts: Sequence[str], shape: Callable[[str], object]) -> Path:
    """Write one request body a line."""
    lines = (json.dumps(shape(text), ensure_ascii=False) for text in texts)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _samples() -> Iterator[str]:
    for part in ("train", "test"):
        for path in sorted((CHECKOUT / "data/samples" / part).glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if row["language"] == "en":
                    yield " ".join(row["text"].split())
