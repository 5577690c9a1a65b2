"""How the command lines end: exit codes, one line for an error, and nothing for a closed pipe.

- 0: done.
- 1: the work was done and the answer is no: a gate, a contract, a blocker found by ``check``.
- 2: the work could not be done: wrong use, unusable data, a broken bundle, a full disk.
- 130: interrupted by ^C.
- 141: whoever read the output went away, as in ``| head``.
"""

import getpass
import os
import sys
from collections.abc import Callable

from rich.console import Console

from triage.errors import ExportError, GateError, TriageError

REFUSED, UNUSABLE, INTERRUPTED, UNHEARD = 1, 2, 130, 141


def run(command: Callable[[], object], console: Console) -> None:
    """Run a command line to its end; every error becomes one line and an exit code.

    Raises:
        SystemExit: With the exit code, where it is not 0.
    """
    try:
        command()
    except SystemExit as done:
        if _unheard(done):
            _hang_up()
        if done.code == INTERRUPTED:
            _say(console, "interrupted")
        _flush()
        raise
    except KeyboardInterrupt:
        _say(console, "interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _hang_up()
    except TriageError as error:
        blocker = error.blocker if isinstance(error, ExportError) else ""
        code = f"{error.code} ({blocker})" if blocker else error.code
        _say(console, f"{code}: {error}")
        sys.exit(REFUSED if isinstance(error, GateError) else UNUSABLE)
    except OSError as error:
        _say(console, _refusal(error))
        sys.exit(UNUSABLE)
    _flush()


def login() -> str:
    """Return the name of the account that runs a command, for records of who did what."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def plain(text: str) -> str:
    """Write a text so that no line break, control or direction mark in it moves what follows."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _say(console: Console, line: str) -> None:
    # Unbroken, so that paths and commands can be copied from a log.
    console.print("\n".join(map(plain, line.splitlines())), markup=False, soft_wrap=True)


def _refusal(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"refused_by_the_system: {where}{error.strerror or error}. Make room there or change its "
        "rights; TRIAGE_HOME, --out and TMPDIR say where is written."
    )


def _unheard(error: BaseException) -> bool:
    """Tell whether a closed pipe is behind an exit: libraries turn it into exits of their own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, BrokenPipeError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _hang_up()


def _hang_up() -> None:
    """Leave without a word; what is still to be written goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    sys.exit(UNHEARD)
