"""What agents do with a message is recorded once, and shows at once."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.api.asking import PARCEL, QUESTION
from tests.api.conftest import Serve
from tests.api.console.visitor import Visitor, age, ask, console_of
from triage.domain import Article
from triage.errors import OverloadedError
from triage.storage.engine import transaction
from triage.storage.inbox import Outcome, read_item
from triage.storage.tables import feedback


@pytest.fixture
def client(serve: Serve) -> TestClient:
    """Serve a console of the test's own."""
    return serve()


def told(client: TestClient) -> list[dict[str, object]]:
    """Read all feedback, the oldest first."""
    engine = console_of(client).service.store.engine
    with transaction(engine) as connection:
        found = connection.execute(select(feedback).order_by(feedback.c.number)).mappings()
        return [dict(row) for row in found]


def outcome(client: TestClient, number: int) -> Outcome:
    """Read what became of a message."""
    found = read_item(console_of(client).service.store.engine, None, number).outcome
    assert found is not None
    return found


def passage(client: TestClient, number: int) -> str:
    """Return the passage suggested first."""
    item = read_item(console_of(client).service.store.engine, None, number)
    return str(item.recorded.suggestions[0]["passage_id"])


def field(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    return unescape(page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0])


def test_page_shows_text_labels_evidence_and_draft(client: TestClient) -> None:
    """All that an agent needs stands on one page, marked where it came from."""
    number = ask(client, QUESTION)
    page = Visitor(client).get(f"/console/messages/{number}").text

    assert '<mark class="e' in page
    assert "Because of" in page
    assert "Reset your password" in page
    assert "Forgot password" in field(page, "draft")
    assert 'data-key="9"' in page


def test_a_label_is_corrected_and_shows(client: TestClient) -> None:
    """A corrected label stands in the feedback, under its task, and on the page."""
    visitor, number = Visitor(client), ask(client, PARCEL)
    visitor.get(f"/console/messages/{number}")

    response = visitor.post(f"/console/messages/{number}/label", label="priority:low")

    assert response.headers["location"] == f"/console/messages/{number}"
    assert told(client)[0]["labels"] == {"priority": "low"}
    assert told(client)[0]["agent"] == "console"
    page = visitor.get(f"/console/messages/{number}").text
    assert 'value="priority:low" aria-pressed="true"' in page
    assert "Set by an agent" in page


@pytest.mark.parametrize("given", ["priority:nonsense", "nonsense:low", "", ":", "priority"])
def test_labels_that_do_not_exist_are_refused(client: TestClient, given: str) -> None:
    """A form that was tampered with changes nothing."""
    visitor, number = Visitor(client), ask(client, PARCEL)
    visitor.get(f"/console/messages/{number}")

    assert visitor.post(f"/console/messages/{number}/label", label=given).status_code == 422
    assert told(client) == []


def test_confirming_and_closing_record_all_labels(client: TestClient) -> None:
    """One key confirms what the service said with what was corrected before; closing handles it."""
    visitor, number = Visitor(client), ask(client, PARCEL)
    visitor.get(f"/console/messages/{number}")
    visitor.post(f"/console/messages/{number}/label", label="priority:low")
    visitor.post(f"/console/messages/{number}/confirm", fetch=True)
    before = outcome(client, number).handled
    visitor.post(f"/console/messages/{number}/done", fetch=True)

    assert told(client)[1]["labels"] == told(client)[2]["final"]
    assert told(client)[1]["labels"]["priority"] == "low"  # type: ignore[index] # a JSON object
    assert not before
    assert outcome(client, number).handled


@pytest.mark.parametrize(
    ("change", "event"), [("", "used"), ("\n", "used"), ("\nBest, Ida", "edited")]
)
def test_a_draft_that_is_sent_is_used_or_edited(
    client: TestClient, change: str, event: str
) -> None:
    """Whether the draft was changed decides, and the message is handled."""
    visitor, number = Visitor(client), ask(client, QUESTION)
    draft = field(visitor.get(f"/console/messages/{number}").text, "draft")

    visitor.post(
        f"/console/messages/{number}/suggestion",
        event="used",
        passage_id=passage(client, number),
        draft=draft.replace("\n", "\r\n"),
        sent_text=(draft + change).replace("\n", "\r\n"),
    )

    assert outcome(client, number).events == {passage(client, number): event}
    assert outcome(client, number).handled
    assert "Sent" in visitor.get(f"/console/messages/{number}").text


def test_a_suggestion_that_does_not_fit_is_rejected(client: TestClient) -> None:
    """A rejection is recorded without a text, and the message goes on waiting."""
    visitor, number = Visitor(client), ask(client, QUESTION)
    visitor.get(f"/console/messages/{number}")

    visitor.post(
        f"/console/messages/{number}/suggestion",
        event="rejected",
        passage_id=passage(client, number),
        sent_text="never sent",
    )

    use = told(client)[0]["suggestions"][0]  # type: ignore[index] # a JSON list
    assert (use["event"], use["sent_text"]) == ("rejected", None)
    assert not outcome(client, number).handled


def test_what_was_displayed_is_recorded_once(client: TestClient) -> None:
    """However often a page is looked at; what was never suggested is not taken."""
    visitor, number = Visitor(client), ask(client, QUESTION)
    visitor.get(f"/console/messages/{number}")
    for _ in range(3):
        response = visitor.post(
            f"/console/messages/{number}/displayed",
            fetch=True,
            passages=f"{passage(client, number)}\nanother/en#1",
        )

        assert response.status_code == 204
    assert len(told(client)) == 1
    assert outcome(client, number).events == {passage(client, number): "displayed"}


def test_a_form_sent_twice_is_written_once(client: TestClient) -> None:
    """A double click is one answer; the next page's form is another."""
    visitor, number = Visitor(client), ask(client, PARCEL)
    for expected in (1, 2):
        nonce = field(visitor.get(f"/console/messages/{number}").text, "nonce")
        for _ in range(2):
            visitor.post(f"/console/messages/{number}/label", label="priority:low", nonce=nonce)

        assert len(told(client)) == expected


@pytest.mark.parametrize(
    "change",
    [{"visibility": "internal"}, {"valid_until": datetime.now(UTC).date() - timedelta(days=1)},
     {"brand": "nordlys"}, None],
)  # fmt: skip
def test_articles_that_may_not_be_shown_show_nothing(
    client: TestClient, change: dict[str, object] | None
) -> None:
    """One that became internal, expired, another brand's or was deleted shows no word of it."""
    visitor = Visitor(client)
    number = ask(client, QUESTION, context={"brand": "kvistholm"})
    articles = console_of(client).service.articles
    old = articles.read([("reset-your-password", "en")])[0]
    keys = {("reset-your-password", language) for language in ("en", "da")}
    new = [] if change is None else [_changed(old, change)]
    articles.replace_articles(new, keys)
    knowledge = console_of(client).service._knowledge
    assert knowledge is not None
    knowledge.articles._look()
    page = visitor.get(f"/console/messages/{number}").text

    assert "may not be shown any more" in page
    for words in ("Reset your password", "Forgot password", "follow the link"):
        assert words not in page


def test_a_busy_service_shows_the_message_all_the_same(client: TestClient) -> None:
    """Without a turn to work in, text and labels are there, and the page says what is not."""
    visitor, number = Visitor(client), ask(client, PARCEL)
    console = console_of(client)
    object.__setattr__(console, "turns", Full())

    response = visitor.get(f"/console/messages/{number}")

    assert response.status_code == 200
    assert "blue jacket" in response.text
    assert "The service is busy" in response.text


def test_similar_messages_are_shown(client: TestClient) -> None:
    """What was asked before in about the same words stands beside, and leads there."""
    before, other = ask(client, PARCEL), ask(client, "the app shows a blank page")
    number = ask(client, f"{PARCEL}!")
    page = Visitor(client).get(f"/console/messages/{number}").text

    assert f'href="/console/messages/{before}"' in page
    assert f'href="/console/messages/{other}"' not in page


def test_next_leads_through_the_queue(client: TestClient) -> None:
    """The next message is the dearest of the others, and behind the last one stands the inbox."""
    visitor, first = Visitor(client), ask(client, PARCEL)
    alone = visitor.get(f"/console/next?after={first}").headers["location"]
    second = ask(client, "everything stands still right now, the app shows a blank page")

    assert alone == "/console/inbox"
    assert visitor.get(f"/console/next?after={first}").headers["location"].endswith(f"/{second}")
    assert visitor.get(f"/console/next?after={second}").headers["location"].endswith(f"/{first}")
    age(client)
    assert visitor.get("/console/next?after=x").headers["location"].endswith(f"/{second}")


class Full:
    """Turns of which none is free."""

    async def run(self, *_: object, **__: object) -> object:
        """Refuse."""
        raise OverloadedError("Too many requests wait already.")


def _changed(article: Article, change: dict[str, object]) -> Article:
    from dataclasses import replace

    return replace(article, **change)  # type: ignore[arg-type] # fields of an article
