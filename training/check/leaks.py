"""Labels that stand in the text itself, as in "Category: Billing" written by a form."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from training.check.finding import Finding, Marks, Probe, percent
from training.check.seen import Seen

MIN_ROWS, MUCH = 3, 0.01
"""Fewest rows worth telling, and the share of labelled rows that makes it a warning."""
MIN_LABEL = 2
_BEHIND = 40
_MAX_HITS = 5
_MAX_NAMES = 1_000
# A name of one to four words at the beginning of a line or behind a mark, a colon, the label.
_FORM = re.compile(
    r"(?:^|[\n.;,|(\[])[ \t*_-]*([^\W\d_][\w/-]*(?: [\w/-]+){0,3})[*_ \t]*[:=：][*_ \t\"'\[]*$"
)


class Leaks(Probe):
    """Finds rows whose text names their own label in a fixed form.

    Args:
        tasks: Tasks of the run.
    """

    def __init__(self, tasks: Iterable[str]) -> None:
        self._marks = {task: Marks() for task in tasks}
        self._labelled = dict.fromkeys(self._marks, 0)
        self._names: dict[str, Counter[str]] = {task: Counter() for task in self._marks}

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
        folded = ""
        for task, marks in self._marks.items():
            label = seen.labels.get(task, "")
            if not label:
                continue
            self._labelled[task] += 1
            folded = folded or seen.text.casefold()
            name = _form(folded, label.casefold())
            if name is not None:
                marks.add(seen.at)
                names = self._names[task]
                if name in names or len(names) < _MAX_NAMES:
                    names[name] += 1

    def findings(self) -> Iterator[Finding]:
        """Tell what was found."""
        for task, marks in self._marks.items():
            if marks.count < MIN_ROWS:
                continue
            labelled = self._labelled[task]
            yield marks.finding(
                "warning" if marks.count >= MUCH * labelled else "note",
                "label_in_text",
                f"{marks.count:,} texts ({percent(marks.count, labelled)}) hold their own label of "
                f"task {task} in a fixed form{self._told(task)}; figures will look better than "
                "they are.",
                "Cut that line from the column of the message, unless every new message has it "
                "before it is labelled.",
            )

    def _told(self, task: str) -> str:
        """Name the form's field where most of the rows share it; it is then no customer's words."""
        name, count = self._names[task].most_common(1)[0]
        shared = name and count >= MIN_ROWS and 2 * count >= self._marks[task].count
        return f' such as "{name}: \u2026"' if shared else ""


def _form(text: str, label: str) -> str | None:
    """Return the name before a label, empty for a label in brackets, None without a form."""
    if len(label) < MIN_LABEL:
        return None
    start = -1
    for _ in range(_MAX_HITS):
        start = text.find(label, start + 1)
        if start < 0:
            return None
        end = start + len(label)
        if end < len(text) and text[end].isalnum() and text[end].isascii():
            continue
        if text[start - 1 : start] == "[" and text[end : end + 1] == "]":
            return ""
        if found := _FORM.search(text[max(0, start - _BEHIND) : start]):
            return found[1]
    return None
