"""A full disk refuses writes by name, costs no answer, and is forgotten once there is space."""

import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import connect
from time import monotonic, sleep

import pytest

from tests.faults.figures import bore, chosen, quantile
from tests.faults.load import Ledger, Took, labelling, steadily
from tests.serving import Server, serving

pytestmark = pytest.mark.faults

RATE = 50.0
ANSWERED = 0.999
WRITING_S = 5.0
MOUNT = 'mount -t tmpfs -o size=16m tmpfs "$0" && exec "$@"'


class SmallDisk:
    """A memory file system of 16 MB that only the server sees, filled to the last byte."""

    name, statuses = "16 MB tmpfs", {507}

    def within(self, home: Path) -> Sequence[str]:
        """Return the command that runs the server on it.

        Skips where no name space may be made; the limit on file sizes runs everywhere.
        """
        home.mkdir()
        command = ("unshare", "-rm", "sh", "-c", MOUNT, str(home))
        try:
            subprocess.run([*command, "true"], check=True, capture_output=True)  # noqa: S603 - ours
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no file system can be mounted here")
        return command

    @contextmanager
    def full(self, server: Server, home: Path) -> Iterator[None]:
        """Leave no space until the block ends."""
        ballast = Path(f"/proc/{server.process.pid}/root{home}/ballast")
        with ballast.open("wb", buffering=0) as stream:
            for size in (65_536, 512, 1):
                try:
                    while stream.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue
        try:
            yield
        finally:
            ballast.unlink()


class SmallFiles:
    """A limit of 4 kB on the files that the server writes, its log included."""

    name, statuses = "file size limit", {503, 507}

    def within(self, _home: Path) -> Sequence[str]:
        """Return no command: the limit is set from outside."""
        return ()

    @contextmanager
    def full(self, server: Server, _home: Path) -> Iterator[None]:
        """Set the limit until the block ends."""
        before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, -1))
        try:
            yield
        finally:
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)


def copied(home: Path, folder: Path) -> None:
    """Copy the store of a server at rest out of what only the server sees."""
    for path in home.glob("triage.db*"):
        shutil.copyfile(path, folder / path.name)


@pytest.mark.parametrize("disk", [SmallDisk(), SmallFiles()], ids=lambda disk: disk.name)
def test_full_disk_is_survived(
    checkout: Path, tmp_path: Path, disk: SmallDisk | SmallFiles
) -> None:
    """Messages are answered, writes are refused, and without a restart they go on."""
    home, ledger, labelled = tmp_path / "home", Ledger(), list[Took]()
    within = disk.within(home)
    with serving(checkout, home, within=within, drain_pause_s=0) as server:
        ledger.decide(server)
        with steadily(server, ledger.add, RATE), steadily(server, labelling(labelled), RATE):
            sleep(0.5)
            with disk.full(server, home):
                sleep(1.0)
                begun, known = monotonic(), len(ledger.receipts)
                sleep(chosen(2, 10))
                written = len(ledger.receipts) - known
                refused = [one.reply for one in ledger.took if one.at >= begun]
                freed, known = monotonic(), len(ledger.receipts)
            while len(ledger.receipts) == known and monotonic() < freed + 30:
                sleep(0.02)
            back = monotonic() - freed
            sleep(0.5)
        with server.ask() as asker:
            for key in ledger.unanswered():
                ledger.add(asker, key)
            ready = asker.get("/readyz").status
        copied(Path(f"/proc/{server.process.pid}/root{home}"), tmp_path)
        code, _ = server.end()
    with connect(tmp_path / "triage.db") as store:
        kept = {receipt for (receipt,) in store.execute("SELECT receipt FROM feedback")}
        (whole,) = store.execute("PRAGMA integrity_check").fetchone()
    lost = len(set(ledger.receipts.values()) - kept)
    answered = sum(one.reply.status == 200 for one in labelled) / len(labelled)
    slow = quantile([one.seconds for one in labelled], 0.99)
    statuses = {one.status for one in refused if one.status != 202}

    bore(
        f"disk full ({disk.name})",
        f"{RATE:.0f} messages/s and {RATE:.0f} feedback/s",
        f"messages {ANSWERED:.1%} answered, writes refused by name, 0 receipts lost, store whole, "
        f"writing {WRITING_S:.0f} s after there is space",
        f"{answered:.1%} answered (p99 {1000 * slow:.0f} ms), {written} written and "
        f"{len(refused) - written} refused with {sorted(statuses)}, {lost} lost, integrity "
        f"{whole}, writing in {back:.1f} s, then ready {ready}, exit {code}",
        passed=answered >= ANSWERED
        and bool(statuses)
        and statuses <= disk.statuses
        and not lost
        and len(kept) == len(ledger.asked)
        and (whole, ready, code) == ("ok", 200, 0)
        and back <= WRITING_S,
    )
