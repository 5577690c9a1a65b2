"""How long pages of the console take: ``python -m tests.benchmarks.console [MESSAGES]``.

Fills a store with that many simulated messages of four weeks, serves it with profile tiny, and
asks each page four times: the first look, which may compute what is then kept, and the median of
the others. Milliseconds until the last byte, without a browser; nothing else is asked meanwhile.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.serving import serving
from tests.unit.insights.journals import END, Said, by_time, fill, moments, outage
from triage.storage.store import Store

CHECKOUT = Path(__file__).parents[2]
MESSAGES, DAYS, TIMES = 100_000, 28, 4
PAGES = {
    "inbox": "/console/inbox?state=all",
    "message": "/console/messages/{newest}",
    "insights": "/console/insights",
    "what is new": "/console/insights/spikes",
    "knowledge": "/console/knowledge",
    "gaps": "/console/knowledge/gaps",
}


def main() -> None:
    """Print a table of the pages."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with TemporaryDirectory() as folder:
        home = Path(folder)
        with Store.open(f"sqlite:///{home / 'triage.db'}") as store:
            said = journal(count)
            fill(store.engine, said)
        with serving(CHECKOUT, home, drain_pause_s=0) as server:
            print(f"{len(said):,} messages\n\n| page | first, ms | later, ms |\n|---|---|---|")
            for name, path in PAGES.items():
                took = [look(server.port, path.format(newest=len(said))) for _ in range(TIMES)]
                print(f"| {name} | {took[0]:.0f} | {median(took[1:]):.0f} |", flush=True)


def journal(count: int) -> list[Said]:
    """Draw messages up to now, each with words of its own, and an outage at their end."""
    shift = datetime.now(UTC).timestamp() - END
    said = [
        Said(at, f"Where is my parcel {n % 997}? It should have come on day {n % 31}.")
        for n, at in enumerate(moments(1, count / (DAYS + 1)))
    ]
    return [replace(one, at=one.at + shift) for one in by_time([*said, *outage(2, 50)])]


def look(port: int, path: str) -> float:
    """Return the milliseconds until a page was there whole."""
    began = perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status}")
    return (perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
