"""Over the API: what may not be shown is in no answer, however it came into the store."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from fastapi.testclient import TestClient

from tests.api.conftest import Serve
from tests.api.test_articles import eventually

BODY = "Carry the blue umbrella to the harbour desk and ask for the captain."
ASKED = "where do I carry the blue umbrella, and whom do I ask at the harbour desk"
TODAY = datetime.now(UTC).date()


def day(offset: int | None) -> str | None:
    """Name a day from today."""
    return None if offset is None else (TODAY + timedelta(days=offset)).isoformat()


def article(name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Build an article that fits the question as well as any other."""
    return {"id": name, "language": "en", "title": "Umbrella", "body": BODY, **fields}


KINDS = [
    (visibility, brand, audience, first, last)
    for visibility, brand, audience, first, last in product(
        ("public", "internal"),
        (None, "north", "south"),
        (None, "business"),
        (None, -3, 3),
        (None, -3, 3),
    )
    if not (first == 3 and last == -3)
]
"""Every kind of article that there is; a day on both sides, so that midnight changes nothing."""
ROWS = {
    f"k{number}": article(
        f"k{number}",
        visibility=visibility,
        brand=brand,
        audience=audience,
        valid_from=day(first),
        valid_until=day(last),
    )
    for number, (visibility, brand, audience, first, last) in enumerate(KINDS)
}


def allowed(brand: str | None, audience: str | None) -> set[str]:
    """List what may be shown for a context."""
    return {
        f"k{number}"
        for number, (visibility, its_brand, its_audience, first, last) in enumerate(KINDS)
        if visibility == "public"
        and first != 3
        and last != -3
        and (brand is None or its_brand in {None, brand})
        and (audience is None or its_audience in {None, audience})
    }


def answers(client: TestClient, **context: str | None) -> list[set[str]]:
    """Ask every route that suggests and return the articles of each answer."""
    given = {name: value for name, value in context.items() if value is not None}
    message = {"text": ASKED, "suggestions": 10, "context": given}
    question = {"question": ASKED, "top": 10, "min_confidence": 0.0, "filters": given}
    found = [
        client.post("/v1/classify", json=message).json(),
        *client.post("/v1/classify/batch", json={"messages": [message] * 2}).json()["results"],
        client.post("/v1/suggestions", json=question).json(),
    ]
    return [{item["article_id"] for item in one["suggestions"]} for one in found]


def seen(client: TestClient) -> set[str]:
    """Search without a threshold."""
    return answers(client)[-1]


def test_no_answer_holds_what_may_not_be_shown(serve: Serve) -> None:
    """Of 96 kinds of articles each context sees its own alone, on every route."""
    client = serve()
    client.post("/v1/articles/import?prune=true", json=list(ROWS.values())).raise_for_status()
    assert eventually(lambda: bool(seen(client)) and seen(client) <= set(ROWS))

    for brand, audience in product((None, "north", "west"), (None, "business", "customer")):
        found = answers(client, brand=brand, audience=audience)
        may = allowed(brand, audience)

        assert [one - may for one in found] == [set()] * 4, (brand, audience)
        assert found[-1], (brand, audience)


def test_article_disappears_when_it_is_hidden_and_comes_back_by_undo(serve: Serve) -> None:
    """Writes, imports and undos reach what a running server suggests."""
    client = serve()
    shown, hidden = article("one"), article("one", visibility="internal")
    client.post("/v1/articles/import?prune=true", json=[shown])
    assert eventually(lambda: seen(client) == {"one"})

    client.post("/v1/articles/import", json=[hidden])
    assert eventually(lambda: seen(client) == set())

    client.post("/v1/knowledge/undo", json={}).raise_for_status()
    assert eventually(lambda: seen(client) == {"one"})

    early = {key: value for key, value in shown.items() if key not in {"id", "language"}}
    client.put("/v1/articles/one?language=en", json={**early, "valid_from": day(2)})
    assert eventually(lambda: seen(client) == set())

    back = {"id": "one", "language": "en", "version": 1}
    client.post("/v1/knowledge/undo", json=back).raise_for_status()
    assert eventually(lambda: seen(client) == {"one"})
