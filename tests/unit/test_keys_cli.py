"""The commands ``triage keys``: create, list, revoke, rotate."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from triage.access.keys import SCOPES, ApiKey, present
from triage.cli import main
from triage.storage.store import Store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in this process; return the exit code and what was printed where."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["triage", "keys", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out.strip(), " ".join(printed.err.split())

    return call


def stored(folder: Path) -> tuple[ApiKey, ...]:
    """List the keys of the store."""
    with Store.open(f"sqlite:///{folder / 'triage.db'}") as store:
        return store.keys.list_keys()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--scope", "root"), "root"),
        (("--scope", "classify", "--expires", "soon"), "--expires"),
        (("--scope", "classify", "--rate", "often"), "--rate"),
        (("--scope", "classify", "--brand", ""), "--brand"),
        (("--scope", "models:promote", "--brand", "nordlys"), "all brands"),
        ((), "--scope"),
    ],
)
def test_wrong_use_makes_no_key(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    """What cannot be a key is refused with exit code 2, and nothing is printed to be copied."""
    code, out, err = run("create", "--name", "desk", *arguments)

    assert (code, out) == (2, "")
    assert named in err
    assert stored(tmp_path) == ()


def test_unknown_keys_cannot_be_revoked_or_rotated(run: Run) -> None:
    """An id that nobody has is wrong use."""
    for command in ("revoke", "rotate"):
        code, _, err = run(command, "nobody00")

        assert code == 2
        assert "triage keys list" in err


def test_key_is_printed_once_and_alone(run: Run, tmp_path: Path) -> None:
    """Standard output holds the key and nothing else; the list has no secret."""
    code, text, told = run(
        *("create", "--name", "desk", "--scope", "classify", "--scope", "feedback"),
        *("--brand", "nordlys", "--expires", "90d", "--rate", "10/second"),
    )
    listed = run("list")[1]
    (key,) = stored(tmp_path)

    assert code == 0
    assert present(text) == (key.id, key.digest)
    assert key.scopes == {"classify", "feedback"}
    assert (key.name, key.brand, key.rate) == ("desk", "nordlys", "10/second")
    assert key.expires_at is not None
    assert timedelta(days=89) < key.expires_at - datetime.now(UTC) <= timedelta(days=90)
    assert "not shown again" in told
    assert all(part in listed for part in (key.id, "desk", "nordlys", "10/second", "live until"))
    assert text[12:] not in f"{told}{listed}"
    assert key.digest not in f"{told}{listed}"


def test_revoked_key_stays_in_the_list(run: Run, tmp_path: Path) -> None:
    """It is taken back by its id, or by the key itself where somebody found it."""
    text = run("create", "--name", "desk", "--scope", "classify")[1]
    code, _, told = run("revoke", text)

    assert code == 0
    assert text not in told
    assert stored(tmp_path)[0].state(datetime.now(UTC)) == "revoked"
    assert "revoked" in run("list")[1]


def test_rotation_leaves_two_live_keys_for_the_overlap(run: Run, tmp_path: Path) -> None:
    """The successor is like the old key, which ends after the overlap."""
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    first = run("create", "--name", "desk", *scopes, "--expires", "30d", "--rate", "5/second")[1]
    code, second, told = run("rotate", first[4:12], "--overlap", "2h")
    old, new = stored(tmp_path)
    now = datetime.now(UTC)

    assert code == 0
    assert "ends" in told
    assert (old.state(now), new.state(now)) == ("live", "live")
    assert present(second) == (new.id, new.digest)
    assert (new.name, new.scopes, new.rate) == (old.name, old.scopes, old.rate)
    assert old.expires_at is not None
    assert new.expires_at is not None
    assert timedelta(hours=1, minutes=59) < old.expires_at - now <= timedelta(hours=2)
    assert timedelta(days=29) < new.expires_at - now <= timedelta(days=30)


def test_dead_key_is_not_rotated(run: Run, tmp_path: Path) -> None:
    """Whoever took a key back does not give out another by rotating it."""
    text = run("create", "--name", "desk", "--scope", "classify")[1]
    run("revoke", text[:12])
    code, out, err = run("rotate", text[4:12])

    assert (code, out) == (2, "")
    assert "revoked" in err
    assert len(stored(tmp_path)) == 1
