"""Volume, funnel, waits, articles and gaps over small journals that can be counted by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from tests.builders import HashingEncoder
from tests.unit.insights.journals import END, NOW, Said, by_time, fill
from tests.unit.insights.test_spikes import pipeline as shipped
from triage.domain import Article
from triage.insights.analyst import Analyst
from triage.insights.articles import Fate, fates, standings
from triage.insights.clusters import centred, group
from triage.insights.frame import HOUR_S
from triage.insights.funnel import funnel
from triage.insights.reports import View
from triage.insights.series import balance, labels, shares, volume, waits
from triage.insights.sheets import guarded, sheet
from triage.insights.twins import twins
from triage.pipeline import Pipeline
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import decisions

pipeline = shipped
PASSAGE = "reset/en#1"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open an empty store of each kind."""
    with Store.open(store_url) as opened:
        yield opened


def analyst_of(store: Store, pipeline: Pipeline) -> Analyst:
    """Make an analyst whose clock stands at the end of the journal."""
    return Analyst(store.engine, store.articles, lambda: pipeline, lambda: NOW)


def at(hours: float) -> float:
    """Return a moment so many hours before the end."""
    return END - hours * HOUR_S


def deeds() -> list[Said]:
    """Write six messages to which all that can happen happened."""
    return by_time(
        [
            Said(at(50), passages=(PASSAGE,), done=((PASSAGE, "used", 2.0),)),
            Said(at(49), passages=(PASSAGE,), done=((PASSAGE, "edited", 4.0),)),
            Said(at(30), passages=(PASSAGE,), done=((PASSAGE, "rejected", 1.0),)),
            Said(at(29), passages=(PASSAGE,), done=((PASSAGE, "displayed", 1.0),)),
            Said(at(3), said={"category": "technical_support"}, decision="automate"),
            Said(at(2), final={"category": "service"}, decision="abstain", language="da"),
        ]
    )


def test_funnel_counts_each_message_once(store: Store, pipeline: Pipeline) -> None:
    """Each step is a part of all messages, on both databases."""
    fill(store.engine, deeds())
    picture = analyst_of(store, pipeline).picture(View())
    found = funnel(picture.decisions, picture.uses)

    assert (found.received, found.labelled, found.automated, found.suggested) == (6, 5, 1, 4)
    assert (found.told, found.used, found.edited, found.rejected) == (4, 1, 1, 1)
    assert found.corrected == 1


def test_series_have_every_day(store: Store, pipeline: Pipeline) -> None:
    """Days without messages are there, and shares of a day add up."""
    fill(store.engine, deeds())
    picture = analyst_of(store, pipeline).picture(View(days=7))
    by_language = volume(picture.decisions, picture.period, picture.decisions.language)
    of_day = shares(labels(picture.decisions, "category", picture.period))

    assert len(by_language.days) == 8
    assert sum(filter(None, by_language.lines["en"])) == 5
    assert sum(filter(None, by_language.lines["da"])) == 1
    assert of_day.lines["service"][-1] == 1.0
    assert of_day.lines["service"][0] is None


def test_balance_is_good_less_bad(store: Store, pipeline: Pipeline) -> None:
    """Half positive and half negative is zero; a day without any is unknown."""
    moods = ("positive", "negative", "positive", "neutral")
    fill(store.engine, [Said(at(4 - n), labels={"sentiment": m}) for n, m in enumerate(moods)])
    picture = analyst_of(store, pipeline).picture(View())
    found = balance(labels(picture.decisions, "sentiment", picture.period), "positive", "negative")

    assert found.lines["balance"][-1] == pytest.approx(0.25)
    assert found.lines["balance"][0] is None


def test_waits_run_to_the_first_report(store: Store, pipeline: Pipeline) -> None:
    """Half of the replies within three hours; what nobody reported is not counted."""
    fill(store.engine, deeds())
    picture = analyst_of(store, pipeline).picture(View())
    found = waits(picture.decisions, picture.uses, picture.period, ("used", "edited"))

    assert found.count == 2
    assert found.median == pytest.approx(3.0)


def test_fates_of_articles_are_counted_by_answer(store: Store, pipeline: Pipeline) -> None:
    """Each answer counts once, and a rate says how sure it is."""
    fill(store.engine, deeds())
    picture = analyst_of(store, pipeline).picture(View())
    found = fates(picture.decisions, picture.uses)

    assert found == {("reset", "en"): Fate(4, 1, 1, 1, 1)}
    assert found[("reset", "en")].interval == pytest.approx((0.2077, 0.9385), abs=1e-3)


def test_articles_worth_a_look_are_told_why(store: Store, pipeline: Pipeline) -> None:
    """Expired, soon to expire, old, rejected more than others, sent less than before."""
    said = []
    for n in range(60):
        bad = ("rejected", "rejected", "rejected", "used")[n % 4]
        turned = "used" if n < 30 else "rejected"
        for passage, event in (("bad/en#1", bad), ("good/en#1", "used"), ("sour/en#1", turned)):
            said.append(Said(at(600 - 10 * n), passages=(passage,), done=((passage, event, 1.0),)))
    fill(store.engine, by_time(said))
    picture = analyst_of(store, pipeline).picture(View())
    today = NOW.date()
    stored = [
        (Article("bad", "en", "T", "B"), NOW),
        (Article("good", "en", "T", "B", valid_until=today - timedelta(days=1)), NOW),
        (Article("sour", "en", "T", "B", valid_until=today + timedelta(days=9)), NOW),
        (Article("still", "en", "T", "B"), datetime(2025, 1, 1, tzinfo=UTC)),
    ]
    found = {
        one.article.id: one.concerns
        for one in standings(stored, picture.decisions, picture.uses, NOW)
    }

    assert "rejected" in found["bad"]
    assert found["good"] == ("expired",)
    assert {"expiring", "falling"} <= set(found["sour"])
    assert found["still"] == ("old", "unused")


def test_one_rejection_of_one_is_no_concern(store: Store, pipeline: Pipeline) -> None:
    """A handful of cases accuses no article."""
    fill(store.engine, [Said(at(5), passages=(PASSAGE,), done=((PASSAGE, "rejected", 1.0),))])
    picture = analyst_of(store, pipeline).picture(View())
    article = (Article("reset", "en", "T", "B"), NOW)

    assert standings([article], picture.decisions, picture.uses, NOW)[0].concerns == ()


def test_gaps_unite_languages_and_leave_answered_ones_out(store: Store, pipeline: Pipeline) -> None:
    """Invoices asked for in four languages in vain are one gap; parcels are answered."""
    asked = (
        ("en", "Can I get an invoice with our company name and VAT number?"),
        ("en", "Please send an invoice made out to the company with the VAT number"),
        ("da", "Kan jeg få en faktura med firmanavn og momsnummer?"),
        ("ro", "Pot primi o factură pe firmă cu codul de TVA?"),
        ("zh", "可以开具带公司名称和税号的发票吗？"),
    )
    filler = [Said(at(90 + n), f"where is my parcel {n}", passages=(PASSAGE,)) for n in range(40)]
    said = [Said(at(40 + n), text, code) for n, (code, text) in enumerate(asked * 2)]
    fill(store.engine, by_time([*filler, *said]))
    report = analyst_of(store, pipeline).gaps(None)

    assert report.unanswered == 10
    assert report.gaps[0].count >= 8
    assert len(report.gaps[0].languages) >= 3


def test_rows_that_go_are_gone_from_every_figure(store: Store, pipeline: Pipeline) -> None:
    """What is kept in memory never outlives its row, and what is new is seen."""
    fill(store.engine, deeds())
    analyst = analyst_of(store, pipeline)
    before = len(analyst.picture(View()).decisions)
    with transaction(store.engine, write=True) as connection:
        connection.execute(delete(decisions).where(decisions.c.language == "da"))
    fewer = len(analyst.picture(View()).decisions)
    fill(store.engine, [Said(at(1)), Said(at(0.5))])

    assert (before, fewer, len(analyst.picture(View()).decisions)) == (6, 5, 7)


def test_near_duplicates_are_of_one_language_and_brand() -> None:
    """Translations and other brands' copies are none."""
    body = "Choose Forgot password on the sign-in page and follow the link in the e-mail."
    articles = [
        Article("a", "en", "T", body),
        Article("b", "en", "T", body),
        Article("a", "da", "T", body),
        Article("c", "en", "T", body, brand="other"),
        Article("d", "en", "T", "Parcels come on Friday."),
    ]
    vectors = HashingEncoder().encode([one.body for one in articles])

    assert [(one.one, one.other) for one in twins(articles, vectors)] == [(0, 1)]


def test_groups_are_of_messages_alike(pipeline: Pipeline) -> None:
    """Copies stand together, strangers apart; an empty text is in no group of others."""
    encoder = pipeline.bundle.encoders.encoders["static"]
    texts = ["the hub is offline"] * 3 + ["send me an invoice"] * 2 + [""]
    home = group(centred(encoder.encode(texts), ["en"] * 6), 0.5)

    assert home[0] == home[1] == home[2] == 0
    assert home[3] == home[4] == 1
    assert home[5] == -1
    assert group(encoder.encode([])).tolist() == []


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\u3000=1"]
)
def test_formulas_are_made_texts(cell: str) -> None:
    """Whatever a spreadsheet may take for a formula begins with an apostrophe."""
    assert guarded(cell)[0] == "'"
    assert guarded(cell).replace("'", "") == cell


def test_numbers_stay_numbers() -> None:
    """A negative number is no formula, and nothing is written for what is not known."""
    assert sheet(["a", "b", "c"], [[-1, -0.5, None]]) == "\ufeffa,b,c\r\n-1,-0.5,\r\n"
    assert guarded("service") == "service"


@pytest.mark.parametrize("before", [";", '; "', "\t", "\n", "\r\n", ";\u00a0"])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
def test_formulas_behind_other_separators_are_made_texts(before: str, sign: str) -> None:
    """Where a spreadsheet cuts at semicolons, as in Danish, the rest of a cell is another cell."""
    assert guarded(f"hello{before}{sign}1+1;x") == f"hello{before}'{sign}1+1;x"
    assert guarded(f"{before}{sign}1").endswith(f"{before}'{sign}1")
    assert guarded("a-b; c = d, 1+1\nyours") == "a-b; c = d, 1+1\nyours"
