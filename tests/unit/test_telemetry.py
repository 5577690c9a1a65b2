"""Log lines and metrics."""

import json
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from io import StringIO

import pytest

from triage.telemetry import MAX_VALUE, Telemetry, place


class Kind(str, Enum):  # noqa: UP042 - one that is shown in another way is wanted
    """Text that is shown in another way than it reads."""

    A = "a"


def logged(level: str = "info", **fields: object) -> dict[str, object]:
    """Log one line and read it."""
    stream = StringIO()
    Telemetry(level, stream).log.info("thing_happened", **fields)
    line: dict[str, object] = json.loads(stream.getvalue())
    return line


def test_log_line_keeps_listed_keys_and_drops_all_others() -> None:
    """A text that is logged by mistake does not come out."""
    line = logged(status=200, text="secret words", message="secret words")

    assert line["event"] == "thing_happened"
    assert line["status"] == 200
    assert "secret words" not in json.dumps(line)


def test_long_value_is_cut() -> None:
    """One line stays short whatever is logged."""
    assert logged(reason="x" * 10_000)["reason"] == "x" * MAX_VALUE


@pytest.mark.parametrize(
    "value",
    [
        *("", 'a "b"\\', "ø\n\t\x7f\x00\u2028 中文 😀", "\ud800", b"bytes", ["a"], ValueError("x")),
        *(True, None, 0, -(2**70), HTTPStatus.OK, Kind.A),
        *(0.0, -0.0, 1e-7, 1e22, 1.25, float("nan"), float("inf")),
    ],
)
def test_line_is_what_a_json_encoder_writes(value: object) -> None:
    """Every value stands as an encoder writes it, after the fields event, level and time."""
    stream = StringIO()
    Telemetry("info", stream).log.warning("thing_happened", count=value, words="x", seconds=0.5)
    line = stream.getvalue()
    read = json.loads(line)
    plain = value if isinstance(value, bool | int | float | None) else str(value)
    event = {"event": "thing_happened", "level": "warning", "timestamp": read["timestamp"]}

    assert line == f"{json.dumps({'count': plain, 'seconds': 0.5} | event, ensure_ascii=False)}\n"
    assert datetime.fromisoformat(read["timestamp"]).tzinfo == UTC
    assert read["timestamp"].endswith("Z")


def test_lines_below_the_level_are_left_out() -> None:
    """The operator chooses how much is logged."""
    stream = StringIO()
    Telemetry("warning", stream).log.info("thing_happened")

    assert stream.getvalue() == ""


def test_error_is_named_by_its_line_of_code_only() -> None:
    """Where an error was raised can be told without its message."""
    with pytest.raises(ValueError, match="secret") as caught:
        int("secret words")

    assert place(caught.value).startswith("test_telemetry.py:")
    assert "secret" not in place(caught.value)
    assert place(ValueError("never raised")) == ""


def test_metrics_of_two_services_are_apart() -> None:
    """Counting in one service does not show in another."""
    one, other = Telemetry(), Telemetry()
    one.metrics.journal_rows.inc(3)

    assert b"triage_journal_rows_total 3.0" in one.metrics.render()
    assert b"triage_journal_rows_total 0.0" in other.metrics.render()


class FullDisk(StringIO):
    """A log that takes nothing any more."""

    def write(self, text: str) -> int:
        """Fail as a full disk does."""
        raise OSError(28, text)


def test_log_that_cannot_be_written_stops_nobody() -> None:
    """Lines are counted lost, whether the disk is full or the stream is closed."""
    closed = StringIO()
    closed.close()
    for stream in (FullDisk(), closed):
        telemetry = Telemetry("info", stream)
        telemetry.log.info("ready")
        telemetry.log.error("journal_failing")

        assert b"triage_log_lines_lost_total 2.0" in telemetry.metrics.render()
