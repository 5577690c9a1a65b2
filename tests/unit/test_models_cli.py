"""The commands ``triage models``: list, promote, rollback."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import copied_bundle, flip
from triage.cli import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, bundle_folder: Path) -> Path:
    """Build a home with a second bundle and a gate that lets the tiny ones in."""
    home = tmp_path / "home"
    copied_bundle(bundle_folder, home / "bundles" / "second")
    (tmp_path / "gate.toml").write_text("[gate]\nmax_ece = 1.0\n", encoding="utf-8")
    return home


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    home: Path,
    bundle_folder: Path,
) -> Run:
    """Run the command line in this process; return the exit code and all that was printed."""
    monkeypatch.setenv("TRIAGE_HOME", str(home))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("TRIAGE_GATE", str(home.parent / "gate.toml"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["triage", "models", *(str(a) for a in arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        shown = capsys.readouterr()
        return int(caught.value.code or 0), " ".join((shown.out + shown.err).split())

    return call


def test_wrong_use_exits_with_two(run: Run) -> None:
    """Unknown bundles and rules, waivers without a reason and empty rollbacks are wrong use."""
    assert run("promote", "nobody")[0] == 2
    assert run("promote", "second", "--waive", "seal", "--why", "hurry")[0] == 2
    assert "--why" in run("promote", "second", "--waive", "f1")[1]
    code, shown = run("rollback")
    assert code == 2
    assert "no previous bundle" in shown


def test_failed_gate_exits_with_one_and_its_reasons(run: Run, home: Path) -> None:
    """What is not whole is refused, as champion and as challenger."""
    flip(home / "bundles" / "second" / "heads.safetensors")

    for arguments in (("promote", "second"), ("promote", "second", "--challenger")):
        code, shown = run(*arguments)

        assert code == 1
        assert "gate_failed:" in shown
        assert "[seal]" in shown
        assert "Traceback" not in shown


def test_live_and_back_in_one_command_each(run: Run) -> None:
    """Every move is shown with who and why, and the list tells where things stand."""
    assert run("promote", "second", "--challenger")[0] == 0
    code, moved = run("promote", "second", "--who", "a17", "--why", "new intents")
    listed = run("list")[1]
    again = run("promote", "second")
    back = run("rollback", "--who", "a18", "--expected", "second")

    assert code == 0
    assert "promote champion starter -> second by a17 (command): new intents" in moved
    assert "starter │ previous" in listed
    assert "second │ champion" in listed
    assert "promote champion starter -> second by a17" in listed
    assert again == (0, "second is the champion already")
    assert back[0] == 0
    assert "rollback champion second -> starter by a18" in back[1]
    assert run("rollback")[0] == 2


def test_stale_look_is_refused(run: Run) -> None:
    """Whoever saw another champion decides again."""
    code, shown = run("promote", "second", "--expected", "third")

    assert code == 2
    assert "alias_moved:" in shown


def test_lost_bundle_is_listed_as_gone(run: Run, home: Path) -> None:
    """An alias of no bundle is told, not hidden."""
    (home / "aliases.json").write_text('{"previous": "gone"}', encoding="utf-8")

    code, shown = run("list")

    assert code == 0
    assert "previous names gone, which is not there" in shown


@pytest.mark.parametrize("command", ["list", "promote", "rollback"])
def test_help_shows_an_example(run: Run, command: str) -> None:
    """Every command explains itself with an example."""
    code, shown = run(command, "--help")

    assert code == 0
    assert f"Example: triage models {command}" in shown


def test_challenger_comes_and_goes(run: Run) -> None:
    """A challenger is named and taken away by one command each; doing it twice does nothing."""
    named = run("challenge", "second", "--who", "a17")
    again = run("challenge", "second")
    gone = run("challenge", "--none", "--who", "a17")
    none = run("challenge", "--none")

    assert named[0] == again[0] == gone[0] == none[0] == 0
    assert "challenge challenger none -> second by a17" in named[1]
    assert "second is the challenger already" in again[1]
    assert "challenge challenger second -> none by a17" in gone[1]
    assert "no bundle is the challenger already" in none[1]


def test_challenge_takes_a_bundle_or_none(run: Run) -> None:
    """Neither, both, or a bundle that is not there, is wrong use."""
    assert run("challenge")[0] == 2
    assert run("challenge", "second", "--none")[0] == 2
    assert run("challenge", "nobody")[0] == 2
