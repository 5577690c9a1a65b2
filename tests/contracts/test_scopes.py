"""Every route says which scope it takes, and lets in no key without it."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from re import sub

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from tests.api.conftest import HERE
from tests.api.keyed import BODIES, bearer, hold
from tests.served import build_checkout
from triage.access.keys import SCOPES
from triage.api.app import create_app
from triage.api.guard import GuardedRoute, check_routes, needs, open_to_all, scopes_of
from triage.errors import ConfigError
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

LISTED = {
    ("POST", "/v1/classify"): "classify",
    ("POST", "/v1/classify/batch"): "classify",
    ("POST", "/v1/suggestions"): "suggest",
    ("POST", "/v1/feedback"): "feedback",
    ("GET", "/v1/articles"): "kb:read",
    ("GET", "/v1/canned"): "kb:read",
    ("POST", "/v1/articles/import"): "kb:write",
    ("GET", "/v1/articles/{article_id:path}"): "kb:read",
    ("PUT", "/v1/articles/{article_id:path}"): "kb:write",
    ("DELETE", "/v1/articles/{article_id:path}"): "kb:write",
    ("POST", "/v1/knowledge/preview"): "kb:write",
    ("GET", "/v1/knowledge/versions"): "kb:read",
    ("GET", "/v1/knowledge/changes"): "kb:read",
    ("POST", "/v1/knowledge/undo"): "kb:write",
    ("DELETE", "/v1/requesters/{requester_id:path}"): "admin",
    ("GET", "/v1/models"): "models:read",
    ("POST", "/v1/models/promote"): "models:promote",
    ("POST", "/v1/models/rollback"): "models:promote",
    ("GET", "/metrics"): "metrics",
    ("GET", "/livez"): "",
    ("GET", "/readyz"): "",
    ("GET", "/widget/triage.js"): "",
    ("OPTIONS", "/widget/{rest:path}"): "",
    ("POST", "/widget/search"): "",
    ("POST", "/widget/vote"): "",
    ("GET", "/docs"): "",
    ("GET", "/openapi.json"): "",
    ("HEAD", "/openapi.json"): "",
}
"""Every route with its scope, written by hand: whoever adds a route decides here too."""
GUARDED = [(*place, scope) for place, scope in LISTED.items() if scope]


@pytest.fixture(scope="module")
def settings(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Build a checkout with a home of its own."""
    folder = build_checkout(bundle_folder, tmp_path_factory.mktemp("scopes"))
    return Settings(
        home=folder / "home", models=folder / "models", data=folder / "data", profile="tiny"
    )


@pytest.fixture(scope="module")
def keys(settings: Settings) -> dict[str, str]:
    """Make a key for each scope, and one for all but it."""
    alone = {scope: hold(settings, scope, name=scope)[0] for scope in SCOPES}
    others = {
        f"not {scope}": hold(settings, *(one for one in SCOPES if one != scope))[0]
        for scope in SCOPES
    }
    return alone | others


@pytest.fixture(scope="module")
def client(settings: Settings, keys: dict[str, str]) -> Iterator[TestClient]:
    """Serve to these keys."""
    assert keys
    service = Service.open(settings, Telemetry("error", StringIO()))
    with TestClient(create_app(service), **HERE) as opened:
        yield opened


def ask(client: TestClient, method: str, path: str, key: str) -> int:
    """Ask a route with a key and return the status; no route is ever refused for its body."""
    filled = sub(r"\{[^}]*\}", "nobody", path)
    body = BODIES.get((method, path))
    return client.request(method, filled, json=body, headers=bearer(key)).status_code


def test_every_route_is_listed_with_its_scope(client: TestClient) -> None:
    """A route that is new, gone or of another scope is found here."""
    assert isinstance(client.app, FastAPI)
    routes = {
        place: scope
        for place, scope in scopes_of(client.app).items()
        if not place[1].startswith("/console")  # see test_console_scopes
    }

    assert routes == LISTED


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED)
def test_route_lets_in_its_scope_and_no_other(
    client: TestClient, keys: dict[str, str], method: str, path: str, scope: str
) -> None:
    """Of all scopes one alone opens the door, and all others together do not."""
    opened = {one for one in SCOPES if ask(client, method, path, keys[one]) not in {401, 403}}

    assert opened == {scope}
    assert ask(client, method, path, keys[f"not {scope}"]) == 403


def test_refusal_names_the_scope(client: TestClient, keys: dict[str, str]) -> None:
    """Whoever is refused learns what is missing, in the body and for machines."""
    response = client.get("/v1/models", headers=bearer(keys["classify"]))

    assert response.json()["code"] == "missing_scope"
    assert "models:read" in response.json()["detail"]
    assert 'error="insufficient_scope", scope="models:read"' in response.headers["www-authenticate"]


async def nothing() -> None:
    """Do nothing."""


@pytest.mark.parametrize("route_class", [GuardedRoute, APIRoute])
def test_route_without_a_scope_is_refused(route_class: type[APIRoute]) -> None:
    """An app with a route that says nothing is not built, whatever the kind of route."""
    router = APIRouter(route_class=route_class)
    router.get("/forgotten")(nothing)
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(router)

    with pytest.raises(ConfigError, match="/forgotten"):
        check_routes(app)


def test_scope_on_a_route_without_a_gate_is_refused() -> None:
    """A mark alone guards nothing; the route must be one that heeds it."""
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/unguarded")
    @needs("admin")
    async def unguarded() -> None:
        """Do nothing."""

    with pytest.raises(ConfigError, match="/unguarded"):
        check_routes(app)


def test_mounted_apps_are_refused() -> None:
    """An app within the app would go past the gate."""
    app = FastAPI(docs_url=None, redoc_url=None)
    app.mount("/inner", FastAPI())

    with pytest.raises(ConfigError, match="/inner"):
        check_routes(app)


def test_marks_leave_the_function_as_it_is() -> None:
    """A marked function is the function itself."""

    async def route() -> None:
        """Do nothing."""

    assert needs("admin")(route) is route
    assert open_to_all(route) is route
