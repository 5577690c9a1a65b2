"""Whatever is asked: no internal, expired, early or other-brand article is ever found."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.suggest.builders import PROFILE, TODAY, encoders, passages, query
from triage.domain import Article
from triage.knowledge.finder import Finder, Tools
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.suggester import Suggester
from triage.suggest.voice.voices import SILENT
from triage.text.language import LanguageIdentifier

QUESTION = "how do I reset the password"
CALIBRATOR = RetrievalCalibrator((0.0,) * len(FEATURES), 0.0, 0.0, 0.8)
TOOLS = Tools(encoders(), PROFILE, CALIBRATOR, LanguageIdentifier(("en", "da")))

brands = st.sampled_from([None, "North", "north", "South", "Brand of ø"])
audiences = st.sampled_from([None, "business", "Customer"])
days = st.none() | st.integers(-2, 2).map(lambda number: TODAY + timedelta(days=number))
articles = st.builds(
    Article,
    id=st.sampled_from([f"a{number}" for number in range(6)]),
    language=st.sampled_from(["en", "da"]),
    title=st.sampled_from(["", "Reset the password"]),
    body=st.sampled_from(["Reset the password.", "Other words here.\n\nReset the password."]),
    brand=brands,
    audience=audiences,
    visibility=st.sampled_from(["public", "internal"]),
    valid_from=days,
    valid_until=days,
    tags=st.lists(st.sampled_from(["x", "Y"]), unique=True).map(tuple),
)
knowledge = st.lists(articles, max_size=12, unique_by=lambda one: (one.id, one.language))
contexts = st.builds(
    Filters,
    today=st.integers(-2, 2).map(lambda number: TODAY + timedelta(days=number)),
    brand=brands,
    audience=audiences,
    tags=st.lists(st.sampled_from(["X", "y"]), unique=True).map(tuple),
)


def may_show(article: Article, filters: Filters) -> bool:
    """Say the rule in plain words, one after another."""
    brand, audience = (article.brand or "").casefold(), (article.audience or "").casefold()
    return (
        article.visibility == "public"
        and (article.valid_from or date.min) <= filters.today <= (article.valid_until or date.max)
        and (not filters.brand or brand in {"", filters.brand.casefold()})
        and (not filters.audience or audience in {"", filters.audience.casefold()})
        and (not filters.tags or bool({one.casefold() for one in filters.tags}
                                      & {one.casefold() for one in article.tags}))
    )  # fmt: skip


def grown(first: Sequence[Article], then: Sequence[Article]) -> list[PassageIndex]:
    """Build an index at once, by changes, and by changes that were merged."""
    index = PassageIndex.build([(one, passages(one)) for one in first], encoders(), PROFILE)
    changed = index.with_articles([(one, passages(one)) for one in then])
    final = {(one.id, one.language): one for one in (*first, *then)}
    anew = [(one, passages(one)) for one in final.values()]
    return [changed, changed.merged(), PassageIndex.build(anew, encoders(), PROFILE)]


def asked(filters: Filters, language: str) -> Query:
    """Ask in a language under filters."""
    return replace(query(QUESTION, language), filters=filters)


@settings(max_examples=150, deadline=None)
@given(knowledge, knowledge, contexts, st.sampled_from(["en", "da", ""]))
def test_exactly_what_may_be_shown_is_found(
    first: list[Article], then: list[Article], filters: Filters, language: str
) -> None:
    """Nothing else is found, and of what may be shown one text of every article is."""
    final = {(one.id, one.language): one for one in (*first, *then)}
    allowed = {one for one in final.values() if may_show(one, filters)}
    for index in grown(first, then):
        found = [hit.article for hit in index.search(asked(filters, language), 50)]

        assert set(found) <= allowed
        assert sorted(one.id for one in found) == sorted({one.id for one in allowed})


@settings(max_examples=60, deadline=None)
@given(knowledge, contexts)
def test_suggestions_and_searches_hold_nothing_else(first: list[Article], filters: Filters) -> None:
    """The suggester and the search from a terminal stand behind the same filters."""
    allowed = {(one.id, one.language) for one in first if may_show(one, filters)}
    (index, *_) = grown(first, [])
    suggested = Suggester(index, CALIBRATOR, SILENT).suggest(asked(filters, "en"), 50, 0.0)
    finder = Finder([(one, passages(one)) for one in first], TOOLS)
    (hits,) = finder.find([QUESTION], filters, 50)

    assert {(one.article_id, one.language) for one in suggested.items} <= allowed
    assert {(hit.article.id, hit.article.language) for hit, _ in hits} <= allowed


def test_filters_come_before_ranking() -> None:
    """A hundred better matches that may not be shown crowd out nothing."""
    hidden = [
        Article(f"hidden{number}", "en", QUESTION, QUESTION, visibility="internal")
        for number in range(100)
    ]
    shown = Article("shown", "en", "", "Something about a password.")
    index = PassageIndex.build(
        [(one, passages(one)) for one in (*hidden, shown)], encoders(), PROFILE
    )
    found = index.search(asked(Filters(TODAY), "en"), 1)

    assert [hit.article for hit in found] == [shown]
