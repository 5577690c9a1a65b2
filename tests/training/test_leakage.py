"""Whatever the rows, nothing leaks over a split."""

from typing import Literal

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.builders import examples_of
from training.config import SplitConfig
from training.datasets import Examples, Rows
from training.neighbours import near_pairs
from training.split import instants, split
from triage.errors import ExportError

TEXTS = (
    "my parcel with the blue jacket was to come on Monday, but nobody rang the bell",
    "Hello, my parcel with the blue jacket was to come on Monday, but nobody rang the bell",
    "the app shows a blank page when I open the cart, and closes itself after some time",
    "the app shows a blank page when I open the cart, and closes itself after 5 minutes",
    *(f"a message of its own, {2 * chr(97 + i)} and {3 * chr(122 - i)}" for i in range(16)),
)
NEAR = {(a, b) for a in TEXTS for b in TEXTS if len(near_pairs([a, b]).left)}

row = st.tuples(
    st.sampled_from("xyz"),
    st.integers(0, 12),
    st.sampled_from(TEXTS),
    st.integers(0, 30),
    st.sampled_from(["Z", "+02:00", "-11:30", ""]),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(row, min_size=2, max_size=60),
    st.sampled_from([None, "time", "group"]),
    st.floats(0.05, 0.6),
    st.floats(0.05, 0.35),
    st.integers(0, 2),
)
def test_nothing_leaks(
    rows: list[tuple[str, int, str, int, str]],
    by: Literal["time", "group"] | None,
    test_share: float,
    calibration_share: float,
    seed: int,
) -> None:
    """Parts are disjoint and whole, no cluster is on two sides, and no test row is the older."""
    examples = examples_of(
        [
            {
                "text": text,
                "kind": kind,
                "group": f"g{group}",
                "time": f"2026-05-{day + 1:02d}T12{z}",
            }
            for kind, group, text, day, z in rows
        ],
        ["kind"],
    )
    try:
        sides = split(examples, SplitConfig(by, test_share, calibration_share), seed)
    except ExportError:
        assume(False)

    parts = (sides.train, sides.calibration, sides.tied, sides.test, sides.left_out)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    assert len(sides.train)
    assert len(sides.test)
    assert_apart(examples, sides.fitted, sides.test)
    assert_apart(examples, sides.train, sides.calibration)
    assert sides.by == (by or "time")
    if sides.by == "time":
        moments = instants(examples)
        assert len(sides.calibration)
        assert moments[sides.train].max() < moments[sides.calibration].min()
        assert moments[sides.fitted].max() < moments[sides.test].min()


def assert_apart(examples: Examples, left: Rows, right: Rows) -> None:
    """Assert that two sides share no requester and no near-duplicate, pair by pair."""
    groups = [{examples.groups[i] for i in side} for side in (left, right)]
    assert groups[0].isdisjoint(groups[1])
    texts = [{examples.texts[i] for i in side} for side in (left, right)]
    assert not [pair for pair in NEAR if pair[0] in texts[0] and pair[1] in texts[1]]
