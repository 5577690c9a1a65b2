"""Settings from the environment."""

from pathlib import Path

import pytest

from triage.errors import ConfigError
from triage.settings import CHECKOUT, Settings, load_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRIAGE_PORT", "many"),
        ("TRIAGE_PORT", "70000"),
        ("TRIAGE_STORE_TEXT", "always"),
        ("TRIAGE_QUEUE_TIMEOUT_S", "0"),
        ("TRIAGE_MAX_IN_FLIGHT", "-1"),
    ],
)
def test_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A value that a setting does not take is refused under the variable's name."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError, match=name) as caught:
        load_settings()

    assert caught.value.field == name


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"THREADS": "8", "MAX_IN_FLIGHT": "4"}, "TRIAGE_MAX_IN_FLIGHT"),
        ({"QUEUE_TIMEOUT_S": "30"}, "TRIAGE_QUEUE_TIMEOUT_S"),
        ({"QUEUE_TIMEOUT_S": "12", "DRAIN_PAUSE_S": "10"}, "TRIAGE_QUEUE_TIMEOUT_S"),
        ({"HOME": "{file}"}, "TRIAGE_HOME"),
        ({"DATA": "{file}"}, "TRIAGE_DATA"),
        ({"MODELS": "{file}"}, "TRIAGE_MODELS"),
        ({"HOME": "{folder}", "DATA": "{folder}"}, "TRIAGE_HOME"),
        ({"HOME": "{folder}", "MODELS": "{folder}"}, "TRIAGE_HOME"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], field: str
) -> None:
    """Each is allowed alone; the error names the one to change."""
    (tmp_path / "file").touch()
    for name, value in given.items():
        real = value.format(file=tmp_path / "file", folder=tmp_path)
        monkeypatch.setenv(f"TRIAGE_{name}", real)

    with pytest.raises(ConfigError) as caught:
        load_settings()

    assert caught.value.field == field


def test_few_requests_need_no_setting_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was chosen can contradict."""
    monkeypatch.setenv("TRIAGE_MAX_IN_FLIGHT", "1")

    assert load_settings().max_in_flight == 1


def test_environment_wins_over_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable with the prefix sets the setting of its name."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIAGE_PROFILE", "tiny")

    settings = load_settings()

    assert settings.home == tmp_path
    assert settings.profile == "tiny"


def test_other_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of other tools with the same prefix do no harm."""
    monkeypatch.setenv("TRIAGE_DATASETS", "somewhere")

    assert load_settings().models == CHECKOUT / "models"


def test_store_lies_in_home_unless_named() -> None:
    """Without a URL the store is a file in the home folder."""
    assert Settings(home=Path("/x")).store_url == "sqlite:////x/triage.db"
    assert Settings(database_url="postgresql://db").store_url == "postgresql://db"


def test_shipped_encoders_lie_beside_the_bundles() -> None:
    """Encoders are found under the models folder."""
    assert Settings(models=Path("/m")).encoders == Path("/m/encoders")
