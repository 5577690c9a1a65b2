"""Bundles go live through the gate and come back in one step."""

import shutil
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest

from tests.builders import flip
from tests.unit.bundle.conftest import Copy
from triage.bundle.gate import Figures, Gate
from triage.bundle.moves import Signature, history
from triage.bundle.promotion import Bench, challenge, promote, rollback
from triage.bundle.store import Bundle
from triage.errors import AliasMovedError, BundleNotFoundError, GateError

SIGNED = Signature("a17", "a reason")


def worse(metrics: dict[str, Any]) -> None:
    """Record a poor calibration in every profile."""
    for tasks in metrics["profiles"].values():
        for report in tasks.values():
            report["ece"] = 1.5


def test_good_bundle_becomes_champion_and_the_old_one_previous(bench: Bench, copy: Copy) -> None:
    """A bundle with the champion's own heads passes, and the record has its line."""
    copy("second")

    done = promote(bench, "second", SIGNED)

    assert done is not None
    assert (done.before, done.bundle, done.who) == ("starter", "second", "a17")
    assert bench.registry.aliases() == {"champion": "second", "previous": "starter"}
    assert history(bench.registry) == (done,)


def test_champion_needs_no_promotion(bench: Bench) -> None:
    """Asking again changes nothing and records nothing."""
    assert promote(bench, "starter", SIGNED, expected="starter") is None
    assert promote(bench, "champion", SIGNED) is None
    assert history(bench.registry) == ()


@pytest.mark.parametrize("name", ["nobody", "/etc", "../starter", "", "x" * 5_000])
def test_unknown_bundle_is_refused(bench: Bench, name: str) -> None:
    """Names that the registry does not list are not looked for elsewhere."""
    with pytest.raises(BundleNotFoundError, match="no bundle of that name"):
        promote(bench, name, SIGNED)


@pytest.mark.parametrize("part", ["manifest.json", "heads.safetensors", "metrics.json"])
def test_tampered_bundle_is_refused_and_the_champion_stays(
    bench: Bench, copy: Copy, part: str
) -> None:
    """One bit anywhere breaks the seal, and no waiver mends it."""
    flip(copy("second") / part)

    with pytest.raises(GateError, match=r"1 reason against second: \[seal\]"):
        promote(bench, "second", replace(SIGNED, waived=("f1", "answers", "ece", "latency")))

    assert bench.registry.aliases() == {"champion": "starter"}
    assert history(bench.registry) == ()


def test_gate_tells_every_reason(bench: Bench, copy: Copy) -> None:
    """A missing profile and poor figures are told together."""
    copy("second", worse)
    strict = replace(bench, gate=Gate(max_ece=1.0, max_latency_ms=1e-9), profile="huge")

    with pytest.raises(GateError) as caught:
        promote(strict, "second", SIGNED)

    for part in ("9 reasons", "[profile]", "[ece] task category", "[latency]", "champion stays"):
        assert part in str(caught.value)


def test_waived_rule_is_set_aside_and_recorded(bench: Bench, copy: Copy) -> None:
    """A person may go on with a reason; the record keeps which rule."""
    copy("second", worse)
    with pytest.raises(GateError):
        promote(bench, "second", SIGNED)

    done = promote(bench, "second", replace(SIGNED, waived=("ece",)))

    assert done is not None
    assert done.waived == ("ece",)


def test_measured_figures_are_compared_instead_of_recorded_ones(bench: Bench, copy: Copy) -> None:
    """Both bundles are measured by the same hand."""
    copy("second", worse)
    seen = []

    def measure(bundle: Bundle) -> Figures:
        seen.append(bundle.id)
        return Figures(profiles={})

    assert promote(bench, "second", SIGNED, measure=measure) is not None
    assert seen == ["second", "starter"]


def test_champion_other_than_expected_is_refused_before_any_work(bench: Bench, copy: Copy) -> None:
    """Whoever looked at another champion decides again."""
    copy("second")

    with pytest.raises(AliasMovedError, match="champion is starter"):
        promote(bench, "second", SIGNED, expected="third")


def test_of_two_promotions_measured_against_one_champion_one_wins(bench: Bench, copy: Copy) -> None:
    """Both pass the gate, and the alias still names the champion they saw for one only."""
    copy("second")
    copy("third")
    both_measured = Barrier(2, timeout=20)
    outcomes: list[str] = []

    def measure(bundle: Bundle) -> Figures:
        if bundle.id == "starter":
            both_measured.wait()
        return Figures(profiles={})

    def run(name: str) -> None:
        try:
            promote(bench, name, SIGNED, measure=measure)
            outcomes.append(name)
        except AliasMovedError:
            outcomes.append("refused")

    threads = [Thread(target=run, args=(name,)) for name in ("second", "third")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert min(outcomes) == "refused"
    assert bench.registry.aliases()["champion"] == max(outcomes)
    assert len(history(bench.registry)) == 1


def test_rollback_brings_the_previous_bundle_back_once(bench: Bench, copy: Copy) -> None:
    """A second rollback in a hurry finds none, and the bad bundle does not come back."""
    copy("second")
    promote(bench, "second", SIGNED)

    done = rollback(bench, SIGNED)

    assert (done.action, done.before, done.bundle) == ("rollback", "second", "starter")
    assert bench.registry.aliases() == {"champion": "starter"}
    with pytest.raises(BundleNotFoundError, match="no previous bundle"):
        rollback(bench, SIGNED)
    with pytest.raises(AliasMovedError):
        rollback(bench, SIGNED, expected="second")


def test_vanished_previous_bundle_leaves_the_champion(bench: Bench, copy: Copy) -> None:
    """There is nothing to go back to, and nothing moves."""
    copy("second")
    third = copy("third")
    promote(bench, "third", SIGNED)
    promote(bench, "second", SIGNED)
    shutil.rmtree(third)

    with pytest.raises(BundleNotFoundError):
        rollback(bench, SIGNED)

    assert bench.registry.aliases() == {"champion": "second", "previous": "third"}


def test_tampered_previous_bundle_leaves_the_champion(bench: Bench, copy: Copy) -> None:
    """A rollback goes to a whole bundle or nowhere."""
    third = copy("third")
    copy("second")
    promote(bench, "third", SIGNED)
    promote(bench, "second", SIGNED)
    flip(third / "heads.safetensors")

    with pytest.raises(GateError, match="seal"):
        rollback(bench, SIGNED)

    assert bench.registry.aliases()["champion"] == "second"


def test_broken_champion_can_be_replaced(bench: Bench, copy: Copy) -> None:
    """What replaces a champion that is gone needs to be good by itself only."""
    second = copy("second")
    copy("third")
    promote(bench, "second", SIGNED)
    shutil.rmtree(second)

    done = promote(bench, "third", SIGNED)

    assert done is not None
    assert done.before == "second"


def test_challenger_needs_to_be_whole_and_answers_nobody(bench: Bench, copy: Copy) -> None:
    """Poor figures do not matter to a challenger; once promoted it is none any more."""
    copy("second")
    flip(copy("third") / "heads.safetensors")

    assert challenge(bench, "second", SIGNED) is not None
    assert challenge(bench, "second", SIGNED) is None
    assert bench.registry.aliases() == {"champion": "starter", "challenger": "second"}
    with pytest.raises(GateError, match="seal"):
        challenge(bench, "third", SIGNED)

    promote(bench, "challenger", SIGNED)

    assert bench.registry.aliases() == {"champion": "second", "previous": "starter"}
