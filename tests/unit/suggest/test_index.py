from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests.unit.suggest.builders import (
    PROFILE,
    TODAY,
    HashingEncoder,
    article,
    encoders,
    index,
    passages,
    query,
)
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.errors import ArticleError, EncoderError
from triage.suggest.index import PassageIndex
from triage.suggest.query import Query

RESET = article("reset", "Reset your password", "Open the login page.\n\nClick the reset link.")
RESET_DA = article("reset", "Nulstil din adgangskode", "Gå til login.", "da")
RETURN = article("return", "Return an item", "Pack the item.\n\nPrint the return label.")


def ids(found: PassageIndex, asked: Query, top: int = 5) -> list[str]:
    """List the ids that a search finds."""
    return [hit.article.id for hit in found.search(asked, top)]


def test_repeated_key_is_refused() -> None:
    """Two articles of one id and language are named."""
    with pytest.raises(ArticleError, match=r"reset \(en\) stands twice"):
        index(RESET, RESET)


def test_article_without_passage_is_refused() -> None:
    """An article that was cut into nothing is named."""
    with pytest.raises(ArticleError, match="reset"):
        PassageIndex.build([(RESET, ())], encoders(), PROFILE)


def test_vector_of_other_width_is_refused() -> None:
    """A question of another encoder is refused before any arithmetic."""
    asked = Query("x", "en", np.zeros(3, np.float32), query("x").filters)

    with pytest.raises(EncoderError, match="shape"):
        index(RESET).search(asked, 3)


def test_empty_index_finds_nothing() -> None:
    """A knowledge base without articles is no error."""
    assert ids(index(), query("reset")) == []


def test_best_article_comes_first() -> None:
    """The article with the question's words leads, and its margin is positive."""
    hits = index(RETURN, RESET).search(query("how to reset my password"), 2)

    assert [hit.article.id for hit in hits] == ["reset", "return"]
    assert hits[0].margin > 0 > hits[1].margin


def test_top_is_bounded_by_the_articles() -> None:
    """Every article is found once however many are asked for."""
    assert sorted(ids(index(RESET, RETURN), query("reset"), top=9)) == ["reset", "return"]
    assert ids(index(RESET, RETURN), query("reset"), top=0) == []


def test_title_match_answers_with_the_body() -> None:
    """A hit on the title of a short article returns its whole body, not the title again."""
    hit = index(RESET, RETURN).search(query("reset your password"), 1)[0]

    assert hit.passage.kind == "block"
    assert hit.answer == "Open the login page.\n\nClick the reset link."


def test_block_match_answers_with_the_block() -> None:
    """A hit on one block returns that block alone."""
    hit = index(RESET, RETURN).search(query("click the link"), 1)[0]

    assert hit.answer == hit.passage.text == "Click the reset link."


def test_long_body_answers_with_its_best_block() -> None:
    """A body too long to send is never offered whole."""
    steps = "\n\n".join(f"Step {n}: {'open the next page and wait ' * 9}" for n in range(9))
    long = article("reset", "Reset your password", steps)
    hit = index(long, RETURN).search(query("reset your password"), 1)[0]

    assert hit.answer == hit.passage.text


def test_article_without_body_answers_with_its_title() -> None:
    """Where there is only a title, it is the passage."""
    only = article("only", "Opening hours", "")
    found = PassageIndex.build([(only, passages(only)[:1])], encoders(), PROFILE)

    assert found.search(query("opening hours"), 1)[0].passage.kind == "title"


def test_translation_is_shown_in_the_language_of_the_question() -> None:
    """Of two translations the customer's is shown, and the article counts once."""
    hits = index(RESET, RESET_DA).search(query("nulstil adgangskode", "da"), 5)

    assert [(hit.article.id, hit.article.language) for hit in hits] == [("reset", "da")]
    assert hits[0].same_language


def test_untranslated_article_is_found_across_languages() -> None:
    """An article without a translation answers in its own language."""
    hit = index(RESET, RETURN).search(query("nulstil adgangskode", "da"), 1)[0]

    assert hit.article == RESET
    assert not hit.same_language


def test_names_count_across_languages() -> None:
    """An error code that is not translated finds the foreign article that holds it."""
    code = article("code", "Installation stops", "Restart when error 30179-25 is shown.")
    found = index(RESET, RETURN, code)

    hit = found.search(query("hvad betyder fejl 30179-25", "da"), 1)[0]

    assert hit.article == code
    assert 0 < hit.lexical < 1


def test_untranslated_article_is_not_crowded_out() -> None:
    """A foreign article that fits beats one of the customer's language with a filler word."""
    danish = article("levering", "Levering af din ordre", "Vi sender din ordre.", "da")

    hit = index(danish, RESET).search(query("nulstil din adgangskode", "da"), 1)[0]

    assert hit.article == RESET


def test_article_language_limits_the_search() -> None:
    """Only articles of the asked language are found, translations or not."""
    asked = query("nulstil adgangskode", "da")
    limited = Query(asked.text, "da", asked.vector, asked.filters, article_language="en")

    assert index(RESET, RESET_DA).search(limited, 1)[0].article.language == "en"


def test_internal_articles_stay_hidden() -> None:
    """Without asking, an internal article is never found, however well it fits."""
    secret = article(
        "secret", "Reset password for agents", "Use the console.", visibility="internal"
    )
    found = index(secret, RETURN)

    assert ids(found, query("reset password agents")) == ["return"]
    assert ids(found, query("reset", visibility=("public", "internal")))[0] == "secret"


def test_expired_articles_stay_hidden() -> None:
    """An article is found until its last day, that day included."""
    yesterday = article("old", "Reset", "Old.", valid_until=TODAY - timedelta(days=1))
    today = article("now", "Reset", "Now.", valid_until=TODAY)

    assert ids(index(yesterday, today), query("reset")) == ["now"]


def test_brand_and_audience_keep_articles_of_none() -> None:
    """A brand's search finds its own articles and the common ones."""
    ours = article("ours", "Reset", "Ours.", brand="Acme", audience="customer")
    theirs = article("theirs", "Reset", "Theirs.", brand="Other", audience="business")
    found = index(ours, theirs, RESET)

    assert set(ids(found, query("reset", brand="acme"))) == {"ours", "reset"}
    assert set(ids(found, query("reset", audience="business"))) == {"theirs", "reset"}
    assert len(ids(found, query("reset"))) == 3


def test_tags_keep_articles_with_any_of_them() -> None:
    """One shared tag is enough; case does not matter."""
    tagged = article("tagged", "Reset", "Body.", tags=("Login", "account"))

    assert ids(index(tagged, RESET), query("reset", tags=("login", "other"))) == ["tagged"]


def test_filters_run_before_ranking() -> None:
    """Hidden articles do not use up the places of shown ones."""
    hidden = [article(f"h{n}", "Reset password", "x", visibility="internal") for n in range(9)]

    assert ids(index(*hidden, RETURN), query("reset password"), top=1) == ["return"]


def test_hidden_translation_does_not_hide_the_original() -> None:
    """When the customer's translation is internal, the public original is shown."""
    secret = article(
        "reset", "Nulstil din adgangskode", "Gå til login.", "da", visibility="internal"
    )

    hit = index(RESET, secret).search(query("nulstil adgangskode", "da"), 1)[0]

    assert hit.article == RESET


def test_with_articles_replaces_adds_and_deletes() -> None:
    """A new index holds the changes while the old one answers as before."""
    before = index(RESET, RETURN)
    new = article("hours", "Opening hours", "From 8 to 18.")
    changed = article("reset", "Forgotten password", "Ask for a new one.")

    after = before.with_articles(
        [(one, passages(one)) for one in (new, changed)], {("return", "en")}
    )

    assert {one.title for one in after.articles} == {"Opening hours", "Forgotten password"}
    assert ids(after, query("opening hours"))[0] == "hours"
    assert ids(before, query("return item"))[0] == "return"


def test_with_articles_equals_a_fresh_build() -> None:
    """Changing an index and building it anew give the same hits and scores."""
    changed = index(RETURN).with_articles([(RESET, passages(RESET))])

    assert changed.search(query("reset link"), 2) == index(RETURN, RESET).search(
        query("reset link"), 2
    )


def test_equal_scores_keep_the_order_of_the_index() -> None:
    """Ties are not left to chance."""
    twins = [article(f"t{n}", "Same", "Same.") for n in range(5)]

    assert ids(index(*twins), query("same")) == ["t0", "t1", "t2", "t3", "t4"]


def test_build_reports_progress() -> None:
    """The bar hears of every passage once."""
    heard: list[int] = []

    PassageIndex.build([(RESET, passages(RESET))], encoders(), PROFILE, heard.append)

    assert sum(heard) == 3


def test_language_with_its_own_encoder_carries_both_vectors() -> None:
    """An English passage lies between its own and the common vector; others have the common one."""
    pair = EncoderSet({"hashing": HashingEncoder(), "own": ReversingEncoder()})
    profile = Profile("twin", {"en": "own", "*": "hashing"})
    text = RESET_DA.body

    built = PassageIndex.build(
        [(one, passages(one)) for one in (RESET_DA, replace(RESET_DA, language="en"))],
        pair,
        profile,
    )

    common, own = (encoder.encode([text])[0] for encoder in (HashingEncoder(), ReversingEncoder()))
    danish, english = built._base.vectors[1], built._base.vectors[3]
    assert danish == pytest.approx(common)
    assert english @ common > english @ own > own @ common
    assert np.linalg.norm(english) == pytest.approx(1)


class ReversingEncoder(HashingEncoder):
    """Puts every word elsewhere than the hashing encoder does."""

    name = "own"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        return super().encode(texts)[:, ::-1]
