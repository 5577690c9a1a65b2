"""What every section of the harness works on, and how it lays out rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.quality.harness.cases import Case
from tests.quality.harness.figures import Outcomes, ask
from tests.quality.harness.service import Service
from tests.quality.harness.tables import Figures, Row
from triage.settings import Settings

ALL = "all"


@dataclass(frozen=True, slots=True)
class Bench:
    """The service under test and the data it is asked about.

    Args:
        service: The bundle in all its profiles.
        settings: Where data and encoders stand.
        own: Our held-out labelled messages.
        datasets: Folder of the public sets, or None.
        out: Folder that plots are written to.
    """

    service: Service
    settings: Settings
    own: tuple[Case, ...]
    datasets: Path | None
    out: Path

    def ask(self, task: str, cases: Sequence[Case]) -> dict[str, Outcomes]:
        """Ask every profile for one task."""
        return {name: ask(one, task, cases) for name, one in self.service.profiles.items()}

    @property
    def languages(self) -> list[str]:
        """Languages of our own messages."""
        return sorted({case.language for case in self.own})


NO_PUBLIC_SETS = "public sets (TRIAGE_DATASETS is not set)"


def rows_of(
    outcomes: Mapping[str, Outcomes],
    lead: Sequence[str],
    groups: Sequence[str],
    figures: Callable[[Outcomes], Figures],
) -> list[Row]:
    """Lay out figures for all rows together and for each group.

    Args:
        outcomes: Profile to its outcomes.
        lead: Leading keys of every row.
        groups: Group of each row.
        figures: What to compute.
    """
    names = np.asarray(groups)
    parts = [(ALL, np.ones(len(names), bool))]
    parts += [(name, names == name) for name in sorted(set(groups))]
    return [
        Row(
            (*lead, name),
            int(mask.sum()),
            {way: figures(one.take(mask)) for way, one in outcomes.items()},
        )
        for name, mask in parts
    ]
