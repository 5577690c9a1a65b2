"""What a long work shows: a bar on a terminal, plain lines elsewhere."""

import io

import pytest
from rich.console import Console

from triage.bulk import progress
from triage.bulk.progress import shown


def test_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, share and speed stand on lines of their own, without control characters."""
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    stream = io.StringIO()

    with shown(Console(file=stream, width=200), 400, 100) as advance:
        advance(100)
        advance(200)

    lines = stream.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "200 of 400 rows (50 %)",
        "400 of 400 rows (100 %)",
    ]
    assert stream.getvalue().replace("\n", "").isprintable()


def test_short_work_stays_silent() -> None:
    """A file that takes a moment writes no line."""
    stream = io.StringIO()

    with shown(Console(file=stream), 10, 0) as advance:
        advance(10)

    assert stream.getvalue() == ""


def test_terminal_gets_a_bar() -> None:
    """The bar begins where the last run ended."""
    stream = io.StringIO()

    with shown(Console(file=stream, force_terminal=True, width=120), 400, 100) as advance:
        advance(100)

    assert "200/400" in stream.getvalue()
