"""Put a bundle live through the gate, and take it back."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triage.bundle.gate import Breach, Figures, Gate, Sides, judge, recorded
from triage.bundle.moves import Move, Signature, move
from triage.bundle.registry import CHALLENGER, CHAMPION, PREVIOUS, Registry
from triage.bundle.store import Bundle, check_golden, load_bundle
from triage.errors import BundleError, BundleNotFoundError, EncoderError, GateError
from triage.labeling.heads import Head, LexicalWeights

Pair = tuple[NDArray[np.floating], NDArray[np.floating]]
Measure = Callable[[Bundle], Figures]
"""Measures a loaded bundle; the recorded test metrics are read where there is none."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where bundles are looked at before they may answer.

    Args:
        registry: The bundles and their aliases.
        encoders: Folder of the shared encoders.
        gate: Bounds that must be kept.
        profile: Profile that the service is set to, which the bundle must have; any where None.
    """

    registry: Registry
    encoders: Path
    gate: Gate
    profile: str | None = None


def promote(
    bench: Bench,
    name: str,
    signature: Signature,
    *,
    expected: str | None = None,
    measure: Measure | None = None,
) -> Move | None:
    """Make a bundle the champion if the gate lets it; the champion becomes ``previous``.

    The champion it is compared with must still be there when the alias moves.

    Args:
        bench: Registry and gate.
        name: Id or alias of the bundle.
        signature: Who, why, and the rules that they waive.
        expected: Id of the champion that the caller saw; the one now where None.
        measure: Measures both bundles on the same rows; recorded figures are compared where None.

    Returns:
        The move; None when the bundle is the champion already.

    Raises:
        BundleNotFoundError: When the registry has no such bundle.
        GateError: When the gate refuses; the error holds every reason.
        AliasMovedError: When the champion is or becomes another.
        StoreError: When the aliases cannot be written.
    """
    bundle, aliases = bench.registry.bundle_id(name), bench.registry.aliases()
    if bundle == (champion := aliases.get(CHAMPION)):
        return None
    if expected in (None, champion):
        breaches = examine(bench, bundle, champion, measure)
        _refuse(bundle, [one for one in breaches if one.rule not in signature.waived])
    changes: dict[str, str | None] = {CHAMPION: bundle, PREVIOUS: champion}
    if aliases.get(CHALLENGER) == bundle:
        changes[CHALLENGER] = None
    seen = {CHAMPION: expected or champion}
    return move(bench.registry, "promote", CHAMPION, changes, seen, signature)


def challenge(bench: Bench, name: str, signature: Signature) -> Move | None:
    """Make a whole bundle the challenger, whatever its figures; None when it is that already.

    Raises:
        BundleNotFoundError: When the registry has no such bundle.
        GateError: When the bundle is not whole or does not answer as it did.
        AliasMovedError: When somebody else names a challenger meanwhile.
        StoreError: When the aliases cannot be written.
    """
    bundle, now = bench.registry.bundle_id(name), bench.registry.aliases().get(CHALLENGER)
    if bundle == now:
        return None
    _refuse(bundle, _load(bench, bundle)[1])
    changes = {CHALLENGER: bundle}
    return move(bench.registry, "challenge", CHALLENGER, changes, {CHALLENGER: now}, signature)


def dismiss(bench: Bench, signature: Signature) -> Move | None:
    """Take the alias of the challenger away; None when there is none.

    Raises:
        AliasMovedError: When somebody else names a challenger meanwhile.
        StoreError: When the aliases cannot be written.
    """
    now = bench.registry.aliases().get(CHALLENGER)
    if now is None:
        return None
    changes: dict[str, str | None] = {CHALLENGER: None}
    return move(bench.registry, "challenge", CHALLENGER, changes, {CHALLENGER: now}, signature)


def rollback(bench: Bench, signature: Signature, *, expected: str | None = None) -> Move:
    """Make the previous bundle the champion again.

    ``previous`` is empty afterwards, so that a second rollback by somebody in a hurry cannot bring
    the bad bundle back.

    Args:
        bench: Registry; its gate asks only that the bundle is whole and answers as it did.
        signature: Who and why.
        expected: Id of the champion to take back; the one now where None.

    Raises:
        BundleNotFoundError: When there is no previous bundle, or its folder is gone.
        GateError: When the previous bundle is not whole; the champion stays.
        AliasMovedError: When the champion is another than expected.
        StoreError: When the aliases cannot be written.
    """
    aliases = bench.registry.aliases()
    champion, previous = aliases.get(CHAMPION), aliases.get(PREVIOUS)
    seen = {CHAMPION: expected or champion, PREVIOUS: previous}
    if previous is None and expected in (None, champion):
        raise BundleNotFoundError(
            "There is no previous bundle to go back to.",
            fix="`triage models list` shows all; promote the one you want.",
        )
    if previous is not None:
        _refuse(previous, _load(bench, bench.registry.bundle_id(previous))[1])
    changes: dict[str, str | None] = {CHAMPION: previous, PREVIOUS: None}
    return move(bench.registry, "rollback", CHAMPION, changes, seen, signature)


def examine(
    bench: Bench, bundle: str, champion: str | None, measure: Measure | None = None
) -> list[Breach]:
    """List every rule of the gate that a bundle breaks.

    A champion that is gone or broken is nothing to compare with: what replaces it needs to be good
    by itself only.
    """
    loaded, breaches = _load(bench, bundle)
    if loaded is None:
        return breaches
    old = _load(bench, champion)[0] if champion else None
    try:
        figures = measure(loaded) if measure else recorded(loaded.folder)
    except BundleError as error:
        return [*breaches, Breach("seal", error.problem)]
    sides = Sides(figures, None, _labels(loaded), {}, ())
    if old is not None:
        before = measure(old) if measure else _recorded_or_none(old)
        sides = Sides(figures, before, _labels(loaded), _labels(old), _unchanged(loaded, old))
    return [*breaches, *judge(bench.gate, sides)]


def _load(bench: Bench, bundle: str) -> tuple[Bundle | None, list[Breach]]:
    """Load a bundle; where it cannot be, or answers otherwise than it did, say why."""
    try:
        loaded = load_bundle(bench.registry.find(bundle), bench.encoders, golden=False)
    except (BundleError, EncoderError) as error:
        return None, [Breach("seal", error.problem)]
    breaches: list[Breach] = []
    try:
        check_golden(loaded)
    except BundleError as error:
        breaches.append(Breach("golden", error.problem))
    if bench.profile and bench.profile not in loaded.manifest.profiles:
        text = f"it has no profile {bench.profile}, which the service is set to"
        breaches.append(Breach("profile", text))
    return loaded, breaches


def _recorded_or_none(bundle: Bundle) -> Figures | None:
    try:
        return recorded(bundle.folder)
    except BundleError:
        return None


def _labels(bundle: Bundle) -> dict[str, tuple[str, ...]]:
    taxonomy = bundle.manifest.taxonomy
    return {task: taxonomy.labels(task) for task in taxonomy.tasks}


def _unchanged(new: Bundle, old: Bundle) -> list[str]:
    """List the tasks whose top label is computed from the same numbers in both bundles."""
    mine, theirs = new.manifest, old.manifest
    same = (
        {name: ref.fingerprint for name, ref in mine.encoders.items()}
        == {name: ref.fingerprint for name, ref in theirs.encoders.items()}
        and all(
            spec.routes == theirs.profiles[name].routes
            for name, spec in mine.profiles.items()
            if name in theirs.profiles
        )
        and (mine.lexical.shortest, mine.lexical.longest)
        == (theirs.lexical.shortest, theirs.lexical.longest)
    )
    if not same:
        return []
    return [
        task
        for task in mine.taxonomy.tasks
        if task in theirs.taxonomy.tasks
        and mine.taxonomy.tasks[task] == theirs.taxonomy.tasks[task]
        and _equal(new.heads.heads[task], old.heads.heads[task])
    ]


def _equal(one: Head, other: Head) -> bool:
    parts = (
        (one.dense, other.dense),
        (one.bias, other.bias),
        *_lexical(one.lexical, other.lexical),
    )
    return (one.lexical is None) == (other.lexical is None) and all(
        np.array_equal(a, b) for a, b in parts
    )


def _lexical(one: LexicalWeights | None, other: LexicalWeights | None) -> list[Pair]:
    if one is None or other is None:
        return []
    return [(one.weights, other.weights), (one.idf, other.idf)]


def _refuse(bundle: str, breaches: Collection[Breach]) -> None:
    if breaches:
        reasons = "; ".join(f"[{one.rule}] {one.text}" for one in breaches)
        raise GateError(
            f"{len(breaches)} {'reason' if len(breaches) == 1 else 'reasons'} against {bundle}: "
            f"{reasons}.",
            fix="The champion stays; --waive RULE with --why sets a rule aside.",
        )
