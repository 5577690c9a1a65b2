"""Nobody beyond this machine is let in by accident."""

import pytest

from triage.api.app import create_app, serve
from triage.errors import ConfigError
from triage.service import Service
from triage.settings import Settings, check_exposure
from triage.telemetry import Telemetry


def test_host_beyond_this_machine_is_refused_unless_agreed_to() -> None:
    """Listening to strangers takes the operator's explicit word."""
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0.*TRIAGE_ALLOW_UNAUTHENTICATED"):
        check_exposure(Settings(host="0.0.0.0"))  # noqa: S104 - this is what is refused
    with pytest.raises(ConfigError, match="empty"):
        check_exposure(Settings(host=""))

    check_exposure(Settings(host="192.0.2.1", allow_unauthenticated=True))
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        check_exposure(Settings(host=host))


def test_app_is_not_built_for_strangers(served: Settings) -> None:
    """The composition root itself refuses to listen beyond this machine without keys."""
    settings = served.model_copy(update={"host": "0.0.0.0"})  # noqa: S104 - this is refused
    service = Service.open(settings, Telemetry("error"))

    with pytest.raises(ConfigError, match="TRIAGE_ALLOW_UNAUTHENTICATED"):
        create_app(service)

    service.close()


def test_server_refuses_before_it_loads_anything(served: Settings) -> None:
    """The refusal comes at once, and no store is made."""
    with pytest.raises(ConfigError, match="TRIAGE_HOST"):
        serve(served.model_copy(update={"host": "192.0.2.1"}))

    assert not served.home.exists()
