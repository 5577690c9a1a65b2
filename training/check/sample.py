"""An even sample of rows for looks that cost too much for all of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from training.check.finding import Finding, about, percent

BOUND = 10_000
"""Rows that are looked at in the least; up to twice as many, all are."""
UNSUPPORTED, DISAGREE = 0.01, 0.02
"""Shares of rows from which a warning is due."""
FEW = 50
"""Fewest rows of a language whose figures say something."""
MIN_MIX = 0.005
SECRETS = frozenset({"secret", "card", "iban", "cpr", "cnp", "cn_id"})
"""Kinds of personal data that open an account or name a person for life."""
_NAMES = {
    "secret": "passwords and keys",
    "card": "card numbers",
    "iban": "IBANs",
    "cpr": "Danish personal numbers",
    "cnp": "Romanian personal codes",
    "cn_id": "Chinese identity numbers",
    "email": "e-mail addresses",
    "phone": "telephone numbers",
    "url": "personal links",
    "ip": "net addresses",
}


class Glance(NamedTuple):
    """What a closer look at a row found: no text, only kinds and hashes."""

    at: int
    key: int
    language: str
    supported: bool
    sure: bool
    declared: str
    personal: tuple[str, ...]
    greets: bool
    placeholder: bool
    edges: tuple[int, int]


class Sample:
    """Every row at first; every second, fourth, ... once there are many.

    When twice the bound is reached, every second glance is dropped, so that those kept are always
    spread evenly over what was read, whose length nobody knows beforehand.

    Args:
        look: Looks closer at a row.
        bound: Glances kept in the least.
    """

    def __init__(self, bound: int = BOUND) -> None:
        self.step = 1
        self.glances: list[Glance] = []
        self._bound = bound

    def add(self, at: int, look: Callable[[], Glance]) -> None:
        """Look at a row if it is of the sample."""
        if at % self.step:
            return
        self.glances.append(look())
        if len(self.glances) >= 2 * self._bound:
            self.step *= 2
            self.glances = [glance for glance in self.glances if not glance.at % self.step]


def languages(glances: Sequence[Glance]) -> Iterator[Finding]:
    """Find languages that the encoders do not know, mixes, and declarations that seem wrong."""
    total = len(glances)
    strange = [glance for glance in glances if not glance.supported]
    if strange:
        told = _told(Counter(glance.language for glance in strange))
        yield about(
            "warning" if len(strange) >= UNSUPPORTED * total else "note",
            "unsupported_language",
            f"{len(strange):,} of {total:,} messages looked at ({percent(len(strange), total)}) "
            f"are in languages that the shipped encoders do not know ({told}).",
            "Drop them, or fit with an encoder that knows them: --encoder FOLDER or HUB-NAME",
            [glance.at for glance in strange],
        )
    known = Counter(glance.language for glance in glances if glance.supported)
    common = {code: n for code, n in known.items() if n >= max(2, MIN_MIX * total)}
    if len(common) > 1:
        few = [code for code, n in common.items() if n < FEW]
        told = _told(Counter(common))
        unsure = f"; figures for {', '.join(sorted(few))} will be unsure" if few else ""
        yield Finding(
            "note",
            "language_mix",
            f"Messages come in {len(common)} languages ({told}){unsure}.",
            f"Compare the figures per language; label more of those with fewer than {FEW} rows."
            if few
            else "Compare the figures per language in the report.",
        )
    wrong = [g for g in glances if g.sure and g.declared and g.declared != g.language]
    if len(wrong) >= max(1, DISAGREE * total):
        yield about(
            "warning",
            "language_disagrees",
            f"{len(wrong):,} of {total:,} messages looked at ({percent(len(wrong), total)}) are "
            "clearly in another language than the export declares.",
            "Check the column of --language (codes such as en or da-DK), or leave it out: "
            "--language ''",
            [glance.at for glance in wrong],
        )


def personal_data(glances: Sequence[Glance]) -> Iterator[Finding]:
    """Count personal data by kind, without ever repeating any."""
    yield from _personal(
        glances,
        secret=True,
        fix="Replace them before you share the export, and change passwords that still work; the "
        "bundle keeps no messages.",
    )
    yield from _personal(
        glances,
        secret=False,
        fix="Keep the export where only those read it who may read tickets; the bundle keeps no "
        "messages.",
    )


def _personal(glances: Sequence[Glance], *, secret: bool, fix: str) -> Iterator[Finding]:
    kinds = [[kind for kind in g.personal if (kind in SECRETS) is secret] for g in glances]
    rows = [g.at for g, found in zip(glances, kinds, strict=True) if found]
    if rows:
        counts = Counter(_NAMES[kind] for found in kinds for kind in found)
        yield about(
            "warning" if secret else "note",
            "secrets" if secret else "personal_data",
            f"{len(rows):,} of {len(glances):,} messages looked at hold personal data (messages by "
            f"kind: {_told(counts)}).",
            fix,
            rows,
        )


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common(8))
