"""Aliases move by compare-and-swap, with a record of every move."""

import fcntl
import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from triage.bundle import moves
from triage.bundle.moves import LOCK, LOG, Move, Signature, history, move
from triage.bundle.registry import Registry
from triage.errors import AliasMovedError, CorruptBundleError, StoreError

NOBODY = 65_534
SIGNED = Signature("a17", "a reason")
RACERS = 8


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Build a registry whose shipped champion is the starter."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "aliases.json").write_text('{"champion": "starter"}', encoding="utf-8")
    return Registry(tmp_path / "home", tmp_path / "models")


def promoted(registry: Registry, bundle: str, seen: str | None = "starter") -> Move:
    """Make a bundle the champion if the champion is the one seen."""
    changes = {"champion": bundle, "previous": seen}
    return move(registry, "promote", "champion", changes, {"champion": seen}, SIGNED)


def race(registry: Registry, number: int, won: str) -> None:
    """Promote a bundle of one's own the moment the others do too."""
    try:
        promoted(registry, f"bundle-{number}")
    except AliasMovedError:
        return
    (Path(won) / str(number)).touch()


def test_champion_that_moved_meanwhile_is_refused(registry: Registry) -> None:
    """Nothing is changed or recorded, and the error says who is champion."""
    promoted(registry, "first")

    with pytest.raises(AliasMovedError, match="champion is first by now"):
        promoted(registry, "second")

    assert registry.aliases() == {"champion": "first", "previous": "starter"}
    assert [one.bundle for one in history(registry)] == ["first"]


def test_alias_that_nobody_had_is_compared_too(registry: Registry) -> None:
    """None as expectation means that the alias was not there."""
    move(registry, "challenge", "challenger", {"challenger": "a"}, {"challenger": None}, SIGNED)

    with pytest.raises(AliasMovedError):
        move(registry, "challenge", "challenger", {"challenger": "b"}, {"challenger": None}, SIGNED)


def test_of_processes_that_promote_at_once_one_wins(registry: Registry, tmp_path: Path) -> None:
    """Eight processes saw the same champion; one moves the alias, and the record has its line."""
    won = tmp_path / "won"
    won.mkdir()
    context = multiprocessing.get_context("fork")
    racers = [
        context.Process(target=race, args=(registry, number, str(won))) for number in range(RACERS)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(20)

    winners = [path.name for path in won.iterdir()]
    assert [racer.exitcode for racer in racers] == [0] * RACERS
    assert len(winners) == 1
    assert registry.aliases()["champion"] == f"bundle-{winners[0]}"
    assert [one.bundle for one in history(registry)] == [f"bundle-{winners[0]}"]


def test_record_tells_who_what_when_and_why(registry: Registry) -> None:
    """Lines are only ever added, and each says what the alias named before."""
    promoted(registry, "first")
    first = (registry.home / LOG).read_bytes()
    waived = replace(SIGNED, waived=("f1",))
    back = {"champion": "starter", "previous": None}
    move(registry, "rollback", "champion", back, {"champion": "first"}, waived)

    one, other = history(registry)

    assert (registry.home / LOG).read_bytes().startswith(first)
    assert (one.action, one.alias, one.before, one.bundle) == (
        "promote", "champion", "starter", "first",
    )  # fmt: skip
    assert (one.who, one.why, one.via, one.waived) == ("a17", "a reason", "command", ())
    assert (other.action, other.before, other.waived) == ("rollback", "first", ("f1",))
    assert one.at <= other.at
    assert "previous" not in registry.aliases()


def test_line_torn_by_a_crash_is_passed_over_and_closed_off(registry: Registry) -> None:
    """Half a line at the end spoils neither the lines before nor those after it."""
    promoted(registry, "first")
    with (registry.home / LOG).open("ab") as stream:
        stream.write(b'{"at": "2026')
    promoted(registry, "second", "first")

    assert [one.bundle for one in history(registry)] == ["first", "second"]


def test_registry_without_moves_has_an_empty_record(registry: Registry) -> None:
    """Nothing is made by looking."""
    assert history(registry) == ()
    assert not registry.home.exists()


def test_broken_alias_file_is_left_alone(registry: Registry) -> None:
    """What cannot be read is not written over."""
    registry.home.mkdir()
    (registry.home / "aliases.json").write_text("{", encoding="utf-8")

    with pytest.raises(CorruptBundleError, match=r"aliases\.json"):
        promoted(registry, "first")

    assert history(registry) == ()


def test_move_that_cannot_be_written_is_undone_in_the_record(registry: Registry) -> None:
    """The record says so, and the aliases are those of before."""
    (registry.home / "aliases.part").mkdir(parents=True)

    with pytest.raises(StoreError, match="aliases"):
        promoted(registry, "first")

    assert registry.aliases() == {"champion": "starter"}
    assert [one.action for one in history(registry)] == ["promote", "undone"]


def test_move_without_a_record_does_not_happen(registry: Registry) -> None:
    """Where the record cannot be written, the alias stays."""
    (registry.home / LOG).mkdir(parents=True)

    with pytest.raises(StoreError, match="cannot be written"):
        promoted(registry, "first")
    with pytest.raises(StoreError, match="cannot be read"):
        history(registry)

    assert registry.aliases() == {"champion": "starter"}


def test_lock_that_is_never_given_back_is_named(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait has an end, and the error says what to look for."""
    monkeypatch.setattr(moves, "WAIT_S", 0.05)
    registry.home.mkdir()
    with (registry.home / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="locked"):
            promoted(registry, "first")

    assert promoted(registry, "first").bundle == "first"


@pytest.fixture
def read_only() -> Iterator[Registry]:
    """Build a registry whose home may not be written; root becomes somebody without rights."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        home = Path(name) / "home"
        home.mkdir()
        home.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)
        try:
            yield Registry(home, Path(name))
        finally:
            if root:
                os.seteuid(0)
            home.chmod(0o755)


def test_read_only_home_is_named_and_nothing_moves(read_only: Registry) -> None:
    """The error names the folder and the setting."""
    with pytest.raises(StoreError, match="home cannot be written") as caught:
        promoted(read_only, "first", None)

    assert caught.value.field == "TRIAGE_HOME"
    assert read_only.aliases() == {}
