"""Move aliases by compare-and-swap, and keep a record of who moved what, when and why."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from triage.bundle.registry import Registry
from triage.errors import AliasMovedError, StoreError

LOG = "aliases.log"
LOCK = "aliases.lock"
WAIT_S = 5.0
"""Longest wait for another process that moves an alias; it holds the lock for milliseconds."""
PAUSE_S = 0.01
Action = Literal["promote", "challenge", "rollback", "undone"]
"""``undone`` follows a move that was recorded but could not be written."""

Via = Literal["command", "api", "console"]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wants a move and why; ``waived`` names the rules of the gate that they set aside."""

    who: str
    why: str = ""
    via: Via = "command"
    waived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the record: ``alias`` named ``before`` and names ``bundle`` since ``at``."""

    at: str
    action: Action
    alias: str
    before: str | None
    bundle: str
    who: str
    why: str
    via: Via
    waived: tuple[str, ...] = ()


_MOVE = TypeAdapter(Move)


def move(
    registry: Registry,
    action: Action,
    alias: str,
    changes: Mapping[str, str | None],
    expected: Mapping[str, str | None],
    signature: Signature,
) -> Move:
    """Move aliases together if none has changed since the caller looked.

    The record is written first: a move without its line must not happen, and a line whose move
    failed is followed by one that says ``undone``.

    Args:
        registry: Whose aliases.
        action: What the record calls it.
        alias: The alias that the record is about, one of ``changes``.
        changes: Alias to bundle id; None takes the alias away.
        expected: Alias to the bundle id that the caller saw; None where there was none.
        signature: Who and why.

    Raises:
        AliasMovedError: When an alias names another bundle than expected; nothing is changed.
        CorruptBundleError: When the alias file cannot be read.
        StoreError: When the home folder cannot be written, or another process keeps it locked.
    """
    with _locked(registry.home):
        now = registry.aliases()
        _compare(now, expected)
        line = _line(action, alias, now.get(alias), changes[alias] or "", signature)
        try:
            _write(registry, line, changes)
        except OSError as error:
            raise _unwritable(registry.home, error) from error
    return line


def history(registry: Registry) -> tuple[Move, ...]:
    """Read the record, oldest first; a line torn by a crash is passed over.

    Raises:
        StoreError: When it cannot be read.
    """
    path = registry.home / LOG
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}).") from error
    found = []
    for line in lines:
        with suppress(ValidationError):
            found.append(_MOVE.validate_json(line))
    return tuple(found)


def _line(
    action: Action, alias: str, before: str | None, bundle: str, signature: Signature
) -> Move:
    return Move(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        action=action,
        alias=alias,
        before=before,
        bundle=bundle,
        who=signature.who,
        why=signature.why,
        via=signature.via,
        waived=signature.waived,
    )


def _write(registry: Registry, line: Move, changes: Mapping[str, str | None]) -> None:
    _append(registry.home / LOG, line)
    try:
        registry.point(changes)
    except OSError:
        with suppress(OSError):
            _append(registry.home / LOG, replace(line, action="undone"))
        raise


def _compare(now: Mapping[str, str], expected: Mapping[str, str | None]) -> None:
    for alias, seen in expected.items():
        if now.get(alias) != seen:
            raise AliasMovedError(
                f"{alias} is {now.get(alias) or 'no bundle'} by now: nothing was moved.",
                fix="Look at `triage models list`, then decide again.",
                field="expected",
            )


def _append(path: Path, line: Move) -> None:
    """Add a line that is on the disk when this returns; a torn one before it is closed off."""
    content = _MOVE.dump_json(line) + b"\n"
    with path.open("ab+") as stream:
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                content = b"\n" + content
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the one lock of a home folder; it goes with the descriptor, whatever happens."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _unwritable(home, error) from error
    try:
        _wait(descriptor, home)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, home: Path) -> None:
    end = monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > end:
                raise StoreError(
                    f"Another process keeps the aliases of {home} locked.",
                    fix="Find what holds aliases.lock there, then try again.",
                    field="TRIAGE_HOME",
                ) from None
            sleep(PAUSE_S)
        except OSError as error:
            raise _unwritable(home, error) from error
        else:
            return


def _unwritable(home: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The aliases in {home} cannot be written ({error.strerror}).",
        fix="Make the folder writable, or point TRIAGE_HOME to one that is.",
        field="TRIAGE_HOME",
    )
