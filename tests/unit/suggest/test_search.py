"""The search finds what a plain loop over all passages finds."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.suggest.builders import PROFILE, HashingEncoder, article, encoders, passages, query
from triage.domain import Article, Passage
from triage.suggest import index as index_module
from triage.suggest import segments as segments_module
from triage.suggest.index import PassageIndex, key
from triage.suggest.lexical import K1, B
from triage.suggest.postings import tokens
from triage.suggest.query import Query
from triage.suggest.ranking import FOREIGN_SHARE, LEXICAL_WEIGHT, SECOND_WEIGHT
from triage.suggest.scan import QuantisedScan

WORDS = ["reset", "password", "return", "item", "label", "invoice", "adgangskode", "x"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
articles = st.builds(
    article,
    st.sampled_from("abcdefgh"),
    st.one_of(st.just(""), texts),
    st.lists(texts, min_size=1, max_size=3).map("\n\n".join),
    st.sampled_from(["en", "da", "zh"]),
    brand=st.sampled_from([None, "acme", "other"]),
)
questions = st.builds(
    query,
    st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=6).map(" ".join),
    st.sampled_from(["en", "da", "zh", ""]),
    brand=st.sampled_from([None, "acme"]),
)
Found = dict[tuple[str, str], list[float]]


@pytest.fixture(params=["copied", "plain scan", "integer scan"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make indexes search in each of the ways there are."""
    if request.param != "copied":
        monkeypatch.setattr(index_module, "COPIED_ROWS", -1)
    if request.param == "integer scan":
        monkeypatch.setattr(segments_module, "make_scan", QuantisedScan)


@pytest.mark.usefixtures("way")
@given(st.lists(articles, min_size=1, max_size=12, unique_by=key), st.data())
@settings(max_examples=60, deadline=None)
def test_search_finds_what_a_loop_finds(held: list[Article], data: st.DataObject) -> None:
    """Scores and order are those of the definition, word by word and row by row."""
    asked, top = data.draw(questions), data.draw(st.integers(1, 6))
    split = data.draw(st.integers(0, len(held)))
    index = PassageIndex.build([(a, passages(a)) for a in held[:split]], encoders(), PROFILE)
    index = index.with_articles([(a, passages(a)) for a in held[split:]]) if held[split:] else index

    hits = index.search(asked, top)

    wanted = by_loop(held, asked)
    groups: dict[str, float] = {}
    for (name, _), numbers in wanted.items():
        groups[name] = max(numbers[0], groups.get(name, -math.inf))
    best = sorted(groups.values(), reverse=True)
    assert [hit.score for hit in hits] == pytest.approx(best[:top], abs=1e-5)
    for rank, hit in enumerate(hits):
        others = best[:rank] + best[rank + 1 :]
        lead = hit.score - others[0] if others else hit.score
        assert hit.margin == pytest.approx(lead, abs=1e-5)
        assert [hit.score, hit.dense, hit.lexical] == pytest.approx(
            wanted[key(hit.article)], abs=1e-5
        )


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("scores", [1, 20, 1 << 20])
@given(st.lists(articles, min_size=1, max_size=12, unique_by=key), st.data())
@settings(max_examples=40, deadline=None)
def test_company_changes_no_answer(scores: int, held: list[Article], data: st.DataObject) -> None:
    """Questions asked together get what each gets alone, to the last bit."""
    asked, top = data.draw(st.lists(questions, max_size=5)), data.draw(st.integers(0, 6))
    index = PassageIndex.build([(a, passages(a)) for a in held], encoders(), PROFILE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index_module, "SCANNED", scores)
        together = index.find_all(asked, top, [one.vector for one in asked])

    assert together == [index.find(one, top) for one in asked]


def by_loop(held: Sequence[Article], asked: Query) -> Found:
    """Score the articles that may be shown as the definitions say, one passage at a time."""
    every = [one for a in held for one in passages(a)]
    brand = asked.filters.brand
    allowed = [a for a in held if brand is None or a.brand in {None, brand}]
    own = {a.id for a in allowed if a.language == asked.language}
    found: Found = {}
    for one in allowed:
        if one.id in own and one.language != asked.language:
            continue
        rows = [(p, cosine(p, asked), share(p, asked.text, every)) for p in passages(one)]
        credit = 0.0 if one.language == asked.language else FOREIGN_SHARE
        fused = [(p.kind, dense + LEXICAL_WEIGHT * (words + credit)) for p, dense, words in rows]
        kinds = {kind: max(score for of, score in fused if of == kind) for kind, _ in fused}
        score = max(kinds.values()) + SECOND_WEIGHT * min(kinds.values())
        dense, lexical = max(dense for _, dense, _ in rows), max(words for *_, words in rows)
        found[key(one)] = [score, dense, lexical]
    return found


def cosine(one: Passage, asked: Query) -> float:
    """Compare one passage with the question."""
    return float(HashingEncoder().encode([one.text])[0] @ asked.vector)


def share(one: Passage, question: str, every: Sequence[Passage]) -> float:
    """Compute the share of the question's BM25 weight that a passage holds."""
    own = {p.id: words(p) for p in every if p.language == one.language}
    mean = float(np.mean([len(held) for held in own.values()]))
    terms = list(dict.fromkeys(tokens(question)))
    found = whole = 0.0
    for term in terms:
        holders = sum(term in held for held in own.values())
        rarity = math.log1p((len(own) - holders + 0.5) / (holders + 0.5))
        count = words(one).count(term)
        norm = K1 * (1 - B + B * len(words(one)) / mean)
        found += rarity * count / (count + norm)
        whole += rarity
    return found / max(whole, 1e-9)


def words(one: Passage) -> list[str]:
    """List the tokens that count for a passage: a block has its title's too."""
    return tokens(one.text if one.kind == "title" else f"{one.title}\n{one.text}")
