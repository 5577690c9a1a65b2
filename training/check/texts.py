"""Messages that nothing can be learned from, or that are damaged: empty, too long, wrong bytes."""

from collections.abc import Iterator

from ftfy.badness import is_bad

from training.check.finding import Finding, Marks, Probe, percent
from training.check.seen import Seen
from triage.text.limits import MAX_HTML_BYTES, MAX_TEXT

DAMAGED_SHARE = 0.2
"""Share of damaged rows from which a run is refused: it would learn what serving never meets."""
READ, MIN_HAN, UTF8_BYTES = 2_000, 4, 3
"""Characters read, fewest Chinese ones that tell, and the bytes of one in UTF-8."""


class Texts(Probe):
    """Finds messages without text and messages longer than serving takes."""

    def __init__(self) -> None:
        self._rows = 0
        self._empty, self._long, self._automatic = Marks(), Marks(), Marks()

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
        self._rows += 1
        if not seen.text:
            self._empty.add(seen.at)
        if seen.too_long:
            self._long.add(seen.at)
        if seen.automatic:
            self._automatic.add(seen.at)

    def findings(self) -> Iterator[Finding]:
        """Tell what was found."""
        empty, rows = self._empty.count, self._rows
        if empty and empty == rows:
            yield self._empty.finding(
                "blocker",
                "all_empty",
                "Every message is empty after cleaning.",
                "Name the column of the message with --text, and its kind with --content-type.",
            )
        elif empty:
            yield self._empty.finding(
                "warning",
                "empty_text",
                f"{empty:,} messages ({percent(empty, rows)}) are empty after cleaning; "
                "they are left out.",
                "Nothing, when they held only quotes, signatures or pictures; add --subject where "
                "the subject says what the message is about.",
            )
        if self._long.count:
            yield self._long.finding(
                "warning",
                "too_long",
                f"{self._long.count:,} messages are longer than serving takes ({MAX_TEXT:,} "
                f"characters, HTML {MAX_HTML_BYTES:,}); only their ends are looked at.",
                "Drop pasted logs and attachments from these rows.",
            )
        if self._automatic.count:
            yield self._automatic.finding(
                "note",
                "automatic_mail",
                f"{self._automatic.count:,} messages ({percent(self._automatic.count, rows)}) look "
                "like automatic replies or delivery reports.",
                "Drop them: serving sets automatic mail aside before it labels.",
            )


class Damage(Probe):
    """Finds text that was written or read in the wrong encoding."""

    def __init__(self) -> None:
        self._rows = 0
        self._garbled, self._lost, self._nul = Marks(), Marks(), Marks()

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
        self._rows += 1
        if "\x00" in seen.raw:
            self._nul.add(seen.at)
        if seen.raw.isascii():
            return
        if "\ufffd" in seen.raw:
            self._lost.add(seen.at)
        if is_garbled(seen.raw):
            self._garbled.add(seen.at)

    def findings(self) -> Iterator[Finding]:
        """Tell what was found."""
        for marks, code, what, fix in (
            (
                self._garbled,
                "mojibake",
                "were read in the wrong code page, as in \u201cÃ¦\u201d for \u201cæ\u201d",
                "Export again as UTF-8, or repair the file: ftfy IN.csv -o OUT.csv",
            ),
            (
                self._lost,
                "replacement_characters",
                "hold U+FFFD, where letters were lost for good",
                "Export again as UTF-8; what was lost cannot be brought back.",
            ),
        ):
            if marks.count:
                many = marks.count >= DAMAGED_SHARE * self._rows
                yield marks.finding(
                    "blocker" if many else "warning",
                    code,
                    f"{marks.count:,} messages ({percent(marks.count, self._rows)}) {what}.",
                    fix,
                )
        if self._nul.count:
            yield self._nul.finding(
                "warning",
                "nul_characters",
                f"{self._nul.count:,} messages hold NUL characters; cleaning drops them, serving "
                "refuses them.",
                "Remove them: tr -d '\\000' < IN > OUT; if every second character is NUL, the file "
                "is UTF-16: iconv -f UTF-16 -t UTF-8 IN > OUT.",
            )


def is_garbled(text: str) -> bool:
    """Tell whether a text shows signs of being read in the wrong code page.

    Letters of Europe by the sequences that ftfy knows; Chinese by bytes that make sense as UTF-8.
    """
    return bool(is_bad(text)) or _is_misread_han(text)


def _is_misread_han(text: str) -> bool:
    """Tell whether Chinese is UTF-8 that was read as GBK: most of its bytes are UTF-8 again."""
    foreign = "".join(char for char in text[:READ] if char > "\x7f")
    if sum("\u3400" <= char <= "\u9fff" for char in foreign) < MIN_HAN:
        return False
    raw = foreign.encode("gb18030", "ignore")
    again = raw.decode("utf-8", "ignore")
    return UTF8_BYTES * sum(char >= "\u0800" for char in again) > len(raw) / 2
