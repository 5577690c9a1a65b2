"""Put the tables and plots of a run beside the benchmarks, to be committed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
README = FOLDER / "README.md"
BEGIN, END = "<!-- serving: written by --publish -->", "<!-- end of serving -->"


def publish(text: str, plots: Sequence[Path]) -> None:
    """Copy the plots, and put the tables between the marks of the README."""
    for path in plots:
        shutil.copy(path, FOLDER / path.name)
    shown = "\n".join(f"![{path.stem.replace('-', ': ')}]({path.name})" for path in plots)
    known = README.read_text(encoding="utf-8")
    README.write_text(replaced(known, f"{shown}\n\n{text.strip()}"), encoding="utf-8")


def replaced(known: str, text: str) -> str:
    """Put a text between the marks.

    Raises:
        ValueError: When a mark is missing.
    """
    head, found, rest = known.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"The README lacks the mark {BEGIN} or {END}.")
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}"
