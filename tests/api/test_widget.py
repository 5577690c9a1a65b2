"""The search for visitors of a company's site: off by default, and public articles alone."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import QUESTION, problem
from tests.api.conftest import Serve
from tests.api.test_console_insights import service_of
from triage.access.sites import NO_BRAND, network_of, read_sites
from triage.domain import Article
from triage.errors import ConfigError
from triage.storage.self_service import Count, read_counts

SITE, PLAIN = "https://help.kvistholm.example", "https://www.plain.example"
SITES = f"{SITE}=kvistholm, {PLAIN}"
TODAY = datetime.now(UTC).date()
TITLE = "How to reset a forgotten password on the sign-in page"


def article(name: str, **fields: object) -> Article:
    """Write an article that answers the question."""
    body = f"## Forgotten password\n{TITLE}: choose Forgot password and follow the link. {name}"
    return Article(name, "en", TITLE, body, **fields)  # type: ignore[arg-type] # checked where used


ARTICLES = (
    article("ours", brand="kvistholm"),
    article("everybodys"),
    article("inside", brand="kvistholm", visibility="internal"),
    article("expired", valid_until=TODAY - timedelta(days=1)),
    article("theirs", brand="other"),
    article("last-day", brand="kvistholm", valid_until=TODAY),
)


@pytest.fixture
def client(serve: Serve) -> TestClient:
    """Serve a help centre with articles that must never leave it."""
    opened = serve(widget_sites=SITES, widget_rate="100/minute")
    service = service_of(opened)
    service.articles.replace_articles(ARTICLES, ())
    index = service._live.knowledge
    assert index is not None
    deadline = time.monotonic() + 15
    while len(index.suggester.index.articles) < len(ARTICLES) + 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return opened


def search(client: TestClient, origin: str = SITE, question: str = QUESTION) -> list[str]:
    """Search as a page of a site, and return the ids of what was found."""
    sent = {"question": question, "language": "en"}
    response = client.post("/widget/search", json=sent, headers={"origin": origin})

    assert response.status_code == 200, response.text
    assert response.headers["access-control-allow-origin"] == origin
    return [one["article_id"] for one in response.json()["articles"]]


def test_off_unless_a_site_is_named(serve: Serve) -> None:
    """A service that was not asked to serve visitors has nothing of it."""
    client = serve()

    assert client.get("/widget/triage.js").status_code == 404
    for path in ("search", "vote"):
        problem(client.post(f"/widget/{path}", json={}, headers={"origin": SITE}), 404, "not_found")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(SITE, {"ours", "everybodys", "last-day", "reset-your-password"}), (PLAIN, {"everybodys"})],
)
def test_only_public_valid_articles_of_the_sites_brand_are_found(
    client: TestClient, origin: str, allowed: set[str]
) -> None:
    """Internal, expired and other brands' articles never leave, whatever is asked for."""
    questions = (
        QUESTION,
        TITLE,
        "inside",
        "expired",
        "theirs",
        "hand a complaint over to the desk",
    )
    found = {one for asked in questions for one in search(client, origin, asked)}

    assert found <= allowed
    assert "everybodys" in found


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", f"{SITE}.evil.example"])
def test_pages_of_other_sites_are_refused(client: TestClient, origin: str) -> None:
    """Whoever is not named gets nothing, and may not read why."""
    headers = {"origin": origin}
    response = client.post("/widget/search", json={"question": "password"}, headers=headers)

    problem(response, 403, "forbidden")
    assert "access-control-allow-origin" not in response.headers


def test_a_caller_cannot_choose_the_brand(client: TestClient) -> None:
    """A field for it is refused by name."""
    sent = {"question": QUESTION, "brand": "other"}
    response = client.post("/widget/search", json=sent, headers={"origin": SITE})

    problem(response, 422, "invalid_input")


def test_browsers_are_told_that_they_may_ask(client: TestClient) -> None:
    """The question before the request is answered for named sites, without cookies."""
    response = client.options("/widget/search", headers={"origin": SITE})

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in response.headers
    assert client.options("/widget/search", headers={"origin": "https://e.vil"}).status_code == 403


def test_a_visitor_may_ask_so_often(serve: Serve) -> None:
    """More is refused, in words that the page may read."""
    client = serve(widget_sites=SITES, widget_rate="3/minute")
    sent = {"question": QUESTION}
    answers = [client.post("/widget/search", json=sent, headers={"origin": SITE}) for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["access-control-allow-origin"] == SITE


def test_votes_are_counted_without_a_visitor(client: TestClient) -> None:
    """A vote is a day's count; votes on what cannot have been shown are refused."""
    for helped in (True, True, False):
        vote = {"article_id": "ours", "language": "en", "helped": helped}
        sent = client.post("/widget/vote", json=vote, headers={"origin": SITE})
        assert sent.status_code == 204
    for hidden in ("inside", "theirs", "expired", "nobody"):
        vote = {"article_id": hidden, "language": "en", "helped": True}
        refused = client.post("/widget/vote", json=vote, headers={"origin": SITE})
        problem(refused, 404, "article_not_found")

    found = read_counts(service_of(client).store.engine, "kvistholm", date(2026, 1, 1))
    votes = [one for one in found if one.article_id]

    assert votes == [Count("helped", "ours", "en", 2), Count("not_helped", "ours", "en", 1)]


def test_searches_are_counted_and_not_recorded(client: TestClient) -> None:
    """How many found something is known; what they asked is nowhere."""
    search(client)
    service = service_of(client)
    service.writes.visitors.vote("helped", "kvistholm", ("ours", "en"))
    counts = read_counts(service.store.engine, "kvistholm", date(2026, 1, 1))
    with service.store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM decisions").scalar()

    assert Count("found", "", "en", 1) in counts
    assert read_counts(service.store.engine, "other", date(2026, 1, 1)) == []
    assert rows == 0


def test_made_up_languages_are_counted_as_none(client: TestClient) -> None:
    """Visitors choose no names of rows, however many they send."""
    for language in ("en", "xx", "qqz", "en-GB"):
        sent = {"question": QUESTION, "language": language}
        client.post("/widget/search", json=sent, headers={"origin": SITE})
    service = service_of(client)
    service.writes.visitors.vote("helped", "kvistholm", ("ours", "en"))
    counts = read_counts(service.store.engine, "kvistholm", date(2026, 1, 1))

    assert {one.language for one in counts} == {"en", ""}


def test_script_is_served_to_any_page(client: TestClient) -> None:
    """A page of another origin may run it, and a cache may keep it."""
    response = client.get("/widget/triage.js")

    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "innerHTML" not in response.text


@pytest.mark.parametrize(
    "text", ["kvistholm", "ftp://a.example", "https://a.example/path", "https://a b", "*"]
)
def test_what_is_no_site_is_refused(text: str) -> None:
    """A setting that would let in more than it says stops the start."""
    with pytest.raises(ConfigError, match="names no site"):
        read_sites(text)


def test_sites_are_read_with_their_brands() -> None:
    """A site has one brand, or none."""
    assert read_sites("") == {}
    assert read_sites("HTTPS://A.example/ = b , http://localhost:8080") == {
        "https://a.example": "b",
        "http://localhost:8080": NO_BRAND,
    }


def test_a_household_is_one_visitor() -> None:
    """All IPv6 addresses of a network count together, and an odd address as one."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db9::1")
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("testclient") == ""
