"""How a command line ends: one line and the exit code."""

from io import StringIO

import pytest
from rich.console import Console

from triage.errors import ExportError, GateError, InputError
from triage.shell import plain, run


def ended(error: BaseException) -> tuple[int, str]:
    """Run a command that ends with an error; return the exit code and what was printed."""
    out = StringIO()

    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        run(command, Console(file=out, width=40))
    return int(caught.value.code or 0), out.getvalue()


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (GateError("No.", fix="Fit."), 1, "gate_failed: No. Fit."),
        (InputError("Bad."), 2, "invalid_input: Bad."),
        (ExportError("Row 2.", blocker="broken_row"), 2, "invalid_export (broken_row): Row 2."),
        (OSError(28, "No space left on device", "/a/b"), 2, "/a/b: No space left on device."),
        (KeyboardInterrupt(), 130, "interrupted"),
        (SystemExit(130), 130, "interrupted"),
        (SystemExit(0), 0, ""),
    ],
)
def test_every_end_has_its_code(error: BaseException, code: int, told: str) -> None:
    """Errors are one line with what to do, and success says nothing."""
    found, shown = ended(error)

    assert found == code
    assert told in shown
    assert shown.count("\n") == (1 if told else 0)


def test_long_errors_are_not_broken() -> None:
    """A path longer than the window can be copied from a log."""
    path = "/very/long" * 20

    assert path in ended(InputError(f"{path}: there is no such folder."))[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202eabc", "\\u202eabc"),
        ("[bold] ăș 你 🙂 שלום", "[bold] ăș 你 🙂 שלום"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    """What would move, clear or turn the text of a terminal is written as an escape."""
    assert plain(text) == shown


def test_success_returns() -> None:
    """A command that returns is no exit."""
    run(list, Console(file=StringIO()))
