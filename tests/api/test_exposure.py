"""Nobody beyond this machine is let in by accident."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.asking import PARCEL, problem
from tests.api.conftest import Serve
from tests.api.keyed import bearer, hold
from triage.api.app import create_app, serve
from triage.errors import ConfigError
from triage.service import Service
from triage.settings import Settings, check_exposure
from triage.storage.store import Store
from triage.telemetry import Telemetry

ANYWHERE = "0.0.0.0"  # noqa: S104 - this is what is refused


def test_host_beyond_this_machine_is_refused_without_a_key() -> None:
    """Listening to strangers takes a key that keeps them out."""
    for host in (ANYWHERE, "192.0.2.1", "triage.example", "::", ""):
        with pytest.raises(ConfigError, match="triage keys create"):
            check_exposure(Settings(host=host), keys=False)
        check_exposure(Settings(host=host), keys=True)
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        check_exposure(Settings(host=host), keys=False)


def test_app_is_not_built_for_strangers(served: Settings) -> None:
    """The composition root itself refuses to listen beyond this machine without keys."""
    service = Service.open(served.model_copy(update={"host": ANYWHERE}), Telemetry("error"))

    with pytest.raises(ConfigError, match="holds no live key"):
        create_app(service)

    service.close()


def test_server_refuses_before_it_loads_anything(served: Settings) -> None:
    """The refusal comes before a bundle is looked for."""
    nothing = served.model_copy(update={"host": "192.0.2.1", "models": served.home / "nowhere"})

    with pytest.raises(ConfigError, match="TRIAGE_HOST"):
        serve(nothing)


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_dead_keys_do_not_count(served: Settings, state: str) -> None:
    """Keys that open nothing keep nobody out either."""
    _, key = hold(served, "classify", lifetime=timedelta(seconds=0.001))
    if state == "revoked":
        with Store.open(served.store_url) as store:
            store.keys.revoke(key.id, datetime.now(UTC))

    with pytest.raises(ConfigError, match="holds no live key"):
        serve(served.model_copy(update={"host": ANYWHERE}))


def test_with_a_key_strangers_are_asked_for_it(serve: Serve, served: Settings) -> None:
    """Beyond this machine even callers on it show a key."""
    text, _ = hold(served, "classify")
    client = serve(host=ANYWHERE)

    problem(client.post("/v1/classify", json={"text": PARCEL}), 401, "unauthorized")
    answer = client.post("/v1/classify", json={"text": PARCEL}, headers=bearer(text))
    assert answer.status_code == 200
