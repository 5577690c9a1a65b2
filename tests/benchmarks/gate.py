"""What the look at a key costs a request: ``python -m tests.benchmarks.gate``.

One thread asks the real gate over 100 keys, with the headers that a desk sends; nothing is sent
over a network, and no route is run. The rate is high enough to let all through.
"""

from datetime import UTC, datetime
from io import StringIO
from time import perf_counter

from tests.unit.access.fakes import StoredInMemory
from triage.access.keyring import Keyring
from triage.access.keys import new_key
from triage.access.rates import Rates, read_rate
from triage.api.guard import Gate
from triage.telemetry import Telemetry

ROUNDS, CALLS = 20, 10_000


def main() -> None:
    """Print the microseconds of each outcome, the best of all rounds."""
    now = datetime.now(UTC)
    made = [new_key(f"desk-{number}", frozenset({"classify"}), now) for number in range(100)]
    keyring = Keyring(StoredInMemory([key for _, key in made]), Telemetry("error", StringIO()))
    gate = Gate(keyring, Rates(), read_rate("1000/second", "rate"), always=True)
    wide = Gate(keyring, Rates(), read_rate("100000/second", "rate"), always=True)
    text = made[7][0]
    wrong = made[8][0]
    print("| outcome | microseconds |\n|---|---|")
    for name, asked, shown, need in (
        ("let in", wide, text, "classify"),
        ("no key", gate, "", "classify"),
        ("misspelt", gate, f"{text[:-1]}-", "classify"),
        ("scope is missing", wide, wrong, "admin"),
        ("too often", gate, text, "classify"),
    ):
        print(f"| {name} | {best(asked, request(shown), need):.1f} |")
    keyring.close()


def request(key: str) -> dict[str, object]:
    """Build what a server hands over for a request of a desk."""
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"python-httpx/0.28.1"),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"gzip, deflate"),
        (b"connection", b"keep-alive"),
        (b"content-type", b"application/json"),
        (b"content-length", b"312"),
    ]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    return {"type": "http", "headers": headers, "client": ("127.0.0.1", 50000)}


def best(gate: Gate, scope: dict[str, object], need: str) -> float:
    """Return the microseconds of a look in the fastest round."""
    rounds = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        for _ in range(CALLS):
            gate.look(scope, need)
        rounds.append((perf_counter() - begun) / CALLS * 1e6)
    return min(rounds)


if __name__ == "__main__":
    main()
