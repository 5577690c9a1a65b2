"""The small Unigram tokenizer beside the library's own."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.unit.encoders.test_words import SAMPLES, SIGNS
from triage.encoders.static import open_tokenizer
from triage.encoders.unigram import Unigram
from triage.encoders.words import WordTokenizer
from triage.settings import CHECKOUT

ENCODERS = CHECKOUT / "models" / "encoders"
Content = dict[str, Any]
Change = Callable[[Content], object]


def content_of(name: str) -> Content:
    """Read the tokenizer of a shipped encoder."""
    content: Content = json.loads((ENCODERS / name / "tokenizer.json").read_bytes())
    return content


@pytest.fixture(scope="module", params=["static", "polyglot"])
def both(request: pytest.FixtureRequest) -> tuple[Tokenizer, Unigram]:
    """Load a shipped tokenizer in both forms."""
    library = Tokenizer.from_file(str(ENCODERS / request.param / "tokenizer.json"))
    library.no_padding()
    library.no_truncation()
    return library, Unigram(content_of(request.param))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["model"].update(type="BPE"),
        lambda content: content["model"].update(byte_fallback=True),
        lambda content: content["model"].update(unk_id=None),
        lambda content: content.update(normalizer=None),
        lambda content: content["added_tokens"][0].update(normalized=True),
        lambda content: content.update(post_processor={"type": "ByteLevel"}),
    ],
)
def test_other_kinds_are_left_to_the_library(change: Change) -> None:
    """What would be read otherwise than the library reads it is not read here."""
    content = content_of("static")
    change(content)

    assert Unigram.read(content) is None


def test_what_is_shipped_is_read_here() -> None:
    """The table and the multilingual transformer take the small form, MiniLM's words do not."""
    kinds = {
        name: type(open_tokenizer(ENCODERS / name / "tokenizer.json"))
        for name in ("static", "polyglot", "minilm")
    }

    assert kinds == {"static": Unigram, "polyglot": Unigram, "minilm": Tokenizer}


def test_samples_get_the_ids_of_the_library(both: tuple[Tokenizer, Unigram]) -> None:
    """Messages in four languages get the same ids, cut whole and joined of words."""
    library, small = both
    texts = [
        json.loads(line)["text"]
        for file in SAMPLES.glob("*.jsonl")
        for line in file.read_bytes().splitlines()
    ]
    wanted = [one.ids for one in library.encode_batch_fast(texts, add_special_tokens=False)]

    assert small.ids(texts) == wanted
    assert WordTokenizer(small).ids(texts) == wanted
    assert small.size == library.get_vocab_size()


def test_ends_are_those_of_the_library(both: tuple[Tokenizer, Unigram]) -> None:
    """Special tokens stand before and after a text as the template says."""
    library, small = both

    (ids,) = small.ids(["where is it?"])

    assert [*small.before, *ids, *small.after] == library.encode("where is it?").ids


@given(st.text(SIGNS + "<pad> ", max_size=30) | st.text(max_size=12))
def test_any_text_gets_the_ids_of_the_library(both: tuple[Tokenizer, Unigram], text: str) -> None:
    """Names of special tokens, unknown characters, marks and blanks included."""
    library, small = both
    text = text.encode(errors="replace").decode()

    assert small.ids([text]) == [library.encode(text, add_special_tokens=False).ids]


def test_first_of_equal_sums_wins_and_unknown_neighbours_are_one() -> None:
    """Ties and unknown characters are settled as the library settles them."""
    pieces = [("<unk>", 0.0), ("▁", -1.0), ("a", -1.0), ("b", -1.0), ("ab", -2.0), ("ba", -2.0)]
    library = Tokenizer(models.Unigram(pieces, 0, False))
    library.pre_tokenizer = pre_tokenizers.Metaspace()
    content = json.loads(library.to_str())
    content["normalizer"] = {"type": "Sequence", "normalizers": []}
    small = Unigram(content)

    for text in ("abab", "baba", "axxb", "xx", "aXb xx ab", ""):
        assert small.ids([text]) == [library.encode(text).ids]
