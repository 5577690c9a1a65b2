"""A database that goes away in the middle of the load costs a few refusals and no receipt."""

from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import create_engine, text

from tests.faults.figures import bore, chosen
from tests.faults.load import Ledger, Took, labelling, steadily
from tests.postgres import new_database, own_server
from tests.serving import Server, serving

pytestmark = pytest.mark.faults

RATE = 50.0
"""Of messages, and as many pieces of feedback."""
AWAY_S, BACK_S = 0.5, 2.0
POOL = 10
"""Most connections that a server may hold."""
SESSIONS = (
    "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in%') FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def until_written(server: Server, ledger: Ledger) -> float:
    """Wait for a receipt to come again; return the seconds it took."""
    begun, known = monotonic(), len(ledger.receipts)
    while len(ledger.receipts) == known and monotonic() < begun + 30:
        assert server.process.poll() is None
        sleep(0.02)
    return monotonic() - begun


def test_restarts_lose_no_receipt(checkout: Path, tmp_path: Path) -> None:
    """Messages are answered throughout; writes get 503 with Retry-After until it is back."""
    ledger, labelled, back = Ledger(), list[Took](), list[float]()
    restarts = chosen(1, 10)
    with (
        own_server() as postgres,
        new_database(postgres.url) as url,
        serving(checkout, tmp_path, database_url=url, drain_pause_s=0) as server,
    ):
        ledger.decide(server)
        with steadily(server, ledger.add, RATE), steadily(server, labelling(labelled), RATE):
            for _ in range(restarts):
                sleep(0.5)
                postgres.crash()
                sleep(AWAY_S)
                postgres.start()
                back.append(until_written(server, ledger))
        with server.ask() as asker:
            for key in ledger.unanswered():
                ledger.add(asker, key)
        engine = create_engine(url)
        with engine.connect() as connection:
            kept = set(connection.execute(text("SELECT receipt FROM feedback")).scalars())
            held, idle = connection.execute(text(SESSIONS)).one()
        engine.dispose()
        code, _ = server.end()
    lost = len(set(ledger.receipts.values()) - kept)
    refused = [one.reply for one in ledger.took if one.reply.status != 202]
    other = [one for one in refused if one.status != 503 or not one.retry_after]
    unlabelled = sum(one.reply.status != 200 for one in labelled)

    bore(
        "PostgreSQL restarts",
        f"{restarts} immediate, {RATE:.0f} feedback/s and {RATE:.0f} messages/s",
        f"0 receipts lost, only 503 with Retry-After, writing within {BACK_S:.0f} s, "
        f"all messages answered, at most {POOL} connections",
        f"{lost} lost, {len(refused)} refused, {len(other)} otherwise, writing in {max(back):.1f} "
        f"s, {unlabelled} of {len(labelled)} messages unanswered, {held} connections",
        passed=not (lost or other or unlabelled or idle or code or ledger.unanswered())
        and len(kept) == len(ledger.asked)
        and max(back) <= BACK_S
        and held <= POOL,
    )
