"""The commands ``triage accounts``: add, list, password, remove."""

import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from triage.access.accounts import Account, verify
from triage.cli import main
from triage.storage.store import Store

Run = Callable[..., tuple[int, str, str]]
GOOD = "four words chosen at random"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line with a password on the standard input."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, password: str = GOOD) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["triage", "accounts", *arguments])
        monkeypatch.setattr(sys, "stdin", StringIO(f"{password}\n"))
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out.strip(), " ".join(printed.err.split())

    return call


def stored(folder: Path) -> list[Account]:
    """List the accounts of the store."""
    with Store.open(f"sqlite:///{folder / 'triage.db'}") as store:
        return list(store.accounts.list_accounts())


@pytest.mark.parametrize(
    ("arguments", "password", "named"),
    [
        (("add", "anna", "--role", "root"), GOOD, "agent, lead, admin"),
        (("add", "  "), GOOD, "NAME"),
        (("add", "anna", "--brand", ""), GOOD, "--brand"),
        (("add", "anna"), "short", "12 to 256"),
        (("add", "anna"), "", "12 to 256"),
        (("password", "anna"), GOOD, "no account"),
        (("remove", "anna"), GOOD, "no account"),
    ],
)
def test_wrong_use_changes_nothing(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], password: str, named: str
) -> None:
    """It is refused with exit code 2, and no password is printed."""
    given = ("--password-stdin",) if arguments[0] != "remove" else ()
    code, out, err = run(*arguments, *given, password=password)

    assert code == 2
    assert named in err
    assert not password or password not in out + err
    assert stored(tmp_path) == []


def test_an_account_from_beginning_to_end(run: Run, tmp_path: Path) -> None:
    """Added, listed, given another password and removed, by any spelling of its name."""
    added = run("add", "Anna", "--role", "lead", "--brand", "kvistholm", "--password-stdin")
    twice = run("add", "ANNA", "--password-stdin")
    first = stored(tmp_path)[0]
    listed = run("list")
    run("password", "anna ", "--password-stdin", password=f"{GOOD} anew")
    second = stored(tmp_path)[0]
    removed = run("remove", "anna")

    assert (added[0], twice[0], removed[0]) == (0, 2, 0)
    assert "exists" in twice[2]
    assert (first.name, first.role, first.brand) == ("anna", "lead", "kvistholm")
    assert all(word in listed[1] for word in ("anna", "lead", "kvistholm"))
    assert first.password not in listed[1]
    assert verify(f"{GOOD} anew", second.password)
    assert not verify(GOOD, second.password)
    assert stored(tmp_path) == []
