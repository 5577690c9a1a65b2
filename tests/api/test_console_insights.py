"""The pages of insights: what they show, to whom, and what they give to save."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import Serve
from tests.unit.insights.journals import END, Said, by_time, fill, moments, outage
from triage.console.languages import LANGUAGES, load_locale
from triage.insights.frame import HOUR_S
from triage.service import Service

PAGES = (
    "/console/insights", "/console/insights/spikes", "/console/knowledge",
    "/console/knowledge/gaps", "/console/knowledge/twins", "/console/models",
    "/console/models/disagreements", "/console/models/bundles/starter",
    "/console/knowledge/articles/en/reset-your-password",
)  # fmt: skip
EXPORTS = (
    "/console/insights/export/volume.csv", "/console/insights/export/funnel.csv",
    "/console/insights/export/languages.csv", "/console/insights/export/channels.csv",
    "/console/insights/export/spikes.csv", "/console/insights/export/labels-category.csv",
    "/console/knowledge/export/articles.csv", "/console/knowledge/export/gaps.csv",
)  # fmt: skip
Fill = Callable[[TestClient], None]
EVIL = '=HYPERLINK("http://evil.example";"click")<script>alert(1)</script>'


def service_of(client: TestClient) -> Service:
    """Return the service behind a client."""
    service: Service = client.app.state.service  # type: ignore[attr-defined] # ASGI apps have none
    return service


def journal(brand: str | None = None) -> list[Said]:
    """Simulate four weeks that end now, with an outage in the newest hours."""
    shift = datetime.now(UTC).timestamp() - END
    said = [
        Said(
            at,
            ("where is my parcel", "hvor er min pakke", "unde este coletul meu", "包裹在哪里")[
                n % 4
            ],
            ("en", "da", "ro", "zh")[n % 4],
            labels={"category": "service", "sentiment": ("negative", "positive")[n % 2]},
            passages=("reset-your-password/en#1",) if n % 3 else (),
            done=(("reset-your-password/en#1", ("used", "rejected")[n % 2], 1.5),) if n % 3 else (),
            final={"category": "technical_support"} if n % 10 == 0 else {},
        )
        for n, at in enumerate(moments(3, 40))
    ]
    all_ = by_time([*said, *outage(1, 40)])
    return [replace(one, at=one.at + shift, brand=brand) for one in all_]


@pytest.fixture(scope="module")
def said() -> list[Said]:
    """Simulate the journal once."""
    return journal()


@pytest.fixture
def console(serve: Serve, said: list[Said]) -> TestClient:
    """Serve over a store with a journal."""
    client = serve()
    fill(service_of(client).store.engine, said)
    return client


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_page_is_there_in_every_language(console: TestClient, code: str) -> None:
    """Nothing is missing in any language."""
    console.cookies.set("triage_language", code)
    for path in PAGES:
        response = console.get(path)

        assert response.status_code == 200, path
        assert f'lang="{code}"' in response.text


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_store_has_all_pages(serve: Serve, path: str) -> None:
    """The first minute of a service shows pages, not errors."""
    assert serve().get(path).status_code == 200


def test_pages_stand_without_any_text(serve: Serve, said: list[Said]) -> None:
    """Where no text is kept, the pages say so, and labels alone tell of an outage."""
    client = serve(store_text="none")
    fill(service_of(client).store.engine, [replace(one, text=None) for one in said])

    gaps = client.get("/console/knowledge/gaps").text
    spikes = client.get("/console/insights/spikes").text

    assert load_locale("en").t("gaps.no_text") in gaps
    assert "have no text kept" in spikes
    assert "technical" in spikes


def test_spike_is_named_in_four_languages_with_its_messages(console: TestClient) -> None:
    """The outage is found, told apart from the usual, and can be read."""
    text = console.get("/console/insights/spikes").text

    assert "offline" in text
    assert "中枢" in text
    assert "hub" in text
    assert "servere" in text


def test_gaps_stand_together_across_languages(console: TestClient) -> None:
    """Questions that found nothing are grouped, with examples."""
    text = console.get("/console/knowledge/gaps").text

    assert '<article class="gap">' in text
    assert "Danish" in text


@pytest.mark.parametrize("path", EXPORTS)
def test_tables_can_be_saved(console: TestClient, path: str) -> None:
    """Each is a CSV of its own name, with a head and rows of one length."""
    response = console.get(path)
    rows = list(csv.reader(StringIO(response.text.removeprefix("\ufeff"))))

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["content-disposition"]
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1


def test_saved_texts_are_no_formulas_and_shown_ones_no_scripts(serve: Serve) -> None:
    """What a customer writes runs neither in a spreadsheet nor in the page."""
    client = serve()
    now = datetime.now(UTC).timestamp()
    said = [Said(now - (9 - n) * HOUR_S, EVIL) for n in range(4)]
    fill(service_of(client).store.engine, said)

    page = client.get("/console/knowledge/gaps").text
    saved = client.get("/console/knowledge/export/gaps.csv").text
    cells = [cell for row in csv.reader(StringIO(saved.removeprefix("\ufeff"))) for cell in row]

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert f"'{EVIL}" in cells
    assert EVIL not in cells


def test_unknown_table_is_not_there(console: TestClient) -> None:
    """A name that is no table gives a page that says so."""
    assert console.get("/console/insights/export/nothing.csv").status_code == 404


def test_funnel_counts_what_was_done(console: TestClient) -> None:
    """Used, rejected and corrected are in the table that is saved."""
    rows = csv.reader(StringIO(console.get("/console/insights/export/funnel.csv").text))
    found = {row[0]: int(row[1]) for row in list(rows)[1:]}

    assert found["Received"] > found["With a suggestion"] > found["Suggestion sent unchanged"] > 0
    assert found["Label corrected"] > 0


def test_what_makes_no_sense_is_passed_over(console: TestClient) -> None:
    """Filters of any shape give a page."""
    for query in ("days=-5", "days=x&language=%00&channel=%27", "hours=9e9", "page=99999999"):
        assert console.get(f"/console/insights?{query}").status_code == 200
        assert console.get(f"/console/insights/spikes?{query}").status_code == 200
        assert console.get(f"/console/knowledge?{query}").status_code == 200


def test_article_of_nobody_is_not_there(console: TestClient) -> None:
    """An unknown article gives a page that says so."""
    assert console.get("/console/knowledge/articles/en/nobody").status_code == 404


def test_report_cannot_run_anything(console: TestClient) -> None:
    """A bundle's report is shown under a policy that lets no script in it run."""
    response = console.get("/console/models/bundles/starter/report")

    if response.status_code == 200:
        assert "sandbox" in response.headers["content-security-policy"]
        assert "script-src" not in response.headers["content-security-policy"]
    assert console.get("/console/models/bundles/..%2f..%2fetc/report").status_code == 404


def test_votes_of_visitors_are_shown(console: TestClient) -> None:
    """What visitors of the company's site say stands apart from what agents do."""
    before = console.get("/console/insights").text
    visitors = service_of(console).writes.visitors
    visitors.vote("not_helped", "kvistholm", ("reset-your-password", "en"))
    after = console.get("/console/insights").text

    assert "Self-service on your own site" not in before
    assert "Self-service on your own site" in after
