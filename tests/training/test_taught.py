"""Feedback joins the training rows, weighs what it is worth, and one agent turns nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import messages, tiny_config, tiny_export
from tests.training.told import Teller, decided_all, telling
from training.config import Columns, FitConfig
from training.options import check_cap
from training.run import Prepared, fit, prepare
from triage.errors import ConfigError, ExportError
from triage.rows import write_rows
from triage.settings import Settings

TURNED = {"service": "technical_support", "technical_support": "service"}
TASK = {"category": "category"}
OTHERWISE = "and now something that no other message of all of these says, at its end"
Tell = Callable[[Teller], None]


def silent(_: str) -> None:
    """Drop a line of progress."""


def new_messages() -> list[dict[str, str]]:
    """Say the messages with something added, so that they repeat none of the export."""
    more = {"en": "also the blue lamp in the hall", "da": "også den blå lampe i gangen derhjemme",
            "ro": "și lampa albastră de pe hol", "zh": "还有走廊里的蓝色台灯也是这样"}  # fmt: skip
    out = []
    for number, row in enumerate(messages()):
        added = " ".join([more[row["language"]]] * 4 + [f"number {number}" * 3])
        out.append({**row, "text": f"{row['text']} {added}"})
    return out


def config(tmp_path: Path, tell: Tell, **changes: object) -> FitConfig:
    """Ask for a fit of an export and of a store in which something was said."""
    home = tmp_path / "told"
    home.mkdir()
    with telling(f"sqlite:///{home / 'triage.db'}", decided_all(new_messages())) as teller:
        tell(teller)
    test = tmp_path / "test.csv"
    columns = Columns("text", TASK, language="language")
    table = [
        {**row, "id": f"t{row['id']}", "text": f"{row['text']} {OTHERWISE}"}
        for row in messages()[::6]
    ]
    write_rows(test, table, list(table[0]))
    given = {"test": test, "feedback": home, "columns": columns, **changes}
    return tiny_config(exports=(tiny_export(tmp_path / "a.csv"),), **given)


def correct(teller: Teller, numbers: range, agent: Callable[[int], str | None]) -> None:
    """Set the other label."""
    table = messages()
    for number in numbers:
        teller.say(number, agent(number), TURNED[table[number - 1]["category"]])


def taught(prepared: Prepared) -> tuple[list[int], list[float]]:
    """Return the rows that feedback taught, and their weights."""
    rows = [i for i, name in enumerate(prepared.train.ids) if name.startswith("feedback:")]
    return rows, [float(prepared.train.weights[row]) for row in rows]


def test_rows_are_added_with_their_weights(tmp_path: Path) -> None:
    """A final weighs as an export's row does and a single click half; neither is measured on."""

    def tell(teller: Teller) -> None:
        teller.say(1, "ann", "technical_support")
        teller.say(2, None, final="technical_support")
        for agent in ("ann", "bob"):
            teller.say(30, agent, "technical_support")

    lines: list[str] = []
    prepared = prepare(config(tmp_path, tell), lines.append)
    rows, weights = taught(prepared)

    assert weights == [0.5, 1.0, 1.0]
    assert not prepared.train.target[rows].any()
    assert prepared.train.target[: rows[0]].all()
    assert {prepared.train.labels["category"][row] for row in rows} == {"technical_support"}
    assert any(line.startswith("feedback: 3 labels on 3 messages join training") for line in lines)
    assert not any(name.startswith("feedback:") for name in prepared.test.ids)


def test_record_and_card_say_what_came_from_where(tmp_path: Path) -> None:
    """Counts by source, what was not learnt and why, and no agent's name."""

    def tell(teller: Teller) -> None:
        correct(teller, range(1, 31), lambda _: "agent-of-many")
        teller.say(40, "agent-x", "service")
        teller.say(40, "agent-y", "technical_support")
        teller.say(41, "agent-x", "service")
        teller.say(41, None, final="technical_support")
        teller.say(42, "agent-z", "label-of-old")

    lines: list[str] = []
    record = prepare(config(tmp_path, tell), lines.append).feedback
    assert record

    assert record["contradictions"] == 1
    assert record["overruled"] == 1
    assert record["unknown_label"] == 1
    assert record["from"] == {"final": 1, "agreed": 0, "single": 10}
    assert record["capped"] == [{"given": 30, "kept": 10}]
    assert "agent-of-many" not in str(record)
    assert any("agent-of-many 10 of 30" in line for line in lines)
    assert any("agents contradict each other on 1 labels" in line for line in lines)
    assert any("unknown label: 1" in line for line in lines)


def test_what_the_test_repeats_is_left_out(tmp_path: Path) -> None:
    """A message of the test side teaches nothing, however its text was redacted."""
    table = new_messages()
    held = tmp_path / "held.csv"
    repeated = [{**table[0], "id": "x", "text": table[0]["text"].upper() + "!"}, *messages()[::8]]
    write_rows(held, [{**row, "id": f"h{i}"} for i, row in enumerate(repeated)], list(table[0]))

    def tell(teller: Teller) -> None:
        correct(teller, range(1, 4), lambda number: f"agent-{number}")

    prepared = prepare(config(tmp_path, tell, test=held), silent)

    assert prepared.feedback
    assert prepared.feedback["rows_in_test"] >= 1
    assert "feedback:1" not in prepared.train.ids


def test_newest_rows_measure_without_feedback(tmp_path: Path) -> None:
    """Where dates decide, feedback joins the last fit and not the one that is measured."""
    table = [
        {**row, "when": f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}"}
        for day, row in enumerate([*messages()[::2], *messages()[1::2]])
    ]
    dated = tmp_path / "dated.csv"
    write_rows(dated, table, list(table[0]))
    columns = Columns("text", TASK, language="language", time="when")

    def tell(teller: Teller) -> None:
        correct(teller, range(1, 6), lambda number: f"agent-{number}")

    asked = config(tmp_path, tell, columns=columns, test=None)
    prepared = prepare(tiny_config(
        exports=(dated,), columns=columns, feedback=asked.feedback
    ), silent)  # fmt: skip
    rows, _ = taught(prepared)

    assert prepared.older is not None
    assert len(prepared.older) == len(prepared.train)
    assert rows
    assert not prepared.older[rows].any()
    assert not prepared.train.target[rows].any()


def test_store_where_nobody_said_anything_changes_nothing(tmp_path: Path) -> None:
    """The record says so."""
    prepared = prepare(config(tmp_path, lambda _: None), silent)

    assert taught(prepared) == ([], [])
    assert prepared.feedback
    assert prepared.feedback["labels"] == 0


def test_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Nothing is trained on half of what was asked for."""
    asked = config(tmp_path, lambda _: None)
    lost = tiny_config(exports=asked.exports, columns=asked.columns, feedback=tmp_path / "lost")

    with pytest.raises(ExportError, match="there is no such store"):
        prepare(lost, silent)


@pytest.mark.parametrize("cap", ["0", "1.1", "-1", "nan"])
def test_cap_must_be_a_share(cap: str) -> None:
    """A cap of nothing is leaving --feedback out."""
    with pytest.raises(ConfigError, match="--agent-cap"):
        check_cap(float(cap))


def accuracy(settings: Settings, asked: FitConfig, tmp_path: Path, name: str) -> float:
    """Fit and return how many test messages get the right category."""
    outcome = fit(
        tiny_config(
            exports=asked.exports, columns=asked.columns, test=asked.test, feedback=asked.feedback,
            agent_cap=asked.agent_cap, without_agents=asked.without_agents, out=tmp_path / name,
            only=True, seed=1,
        ),
        settings, "tests", silent,
    )  # fmt: skip
    return float(outcome.metrics["tasks"]["category"]["accuracy"])


def test_one_agent_who_flips_every_label_is_bounded(settings: Settings, tmp_path: Path) -> None:
    """With the cap the head stays as good as without them; without it it does not."""

    def tell(teller: Teller) -> None:
        correct(teller, range(1, 97), lambda _: "mallory-77")

    asked = config(tmp_path, tell)
    clean = accuracy(settings, replace(asked, feedback=None), tmp_path, "clean")
    bounded = accuracy(settings, asked, tmp_path, "bounded")
    trusting = accuracy(settings, replace(asked, agent_cap=1.0), tmp_path, "trusting")
    unheard = accuracy(
        settings, replace(asked, agent_cap=1.0, without_agents=("mallory-77",)), tmp_path, "unheard"
    )

    assert clean == bounded == unheard == 1.0
    assert trusting < 0.7
    text = next((tmp_path / "bounded").glob("*/card.md")).read_text(encoding="utf-8")
    assert "## Feedback" in text
    assert "labels kept of agents who gave more: 10 of 96" in text
    assert "mallory-77" not in text
