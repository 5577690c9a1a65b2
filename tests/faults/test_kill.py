"""A server that is killed in the middle of writing has kept all that it gave a receipt for."""

import random
from pathlib import Path
from sqlite3 import connect
from time import monotonic, sleep

import pytest

from tests.faults.figures import bore, chosen
from tests.faults.load import Ledger, steadily
from tests.serving import serving

pytestmark = pytest.mark.faults

RATE = 200.0
READY_S = 10.0


def test_kill_loses_no_receipt_and_doubles_none(checkout: Path, tmp_path: Path) -> None:
    """What came without a receipt is sent again with its key, and stands once."""
    home, ledger, ready = tmp_path / "home", Ledger(), list[float]()
    pause = random.Random(11)  # noqa: S311 - any moment will do
    kills = chosen(2, 50)
    for number in range(kills + 1):
        with serving(checkout, home, drain_pause_s=0) as server:
            ready.append(monotonic() - server.begun)
            if not number:
                ledger.decide(server)
            with server.ask() as asker:
                for key in ledger.unanswered():
                    ledger.add(asker, key)
            if number == kills:
                break
            with steadily(server, ledger.add, RATE):
                sleep(pause.uniform(0.3, 0.8))
                server.process.kill()
    with connect(home / "triage.db") as store:
        kept = [receipt for (receipt,) in store.execute("SELECT receipt FROM feedback")]
        (whole,) = store.execute("PRAGMA integrity_check").fetchone()
    lost = len(set(ledger.receipts.values()) - set(kept))
    doubled = len(kept) - len(ledger.asked)

    bore(
        "kill -9 while writing",
        f"{kills} kills at {RATE:.0f} feedback/s, {len(ledger.asked)} keys",
        f"0 receipts lost, 0 written twice, store whole, ready in {READY_S:.0f} s",
        f"{lost} lost, {doubled} twice, integrity {whole}, ready in {max(ready):.1f} s",
        passed=(lost, doubled, whole) == (0, 0, "ok")
        and max(ready) <= READY_S
        and not ledger.unanswered(),
    )
