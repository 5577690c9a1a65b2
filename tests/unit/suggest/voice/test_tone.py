"""An apology goes to those whom we have wronged."""

import pytest

from triage.suggest.voice.tone import tone_of

ABOUT_US = (
    ("en", "Your app crashes all the time and I am fed up."),
    ("en", "The lamp broke after two days. Useless."),
    ("en", "My previous provider was bad, but you have lost my parcel twice."),
    ("en", "Another company would have answered by now, you never do."),
    ("en", "Nothing works, where is my money?"),
    ("da", "Jeres app går ned hele tiden, det er for dårligt."),
    ("da", "Min tidligere leverandør var dårlig, men I har mistet min pakke to gange."),
    ("da", "Pakken kom i stykker."),
    ("ro", "Aplicația voastră se blochează mereu."),
    ("ro", "Furnizorul anterior era slab, dar ați pierdut coletul de două ori."),
    ("ro", "Lampa s-a stricat după două zile."),
    ("zh", "你们的应用总是闪退，太差了。"),
    ("zh", "之前的公司不好，可是你们弄丢了我的包裹两次。"),
    ("zh", "灯两天就坏了。"),
    ("fi", "Lamppu on rikki."),
)
ABOUT_OTHERS = (
    ("en", "My previous provider cheated me, it was awful. Can I move my contract?"),
    ("en", "I hate your competitor, their hub is rubbish. Does yours work better?"[:48]),
    ("en", "My neighbour keeps stealing my wifi, I am furious. How do I change the password?"),
    ("en", "The other shop sold me junk. I want a real one."),
    ("da", "Min tidligere udbyder snød mig. Hvordan flytter jeg mit abonnement?"),
    ("da", "Min nabo stjæler mit wifi, jeg er rasende. Hvordan skifter jeg kode?"),
    ("ro", "Furnizorul anterior m-a înșelat. Cum îmi mut abonamentul?"),
    ("ro", "Vecinul meu îmi fură internetul, sunt furios. Cum schimb parola?"),
    ("zh", "之前的公司骗了我，气死了。怎么把合同转过来？"),
    ("zh", "我邻居偷用我的网络，太气人了。怎么改密码？"),
)


@pytest.mark.parametrize(("language", "text"), ABOUT_US)
def test_trouble_with_us_is_met_with_an_apology(language: str, text: str) -> None:
    """Also where somebody else is named, and in languages without word lists."""
    assert tone_of("negative", text, language) == "negative"


@pytest.mark.parametrize(("language", "text"), ABOUT_OTHERS)
def test_trouble_with_others_is_not_ours_to_be_sorry_for(language: str, text: str) -> None:
    """The opening stays neutral."""
    assert tone_of("negative", text, language) == "neutral"


@pytest.mark.parametrize(
    ("sentiment", "tone"),
    [("positive", "positive"), ("neutral", "neutral"), (None, "neutral"), ("own", "neutral")],
)
def test_other_labels_decide_alone(sentiment: str | None, tone: str) -> None:
    """A label that was not given, or is a desk's own, counts as neutral."""
    assert tone_of(sentiment, "My previous provider was bad.", "en") == tone


@pytest.mark.parametrize("language", ["en", "da", "ro", "zh"])
def test_hostile_text_is_looked_at_in_linear_time(language: str) -> None:
    """Only the beginning is looked at, whatever it repeats."""
    for piece in ("my ", "other ", "you ", "I ", "anden ", "furnizor", "你们", "之前的"):
        assert tone_of("negative", piece * 200_000, language) in {"negative", "neutral"}
