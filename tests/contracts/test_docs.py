"""What exists is documented: settings, routes, error codes, Make targets, commands."""

import re
from pathlib import Path

import pytest
import typer.main

from training.cli import app as training_app
from triage.api.errors import HTTP_PROBLEMS, STATUSES
from triage.cli import app as triage_app
from triage.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ROUTES = (
    "/v1/classify", "/v1/classify/batch", "/v1/suggestions",
    "/v1/feedback", "/v1/canned", "/v1/articles", "/v1/articles/{id}", "/v1/articles/import",
    "/v1/knowledge/preview", "/v1/knowledge/versions", "/v1/knowledge/changes",
    "/v1/knowledge/undo", "/v1/requesters/{id}",
    "/v1/models", "/v1/models/promote", "/v1/models/rollback",
    "/livez", "/readyz", "/metrics",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    """An operator finds each variable."""
    assert f"`{PREFIX}{name.upper()}`" in README


@pytest.mark.parametrize(
    "code", sorted({kind.code for kind in STATUSES} | {one.code for one in HTTP_PROBLEMS.values()})
)
def test_every_error_code_is_in_the_readme(code: str) -> None:
    """A desk's developer finds each code."""
    assert f"`{code}`" in README


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_in_the_readme(route: str) -> None:
    """Each route has its line."""
    assert route in README


@pytest.mark.parametrize("target", re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
def test_every_make_target_is_in_the_readme(target: str) -> None:
    """Each target has its line."""
    assert f"`make {target}`" in README


@pytest.mark.parametrize(
    ("program", "app"), [("triage", triage_app), ("triage-train", training_app)]
)
def test_every_command_is_in_the_readme(program: str, app: typer.Typer) -> None:
    """Each command is shown at least once."""
    group = typer.main.get_command(app)
    names = group.list_commands(None) if hasattr(group, "list_commands") else []

    assert names
    assert [name for name in names if f"{program} {name}" not in README] == []


def test_local_links_lead_somewhere() -> None:
    """No link of the README is dead."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
