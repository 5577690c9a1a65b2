"""The dashboard and the alert rules speak of metrics and labels that exist."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from triage.drift import Drift
from triage.settings import CHECKOUT
from triage.telemetry import Metrics

FOLDER = CHECKOUT / "triage" / "dashboards"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
    *(note["expr"] for note in DASHBOARD["annotations"]["list"]),
    *(rule["expr"] for rule in RULES),
]
NAME = re.compile(r"\b(?:triage|process)_[a-z_]+")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
UNITS = {"short", "none", "s", "reqps", "percentunit", "bytes"}
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def names() -> Iterator[str]:
    """Name every series that /metrics may have."""
    metrics = Metrics()
    Drift(metrics.registry)
    for family in metrics.registry.collect():
        for suffix in SUFFIXES[family.type]:
            yield f"{family.name}{suffix}"


KNOWN = frozenset(names())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_exists(expression: str) -> None:
    """No panel stays empty because of a name; brackets are closed."""
    used = set(NAME.findall(expression))

    assert used
    assert used <= KNOWN
    for opened, closed in ("()", "[]", "{}"):
        assert expression.count(opened) == expression.count(closed)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_every_panel_explains_itself(panel: dict[str, Any]) -> None:
    """Whoever reads it at night sees what it shows, in which unit."""
    place = panel["gridPos"]

    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert all(target["legendFormat"] for target in panel["targets"])
    assert place["x"] + place["w"] <= 24


def test_panels_are_apart() -> None:
    """Each has an id of its own, and none covers another."""
    cells = [
        (place["x"] + dx, place["y"] + dy)
        for panel in DASHBOARD["panels"]
        if (place := panel["gridPos"])
        for dx in range(place["w"])
        for dy in range(place["h"])
    ]

    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len(cells) == len(set(cells))


@pytest.mark.parametrize("name", sorted({name for name in KNOWN if name.startswith("triage_")}))
def test_every_metric_is_in_the_readme(name: str) -> None:
    """An operator can look each one up."""
    assert re.sub(r"_(bucket|sum|count)$", "", name) in README
