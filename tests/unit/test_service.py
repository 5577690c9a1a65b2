"""The service: opening, answering, recording, closing."""

import shutil
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import select

from tests.served import build_checkout, write_data
from triage.domain import Article, Context, LabelResult, Message, Options, Suggestions
from triage.errors import (
    ArticleError,
    BundleError,
    CorruptBundleError,
    InputError,
    StoreError,
    TooLargeError,
)
from triage.live import Question
from triage.pipeline import Case
from triage.service import Service
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.store import Store, open_articles
from triage.storage.tables import decisions
from triage.telemetry import Telemetry
from triage.text.clean import clean

PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
PASSWORD = "how do I reset my forgotten password on the sign-in page"  # noqa: S105 - a question


@pytest.fixture(scope="session")
def checkout(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout with a bundle, a calibrator and a help centre."""
    return build_checkout(bundle_folder, tmp_path_factory.mktemp("service"))


def settings_of(checkout: Path, home: Path) -> Settings:
    """Serve a checkout from a home folder."""
    models, data = checkout / "models", checkout / "data"
    return Settings(home=home, models=models, data=data, profile="tiny")


@pytest.fixture
def served(checkout: Path, tmp_path: Path) -> Settings:
    """Settings of a service with a home of its own."""
    return settings_of(checkout, tmp_path / "home")


@pytest.fixture(scope="module")
def service(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Open one service for the tests that only ask it."""
    settings = settings_of(checkout, tmp_path_factory.mktemp("home"))
    opened = Service.open(settings, Telemetry("error"))
    yield opened
    opened.close()


def rows(settings: Settings) -> Sequence[tuple[str, str | None]]:
    """Read ids and texts of the journal."""
    query = select(decisions.c.message_id, decisions.c.text).order_by(decisions.c.number)
    with Store.open(settings.store_url) as store, transaction(store.engine) as connection:
        return [(row.message_id, row.text) for row in connection.execute(query)]


def opened_on(settings: Settings, **changes: object) -> Service:
    """Open a service with other settings."""
    return Service.open(settings.model_copy(update=changes), Telemetry("error", StringIO()))


def suggested(service: Service, message: Message) -> Suggestions:
    """Suggest articles for an unhappy message, whatever its labels."""
    assert service.pipeline.suggester is not None
    cleaned = clean(message)
    language = service.pipeline.identifier.identify(cleaned.text)
    encoders, profile = service.pipeline.bundle.encoders, service.pipeline.profile
    vector = encoders.encode([cleaned.text], [language.code], profile)[0]
    labels = {"sentiment": LabelResult("negative", 0.9, "suggest", None, ())}
    case = Case(message, cleaned, language, vector, labels)
    return service.pipeline.suggester.suggest([case], 3)[0]


def test_unknown_profile_is_refused_with_those_there_are(served: Settings) -> None:
    """A wrong profile names the right ones."""
    with pytest.raises(BundleError, match="twin, tiny"):
        opened_on(served, profile="huge")


def test_corrupt_bundle_is_refused_by_name(served: Settings, tmp_path: Path) -> None:
    """One flipped bit in a part names the part."""
    models = tmp_path / "models"
    shutil.copytree(served.models, models)
    part = models / "starter" / "heads.safetensors"
    content = bytearray(part.read_bytes())
    content[-1] ^= 1
    part.write_bytes(content)

    with pytest.raises(CorruptBundleError, match=r"heads\.safetensors"):
        opened_on(served, models=models)


def test_corrupt_calibrator_is_refused(served: Settings, tmp_path: Path) -> None:
    """A broken calibrator stops the start; it is not taken for a missing one."""
    models = tmp_path / "models"
    shutil.copytree(served.models, models)
    (models / "encoders" / "retrieval.json").write_text("{", encoding="utf-8")

    with pytest.raises(CorruptBundleError, match=r"retrieval\.json"):
        opened_on(served, models=models)


def test_broken_article_is_refused_by_name_and_nothing_is_imported(
    served: Settings, tmp_path: Path
) -> None:
    """The first start names the file at fault, and the next one tries again."""
    data = write_data(tmp_path / "data")
    (data / "articles" / "en" / "broken.md").write_text("no front matter", encoding="utf-8")

    with pytest.raises(ArticleError, match=r"en/broken\.md"):
        opened_on(served, data=data)

    (data / "articles" / "en" / "broken.md").unlink()
    opened_on(served, data=data).close()


def test_broken_store_is_refused_by_path(served: Settings) -> None:
    """A file that is no database names its path."""
    served.home.mkdir()
    (served.home / "triage.db").write_text("a letter " * 500)

    with pytest.raises(StoreError, match=r"triage\.db"):
        opened_on(served)


def test_articles_of_the_store_win_over_the_shipped_ones(served: Settings) -> None:
    """Only an empty store takes in the shipped articles."""
    opened_on(served).close()
    with open_articles(served.store_url) as articles:
        first, *others = articles.list_articles()
        articles.replace_articles([], [(one.id, one.language) for one in others])

    opened_on(served).close()

    with open_articles(served.store_url) as articles:
        assert articles.list_articles() == (first,)


def test_service_without_articles_or_calibrator_still_labels(
    served: Settings, bundle_folder: Path, tmp_path: Path
) -> None:
    """What is missing for suggestions does not stop labelling."""
    bare = opened_on(served, models=bundle_folder.parent, data=tmp_path / "nothing")

    result = bare.classify([Message(PARCEL)], Options())[0]
    found, _ = bare.suggest(Question(PASSWORD))
    bare.close()

    assert result.labels["category"].label == "service"
    assert result.suggestions.no_suggestion_reason == "empty_knowledge_base"
    assert found.no_suggestion_reason == "empty_knowledge_base"


def test_message_is_answered_and_keeps_its_id(service: Service) -> None:
    """The answer carries the message's id and names the bundle."""
    result = service.classify([Message(PARCEL, id="t-1")], Options())[0]

    assert result.id == "t-1"
    assert result.model.bundle == "starter"
    assert result.model.alias == "champion"
    assert result.labels["category"].label == "service"


def test_message_without_an_id_gets_one_of_its_own(service: Service) -> None:
    """Ids that the service gives are distinct."""
    first, second = service.classify([Message(PARCEL), Message(PARCEL)], Options())

    assert len({first.id, second.id}) == 2
    assert len(first.id) == 32


def test_batch_answers_as_single_messages_do(service: Service) -> None:
    """Labelling together changes no answer."""
    messages = [Message(PARCEL, id="a"), Message("", id="b"), Message("appen viser en tom side")]

    together = service.classify(messages, Options())
    alone = [service.classify([message], Options())[0] for message in messages]

    assert [one.labels for one in together] == [one.labels for one in alone]


def test_question_is_answered_in_its_language(service: Service) -> None:
    """A Danish question gets the Danish translation."""
    found, language = service.suggest(
        Question("Glemt adgangskode: hvordan følger jeg linket på loginsiden?")
    )

    assert language.code == "da"
    assert [item.article_id for item in found.items] == ["reset-your-password"]
    assert found.items[0].language == "da"


def test_question_is_answered_from_what_its_filters_leave(service: Service) -> None:
    """Articles of other brands and tags are left out."""
    own, _ = service.suggest(Question(PASSWORD, brand="kvistholm"))
    others, _ = service.suggest(Question(PASSWORD, brand="another"))
    tagged, _ = service.suggest(Question(PASSWORD, tags=("billing",)))

    assert len(own.items) == 1
    assert others.items == ()
    assert tagged.items == ()


def test_message_reaches_the_knowledge_base_with_its_context(service: Service) -> None:
    """Name, sentiment and brand of a message decide what is suggested and how it is drafted."""
    named = suggested(service, Message(PASSWORD, customer_name="Anna Berg"))
    elsewhere = suggested(service, Message(PASSWORD, context=Context(brand="another")))

    assert "Anna Berg" in named.items[0].reply
    assert "sorry" in named.items[0].reply.lower()
    assert elsewhere.items == ()


@pytest.mark.parametrize("text", ["", "   ", "😀", "?!"])
def test_question_without_words_abstains(service: Service, text: str) -> None:
    """A question that says nothing is no error."""
    found, _ = service.suggest(Question(text))

    assert found.no_suggestion_reason == "abstained"


def test_question_above_every_confidence_finds_nothing(service: Service) -> None:
    """The threshold asked for is kept."""
    found, _ = service.suggest(Question(PASSWORD, min_confidence=1.0))

    assert found.no_suggestion_reason == "nothing_above_threshold"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (Message("x" * 20_001), TooLargeError),
        (Message("ok", subject="x" * 1_001), TooLargeError),
        (Message("\ud800"), InputError),
        (Message("\x00"), InputError),
    ],
)
def test_refused_message_stops_its_batch(
    service: Service, message: Message, error: type[InputError]
) -> None:
    """Nothing is answered when a message is refused."""
    with pytest.raises(error):
        service.classify([Message(PARCEL), message], Options())


def test_every_answer_is_in_the_journal_after_closing(served: Settings) -> None:
    """The journal equals what was answered, in order; what was refused is not in it."""
    service = opened_on(served)
    with pytest.raises(InputError):
        service.classify([Message("\x00")], Options())
    ids = [service.classify([Message(PARCEL)], Options())[0].id for _ in range(50)]
    service.close()

    assert [row[0] for row in rows(served)] == ids


def test_journal_redacts_by_default(served: Settings) -> None:
    """Addresses do not get into the store unless the operator wants them."""
    service = opened_on(served)
    service.classify([Message(f"{PARCEL} anna@example.org")], Options())
    service.close()

    text = rows(served)[0][1]

    assert text is not None
    assert "parcel" in text
    assert "anna@example.org" not in text


def test_failing_store_does_not_stop_answers_and_readiness_tells(served: Settings) -> None:
    """On a read-only store messages are answered, losses counted, and readiness says so."""
    opened_on(served).close()
    read_only = f"sqlite:///file:{served.home / 'triage.db'}?mode=ro&uri=true"
    service = opened_on(served, database_url=read_only)
    before = service.readiness()

    result = service.classify([Message(PARCEL)], Options())[0]
    service.close()
    lost = service.telemetry.metrics.registry.get_sample_value(
        "triage_journal_lost_total", {"reason": "store"}
    )

    assert before.store
    assert result.labels["category"].label == "service"
    assert lost == 1
    assert not service.readiness().journal
    assert not service.readiness().serving


def test_import_beside_a_running_service_is_found(served: Settings) -> None:
    """An article that another process imports is suggested within seconds, without a restart."""
    service = opened_on(served)
    article = Article("boats", "en", "Rent a sailing boat", "Choose a harbour and a sailing boat.")
    with open_articles(served.store_url) as articles:
        articles.replace_articles([article], ())
    question = Question("rent a sailing boat in a harbour", min_confidence=0.0)
    end = monotonic() + 5

    def found() -> list[str]:
        return [item.article_id for item in service.suggest(question)[0].items]

    while "boats" not in found() and monotonic() < end:
        sleep(0.05)

    assert found()[0] == "boats"
    service.close()


def test_journal_does_not_hold_the_name_of_the_customer(served: Settings) -> None:
    """The name that a message came with leaves the text that is kept."""
    service = opened_on(served)
    service.classify([Message(f"I am Anna, {PARCEL}", customer_name="Anna Berg")], Options())
    service.close()

    text = rows(served)[0][1]

    assert text is not None
    assert "[name]" in text
    assert "anna" not in text.lower()
