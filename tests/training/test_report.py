"""What a report gathers, and that nothing of a message can break out of its page."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.builders import (
    copied_bundle,
    examples_of,
    flip,
    messages,
    tiny_config,
    tiny_encoder_folders,
    tiny_fit,
    tiny_settings,
)
from training.run import Outcome, Prepared, fit_examples
from training.taxonomies import taxonomy_of
from triage.bundle.manifest import REPORT, REPORT_JSON, read_manifest
from triage.bundle.store import load_bundle
from triage.errors import CorruptBundleError
from triage.settings import Settings

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)> {{ 7 * 7 }} $\\frac{',
)
SECRETS = ("jane.roe@example.com", "+45 20 30 40 50", "4111 1111 1111 1111")
OURS = {"html", "head", "body", "script", "style", "meta", "title"}


class Page(HTMLParser):
    """The elements and attributes of a page, as a browser would find them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.text.append(data)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Fit a bundle on messages whose labels, ids, channels and texts attack the page."""
    settings = tiny_settings(tmp_path_factory.mktemp("hostile"))
    tiny_encoder_folders(settings.encoders)
    names = dict(zip(("service", "technical_support"), HOSTILE, strict=True))
    table = [
        {
            **row,
            "id": f"{row['id']} <b onclick=alert(2)>{SECRETS[0]}",
            "category": names[row["category"]],
            "text": f"{row['text']} </p><script src='//evil.example/x.js'></script> "
            f"\x00\u202e {SECRETS[number % 3]} {'long ' * 40}{SECRETS[0]}",
        }
        for number, row in enumerate(messages())
    ]
    for row in table[::7]:
        row["category"] = names["service"]
    channels = tuple("<svg onload=alert(3)>" if n % 2 else "chat" for n in range(len(table)))
    rows = replace(examples_of(table, ("category",)), channels=channels)
    prepared = Prepared(rows, rows.take(np.arange(0, len(rows), 3)), taxonomy_of(rows, None))
    config = tiny_config(only=True, encoder="static")
    command = f"triage-train fit --note {SECRETS[0]} '</code><script>'"
    return fit_examples(prepared, config, settings, command, lambda _: None)


@pytest.fixture(scope="module")
def page(hostile: Outcome) -> str:
    """Read the page that the run wrote."""
    return (hostile.path / REPORT).read_text(encoding="utf-8")


def leaves(value: object) -> Iterator[str]:
    """Yield every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)


def test_nothing_from_outside_becomes_an_element(page: str) -> None:
    """Labels, ids, channels and texts are shown as they are and never run."""
    found = Page(page)

    assert found.tags.count("script") == 1
    assert not {"img", "iframe", "object", "embed", "link", "base", "form"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in found.text
    assert "49" not in [text.strip() for text in found.text if "{{" in text]


def test_page_asks_for_nothing(page: str) -> None:
    """No attribute and no style leads anywhere but into the page itself."""
    found = Page(page)
    places = [value for name, value in found.attributes if name in {"src", "href", "srcset"}]
    style = page[page.index("<style>") : page.index("</style>")]

    assert places
    assert [place for place in places if not place.startswith("#")] == []
    assert "url(" not in style
    assert "@import" not in style
    assert not [
        value for name, value in found.attributes if "url(" in value and "url(#" not in value
    ]
    assert "default-src 'none'" in page


def test_identifiers_of_people_stay_out(hostile: Outcome, page: str) -> None:
    """Addresses and numbers of texts, ids and the command are in neither file."""
    content = (hostile.path / REPORT_JSON).read_text(encoding="utf-8")

    assert [secret for secret in SECRETS if secret in page or secret in content] == []
    assert "[email]" in page


def test_shown_texts_are_short_and_printable(hostile: Outcome) -> None:
    """A text is cut, and hides or turns nothing."""
    content = json.loads((hostile.path / REPORT_JSON).read_text(encoding="utf-8"))
    errors = content["tasks"][0]["errors"]

    assert errors
    for row in errors:
        assert sum(len(piece["text"]) for piece in row["pieces"]) <= 304
    assert not [text for text in leaves(content) if "\x00" in text or "\u202e" in text]


def test_ids_in_the_page_are_unique(page: str) -> None:
    """Plots in one page do not answer to each other's ids."""
    ids = [value for name, value in Page(page).attributes if name == "id"]

    assert len(ids) == len(set(ids))


def test_sections_stand_in_order(page: str) -> None:
    """A manager's summary comes first, then each label, then curves, rows and origin."""
    titles = (
        *("Recommendation", "Label by label", "What is mistaken", "Does confidence mean"),
        *("How much can be answered", "Would more labels help?", "By language", "By channel"),
        *("By length", "Worst errors", "Doubtful labels", "Against the champion"),
        *("Latency and size", "Bundle fingerprint"),
    )
    body = page[page.index("<main>") :]
    places = [body.index(title) for title in titles]

    assert places == sorted(places)


def test_learning_curve_ends_at_the_bundle(hostile: Outcome) -> None:
    """The last point is the bundle on all its rows; the others learned from fewer."""
    content = json.loads((hostile.path / REPORT_JSON).read_text(encoding="utf-8"))
    task = content["tasks"][0]
    rows = [point["rows"] for point in task["learning"]["points"]]

    assert rows == sorted(set(rows))
    assert rows[-1] == content["rows"]["train"]["rows"]
    assert task["learning"]["points"][-1]["accuracy"] == task["accuracy"]["value"]


def test_figures_are_those_of_the_run(hostile: Outcome) -> None:
    """Report and metrics agree."""
    content = json.loads((hostile.path / REPORT_JSON).read_text(encoding="utf-8"))
    task, recorded = content["tasks"][0], hostile.metrics["tasks"]["category"]

    assert task["accuracy"]["value"] == recorded["accuracy"]
    assert task["macro_f1"] == recorded["macro_f1"]
    assert task["reliability"]["ece"] == recorded["ece"]
    assert task["decisions"]["automate"]["value"] == recorded["automate"]["coverage"]
    for row, figures in zip(task["per_label"], recorded["per_label"].values(), strict=True):
        assert row["f1"]["value"] == pytest.approx(figures["f1"])
        assert row["support"] == figures["support"]
    assert hostile.metrics["seconds"]["report"] > 0


def test_report_is_sealed_with_the_bundle(
    hostile: Outcome, tmp_path: Path, encoders_folder: Path
) -> None:
    """A changed report is refused like any other part."""
    folder = copied_bundle(hostile.path, tmp_path / "copy")
    assert {REPORT, REPORT_JSON} <= read_manifest(folder).files.keys()

    flip(folder / REPORT)

    with pytest.raises(CorruptBundleError, match=REPORT):
        load_bundle(folder, encoders_folder)


def test_champion_is_compared_on_the_same_rows(settings: Settings) -> None:
    """A run beside a champion tells what changed, and shows no row that did not."""
    outcome = tiny_fit(settings, ["category"], only=True)
    content = json.loads((outcome.path / REPORT_JSON).read_text(encoding="utf-8"))
    found = content["tasks"][0]["champion"]

    assert found["champion"] == "starter"
    assert found["n"] == content["tasks"][0]["n"]
    assert found["flips"].keys() == {"fixed", "broken", "wrong_either_way"}
    assert content["summary"]["changed"][0].startswith("category: ")


def test_champion_of_other_tasks_is_named_as_such(settings: Settings) -> None:
    """A champion without the task is not compared, and the report says why."""
    rows = examples_of(messages(), ("category",))
    rows = replace(rows, labels={"desk": rows.labels["category"]})
    prepared = Prepared(rows, rows.take(np.arange(0, len(rows), 3)), taxonomy_of(rows, None))
    outcome = fit_examples(prepared, tiny_config(only=True), settings, "", lambda _: None)
    content = json.loads((outcome.path / REPORT_JSON).read_text(encoding="utf-8"))

    missing = "The champion, starter, does not answer this task."
    assert content["tasks"][0]["champion"] == {"missing": missing}


def test_broken_champion_stops_no_run(tmp_path: Path, bundle_folder: Path) -> None:
    """A champion that cannot be loaded is named as such in the report."""
    settings = tiny_settings(tmp_path)
    tiny_encoder_folders(settings.encoders)
    copied_bundle(bundle_folder, settings.home / "bundles" / "old")
    flip(settings.home / "bundles" / "old" / "heads.safetensors")
    (settings.home / "aliases.json").write_text('{"champion": "old"}', encoding="utf-8")

    outcome = tiny_fit(settings, ["category"], only=True)

    assert "cannot be loaded" in (outcome.path / REPORT).read_text(encoding="utf-8")
