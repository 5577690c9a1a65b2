"""An index that was changed answers as one built anew, and nobody ever sees half a change."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.suggest.builders import PROFILE, article, encoders, passages, query
from triage.domain import Article
from triage.suggest import index as index_module
from triage.suggest import lexical
from triage.suggest.index import ArticleKey, PassageIndex, key
from triage.suggest.query import Hit

WORDS = ["reset", "password", "return", "item", "label", "invoice", "30179-25", "adgangskode"]
QUESTIONS = [
    query("how do I reset my password"),
    query("nulstil adgangskode", "da"),
    query("print the return label", brand="acme"),
    query("invoice 30179-25", "zh"),
    query("label", visibility=("public", "internal")),
]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
articles = st.builds(
    article,
    st.sampled_from("abcdef"),
    texts,
    st.lists(texts, min_size=1, max_size=3).map("\n\n".join),
    st.sampled_from(["en", "da"]),
    brand=st.sampled_from([None, "Acme", "Other"]),
    visibility=st.sampled_from(["public", "public", "internal"]),
)
keys = st.tuples(st.sampled_from("abcdef"), st.sampled_from(["en", "da"]))
steps = st.lists(
    st.tuples(
        st.lists(articles, max_size=3, unique_by=key), st.sets(keys, max_size=2), st.booleans()
    ),
    min_size=1,
    max_size=6,
)


def shown(hits: Sequence[Hit]) -> list[object]:
    """List what a search found, without its scores."""
    return [(hit.article, hit.passage, hit.answer, hit.same_language) for hit in hits]


def numbers(hits: Sequence[Hit]) -> list[list[float]]:
    """List the scores of what a search found."""
    return [[hit.dense, hit.lexical, hit.score, hit.margin] for hit in hits]


@pytest.fixture(params=["words in lists", "common words laid out"])
def words(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make indexes keep words in each of the ways there are."""
    if request.param != "words in lists":
        monkeypatch.setattr(lexical, "COMMON_LEAST", 0)


@pytest.mark.usefixtures("words")
@given(steps)
@settings(max_examples=100, deadline=None)
def test_changed_index_answers_as_one_built_anew(
    moves: list[tuple[list[Article], set[ArticleKey], bool]],
) -> None:
    """Any sequence of additions, updates, deletions and merges gives the hits of a fresh index."""
    changed = PassageIndex.build([], encoders(), PROFILE)
    expected: dict[ArticleKey, Article] = {}
    for written, deleted, merge in moves:
        changed = changed.with_articles([(one, passages(one)) for one in written], deleted)
        changed = changed.merged() if merge else changed
        for name in deleted | {key(one) for one in written}:
            expected.pop(name, None)
        expected |= {key(one): one for one in written}

    fresh = PassageIndex.build([(a, passages(a)) for a in changed.articles], encoders(), PROFILE)
    assert set(changed.articles) == set(expected.values())
    assert changed.passages == fresh.passages
    for asked in QUESTIONS:
        hits, wanted = changed.search(asked, 4), fresh.search(asked, 4)
        assert shown(hits) == shown(wanted)
        assert np.allclose(numbers(hits), numbers(wanted), rtol=0, atol=1e-6)


def test_many_changes_ask_for_a_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was changed or deleted counts, and a merge settles it."""
    monkeypatch.setattr(index_module, "CROWDED_LEAST", 4)
    pair = [article(f"a{n}", "Title", "Body.") for n in range(2)]
    built = PassageIndex.build([(one, passages(one)) for one in pair], encoders(), PROFILE)
    once = built.with_articles([(pair[0], passages(pair[0]))])
    twice = once.with_articles([(pair[1], passages(pair[1]))])

    assert [built.crowded, once.crowded, twice.crowded] == [False, False, True]
    assert not twice.merged().crowded


def test_readers_never_see_half_a_change() -> None:
    """While articles are swapped in pairs and merged, a search finds both old or both new ones."""

    def pair(version: int) -> list[Article]:
        return [article(f"{side}{version}", "Reset", f"Version {version}.") for side in "ab"]

    others = [article(f"o{n}", "Opening hours", f"From {n} to 18.") for n in range(50)]
    start = [(one, passages(one)) for one in (*others, *pair(0))]
    held = [PassageIndex.build(start, encoders(), PROFILE)]
    stop = Event()

    def read() -> int:
        count = 0
        while not stop.is_set():
            hits = held[0].search(query("reset version"), 2)
            assert len({hit.article.id[1:] for hit in hits}) == 1
            assert len({hit.article.id[0] for hit in hits}) == 2
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read) for _ in range(3)]
        try:
            for version in range(1, 60):
                cuts = [(one, passages(one)) for one in pair(version)]
                gone = [key(one) for one in pair(version - 1)]
                held[0] = held[0].with_articles(cuts, gone)
                if version % 7 == 0:
                    held[0] = held[0].merged()
        finally:
            stop.set()
        assert all(one.result() > 0 for one in reading)


def test_unchanged_part_is_shared() -> None:
    """A change of one article copies no vectors and no words of the others."""
    many = [article(f"a{n}", "Title", f"Body {n}.") for n in range(20)]
    before = PassageIndex.build([(one, passages(one)) for one in many], encoders(), PROFILE)
    after = before.with_articles([(many[3], passages(many[3]))])

    assert after._base is before._base
    assert len(after._delta.articles) == 1
