"""Longer texts made of the corpus's sentences: what goes together, and what must never."""

from training.distill.corpus import ArticleText, Corpus, Pair
from training.distill.joined import JOINED, MOST_SENTENCES, STRETCH, join_neighbours

LONG = "x" * (STRETCH // 2)


def test_neighbours_of_one_source_are_joined() -> None:
    """A stretch ends after six sentences or at its length; both sides keep their order."""
    joined = join_neighbours(_corpus(_pairs(MOST_SENTENCES, "docs")))

    assert joined == [
        Pair(
            "da",
            " ".join(f"english {i}" for i in range(MOST_SENTENCES)),
            " ".join(f"dansk {i}" for i in range(MOST_SENTENCES)),
            JOINED,
        )
    ]


def test_long_sentences_fill_a_stretch_sooner() -> None:
    """Two sentences of half the length are one stretch; what is left over is none."""
    pairs = [Pair("da", f"{LONG}{i}", f"dansk {i}", "docs") for i in range(5)]

    joined = join_neighbours(_corpus(pairs))

    assert {pair.foreign for pair in joined} == {"dansk 0 dansk 1", "dansk 2 dansk 3"}


def test_chinese_is_joined_without_spaces() -> None:
    """Chinese has none between sentences, the English side has."""
    pairs = [Pair("zh", LONG, "你好。", "docs"), Pair("zh", LONG, "再见。", "docs")]

    (joined,) = join_neighbours(_corpus(pairs))

    assert (joined.foreign, joined.english) == ("你好。再见。", f"{LONG} {LONG}")


def test_single_sentences_are_no_neighbours() -> None:
    """Sentences of Tatoeba have nothing to do with the next one."""
    assert join_neighbours(_corpus(_pairs(20, "tatoeba"))) == []


def test_sources_and_languages_are_not_mixed() -> None:
    """A stretch holds one source in one language, however the corpus orders its pairs."""
    pairs = [
        Pair(language, f"{source} {i}", f"{language}:{source} {i}", source)
        for source in ("docs", "strings", "docs")
        for i in range(MOST_SENTENCES)
        for language in ("da", "ro")
    ]

    joined = join_neighbours(_corpus(pairs))

    assert len(joined) == 6
    for pair in joined:
        assert len({word for word in pair.english.split() if not word.isdigit()}) == 1
        assert {word.partition(":")[0] for word in pair.foreign.split() if ":" in word} == {
            pair.language
        }


def test_interrupted_sources_do_not_go_on() -> None:
    """Sentences that another source stands between are no neighbours."""
    pairs = [*_pairs(3, "docs"), *_pairs(3, "strings"), *_pairs(3, "docs")]

    assert join_neighbours(_corpus(pairs)) == []


def test_each_language_gives_a_bounded_number() -> None:
    """Of many stretches a fixed choice is taken, the same in every run."""
    pairs = [Pair("da", f"{LONG}{LONG}{i}", f"dansk {i}", "docs") for i in range(50)]

    first, second = (join_neighbours(_corpus(pairs), per_language=7) for _ in range(2))

    assert len(first) == 7
    assert first == second


def test_articles_with_unequal_blocks_are_left_out() -> None:
    """Where a translation has another number of blocks, nobody knows which belong together."""
    articles = [
        *_article("same", ("One line.",), ("En linje.",)),
        *_article("unequal", ("One line.", "Another."), ("En linje.",)),
    ]

    joined = join_neighbours(_corpus([], articles))

    assert joined == [Pair("da", "same\nOne line.", "da same\nEn linje.", JOINED)]


def test_only_the_beginning_of_an_article_is_taken() -> None:
    """A stretch stays about as long as a customer's message."""
    blocks = tuple(f"{i}{LONG}" for i in range(20))

    (joined,) = join_neighbours(_corpus([], _article("long", blocks, blocks)))

    assert joined.english == "\n".join(["long", *blocks[:3]])


def test_left_out_articles_are_never_in() -> None:
    """The gates' articles lie in the corpus as well, and no stretch is made of them."""
    left_out = _article("gate", ("Kept apart.",), ("Holdt adskilt.",))
    untranslated = ArticleText("lonely", "da", "uden engelsk", ("En linje.",))

    assert join_neighbours(_corpus([], [untranslated], left_out)) == []


def _pairs(count: int, source: str) -> list[Pair]:
    return [Pair("da", f"english {i}", f"dansk {i}", source) for i in range(count)]


def _article(name: str, english: tuple[str, ...], danish: tuple[str, ...]) -> list[ArticleText]:
    return [ArticleText(name, "da", f"da {name}", danish), ArticleText(name, "en", name, english)]


def _corpus(
    pairs: list[Pair],
    articles: list[ArticleText] | None = None,
    left_out: list[ArticleText] | None = None,
) -> Corpus:
    return Corpus(tuple(pairs), (), (), tuple(articles or ()), tuple(left_out or ()), "")
