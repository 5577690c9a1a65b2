"""Settings of the service, read from ``TRIAGE_*`` variables and command-line options."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from triage.errors import ConfigError

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "TRIAGE_"
DRAINED_S = 20.0
"""From SIGTERM to the last answer, in seconds; the journal and the threads have the rest."""


class Settings(BaseSettings):
    """Everything an operator may set; see the README's table for their meaning."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    home: Annotated[Path, Field(description="Store, aliases and own bundles.")] = Path(".triage")
    models: Annotated[Path, Field(description="Shipped encoders and the starter bundle.")] = (
        CHECKOUT / "models"
    )
    data: Annotated[Path, Field(description="Articles and canned responses.")] = CHECKOUT / "data"
    bundle: Annotated[str, Field(description="Folder, id or alias of the bundle to serve.")] = (
        "champion"
    )
    profile: Annotated[
        str | None, Field(description="Profile to serve; the bundle's default if unset.")
    ] = None
    gate: Annotated[
        Path | None, Field(description="Bounds that a promotion must keep, as TOML.")
    ] = None
    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on.")] = 8000
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL of the store; SQLite in home if unset.")
    ] = None
    store_text: Annotated[
        Literal["redacted", "full", "none"],
        Field(description="What the journal keeps of a message's text."),
    ] = "redacted"
    retention_days: Annotated[
        int,
        Field(ge=0, le=36_500, description="Days that decisions and feedback are kept; 0: always."),
    ] = 180
    max_import_bytes: Annotated[
        int, Field(ge=1024, description="Largest body of an import of articles, in bytes.")
    ] = 10 * 1024 * 1024
    max_body_bytes: Annotated[
        int, Field(ge=1024, description="Largest request body, in bytes.")
    ] = 1024 * 1024
    max_in_flight: Annotated[
        int, Field(ge=1, description="Requests that may wait or run at once.")
    ] = 64
    queue_timeout_s: Annotated[
        float, Field(gt=0, description="Longest wait for a turn, in seconds.")
    ] = 1.0
    threads: Annotated[
        int, Field(ge=1, le=64, description="Messages labelled at once; the processors at most.")
    ] = Field(default_factory=lambda: min(4, len(os.sched_getaffinity(0))))
    require_keys: Annotated[
        bool, Field(description="Ask for a key on this machine too, even before one is made.")
    ] = False
    rate: Annotated[
        str, Field(description="Most requests of a key; its own `--rate` goes first.")
    ] = "100/2 seconds"
    drain_pause_s: Annotated[
        float,
        Field(ge=0, le=10, description="How long requests are still taken after SIGTERM."),
    ] = 5.0
    shadow_share: Annotated[
        float, Field(ge=0, le=1, description="Share of messages that the challenger labels too.")
    ] = 0.1
    waiting: Annotated[
        Literal["desk", "journal"],
        Field(
            description="Where the waiting time in drafts comes from: only the desk's own "
            "`context.waiting`, or what the journal shows of replies sent in the last two hours."
        ),
    ] = "desk"
    waiting_max_age_min: Annotated[
        int, Field(ge=1, le=1440, description="Oldest waiting time that is told, in minutes.")
    ] = 30
    widget_sites: Annotated[
        str,
        Field(description="Sites whose pages may search public articles; none if empty."),
    ] = ""
    widget_rate: Annotated[
        str, Field(description="Most searches and votes of one visitor of such a site.")
    ] = "20/minute"
    otlp_endpoint: Annotated[
        str | None,
        Field(
            pattern=r"^https?://",
            description="URL that spans are sent to; needs the extra `otel`.",
        ),
    ] = None
    response_targets: Annotated[
        str, Field(description="Longest wait for an answer by priority, for the console.")
    ] = "urgent=15m, high=1h, normal=8h, low=1d"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least level logged.")
    ] = "info"

    @property
    def encoders(self) -> Path:
        """Folder of the shipped encoders."""
        return self.models / "encoders"

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.home / 'triage.db'}"


def check_exposure(settings: Settings, *, keys: bool) -> None:
    """Refuse to listen beyond this machine as long as no key would keep strangers out.

    Args:
        settings: What the operator chose.
        keys: Whether the store holds a live key.

    Raises:
        ConfigError: When the host is no loopback address and there is no live key.
    """
    if not keys and not is_loopback(settings.host):
        raise ConfigError(
            f"TRIAGE_HOST is {settings.host or 'empty'}, and the store holds no live key: anybody "
            "who reaches this machine could read and send messages.",
            fix="Make one first: triage keys create --name desk --scope classify; or listen on "
            "127.0.0.1.",
            field="TRIAGE_HOST",
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_settings(**given: object) -> Settings:
    """Read the settings from the environment; what is given here and not None goes first.

    Raises:
        ConfigError: When a value is not one that its setting takes.
    """
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        settings = Settings(**chosen)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg']}.", field=name) from error
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """Refuse settings each of which is allowed, and which cannot all hold."""
    chosen = "threads" in settings.model_fields_set
    if chosen and settings.threads > settings.max_in_flight:
        raise ConfigError(
            f"TRIAGE_THREADS is {settings.threads}, and TRIAGE_MAX_IN_FLIGHT lets only "
            f"{settings.max_in_flight} requests in.",
            fix="Let in at least as many as may work at once.",
            field="TRIAGE_MAX_IN_FLIGHT",
        )
    if settings.queue_timeout_s > DRAINED_S - settings.drain_pause_s:
        raise ConfigError(
            f"TRIAGE_QUEUE_TIMEOUT_S is {settings.queue_timeout_s:g}: a request could wait longer "
            f"than the {DRAINED_S - settings.drain_pause_s:g} s that a server which stops has for "
            "those it took in.",
            fix="Let requests wait less, or make TRIAGE_DRAIN_PAUSE_S shorter.",
            field="TRIAGE_QUEUE_TIMEOUT_S",
        )
    for name in ("home", "data", "models"):
        folder: Path = getattr(settings, name)
        if folder.exists() and not folder.is_dir():
            field = f"{PREFIX}{name.upper()}"
            raise ConfigError(f"{field}: {folder} is no folder.", field=field)
    home, shipped = settings.home.resolve(), settings.models.resolve()
    if home == shipped or home == settings.data.resolve():
        raise ConfigError(
            f"TRIAGE_HOME is {settings.home}, where what ships lies: the store and own bundles "
            "would mix with it.",
            fix="Give the home a folder of its own.",
            field="TRIAGE_HOME",
        )
