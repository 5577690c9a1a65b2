"""Measure both errors of cleaning on the written messages: quotes kept, and customers' words lost.

Run ``python tests/quality/cleaning.py`` for the held-out part, with ``--part dev`` for the one that
the rules were tuned on, and with ``--misses`` for the messages behind the figures. The held-out
part was written before the rules and never tuned on, but by the same hand: its figures are an upper
bound of what other people's mail will show.
"""

import argparse
import json
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from triage.domain import Message
from triage.text.clean import Cleaned, clean

FIXTURES = Path(__file__).parents[1] / "fixtures" / "cleaning"


@dataclass(slots=True)
class Tally:
    """Counts of one group of messages; characters are without white space."""

    messages: int = 0
    exact: int = 0
    foreign: int = 0
    foreign_kept: int = 0
    own: int = 0
    own_lost: int = 0
    automatic_wrong: int = 0

    def add(self, row: dict[str, Any], cleaned: Cleaned) -> bool:
        """Count one message and tell whether it came out as expected."""
        wanted, got = dense(row["kept"]), dense(cleaned.body)
        kept, lost = difference(wanted, got)
        automatic = cleaned.auto_generated == row["auto_generated"]
        self.messages += 1
        self.exact += wanted == got
        self.own += len(wanted)
        self.own_lost += lost
        self.foreign_kept += kept
        if row["content_type"] == "text/plain":
            self.foreign += len(dense(row["text"])) - len(wanted)
        self.automatic_wrong += not automatic
        return wanted == got and automatic

    def row(self, name: str) -> str:
        """Return the group as a line of the table."""
        return (
            f"{name:14} {self.messages:5} {self.exact:5} "
            f"{self.foreign_kept:6} {share(self.foreign_kept, self.foreign):>7} "
            f"{self.own_lost:6} {share(self.own_lost, self.own):>7} {self.automatic_wrong:5}"
        )


def dense(text: str) -> str:
    """Return a text in NFKC without its white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def difference(wanted: str, got: str) -> tuple[int, int]:
    """Return how many characters are too many and how many are missing."""
    if wanted == got:
        return 0, 0
    matcher = SequenceMatcher(None, wanted, got, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(got) - same, len(wanted) - same


def share(part: int, whole: int) -> str:
    """Return a percentage with two decimals."""
    return f"{100 * part / whole:.2f}%" if whole else "-"


def read(part: str) -> list[dict[str, Any]]:
    """Read the written messages of one part."""
    lines = (FIXTURES / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def message(row: dict[str, Any]) -> Message:
    """Make a message of a written one."""
    return Message(text=row["text"], subject=row["subject"], content_type=row["content_type"])


def main() -> None:
    """Print both error kinds per language, per client and for the traps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--part", choices=("dev", "heldout"), default="heldout")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    groups: dict[str, Tally] = defaultdict(Tally)
    for row in read(options.part):
        cleaned = clean(message(row))
        good = groups["all"].add(row, cleaned)
        groups[f"lang {row['language']}"].add(row, cleaned)
        groups[row["client"]].add(row, cleaned)
        if row["trap"]:
            groups["traps"].add(row, cleaned)
        if options.misses and not good:
            print(f"{row['id']} {row['client']} auto={cleaned.auto_generated}\n  {cleaned.body!r}")
    print(
        f"{options.part:14} {'n':>5} {'exact':>5} "
        f"{'under-stripped':>14} {'over-stripped':>14} auto!"
    )
    for name in sorted(groups):
        print(groups[name].row(name))


if __name__ == "__main__":
    main()
