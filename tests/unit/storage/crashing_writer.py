"""Write journal rows until killed, printing each id when its row is acknowledged."""

import sys
from itertools import count, islice

from tests.unit.storage.samples import entry
from triage.storage.store import Store
from triage.storage.writer import GroupWriter
from triage.telemetry import Telemetry


def main(url: str) -> None:
    """Submit in bursts; an acknowledgement is printed before the next burst begins."""
    store = Store.open(url)
    writer = GroupWriter(store.journal("full", str).append, Telemetry("error"))
    numbers = count(1)
    while True:
        burst = [(number, writer.submit(entry(number))) for number in islice(numbers, 20)]
        for number, future in burst:
            future.result(30)
            sys.stdout.write(f"m{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
