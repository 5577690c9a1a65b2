"""Keys for tests of the API, and routes with what each must be asked."""

from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, QUESTION
from triage.access.keys import ApiKey, new_key, read_scopes
from triage.settings import Settings
from triage.storage.store import Store

BODIES = {
    ("POST", "/v1/classify"): {"text": PARCEL},
    ("POST", "/v1/classify/batch"): {"messages": [{"text": PARCEL}]},
    ("POST", "/v1/suggestions"): {"question": QUESTION},
    ("POST", "/v1/feedback"): {"id": "nobody", "labels": {"category": "service"}},
    ("POST", "/v1/articles/import"): {"articles": []},
    ("POST", "/v1/knowledge/preview"): {"body": "Some words."},
    ("POST", "/v1/knowledge/undo"): {"change": 999},
    ("POST", "/v1/models/promote"): {"bundle": "nobody", "expected": "starter"},
    ("POST", "/v1/models/rollback"): {},
}
"""What each route that takes a body is sent; others get none."""


def hold(
    settings: Settings,
    *scopes: str,
    name: str = "desk",
    brand: str | None = None,
    rate: str | None = None,
    lifetime: timedelta | None = None,
) -> tuple[str, ApiKey]:
    """Make a key in the store of a service."""
    made = new_key(
        name,
        read_scopes(list(scopes)),
        datetime.now(UTC),
        brand=brand,
        rate=rate,
        lifetime=lifetime,
    )
    with Store.open(settings.store_url) as store:
        store.keys.add(made[1])
    return made


def bearer(key: str) -> dict[str, str]:
    """Show a key."""
    return {"authorization": f"Bearer {key}"}


def shown(client: TestClient, key: str) -> TestClient:
    """Let a client show a key with every request."""
    client.headers["authorization"] = f"Bearer {key}"
    return client
