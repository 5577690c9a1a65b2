"""Bodies without an end cost the server neither memory nor the time of others."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import sleep

import pytest

from tests.faults.figures import bore, chosen, quantile
from tests.faults.load import Took, labelling, steadily
from tests.serving import Server, serving

pytestmark = pytest.mark.faults

MB = 1024 * 1024
SIZE = 50 * MB
GROWTH = 30 * MB
RATE = 30.0
QUIET_S = 0.1
CHUNK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
HEAD = (
    b"POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def memory(server: Server, kind: str) -> int:
    """Read VmRSS or VmHWM of a server, in bytes."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith(kind))
    return int(line.split()[1]) * 1024


def pour(port: int) -> tuple[int, int]:
    """Send a chunked body until told to stop; return the status and the bytes that went out."""
    sent, answer = 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        with suppress(OSError):
            opened.sendall(HEAD)
            while sent < SIZE:
                opened.sendall(CHUNK)
                sent += 65_536
        with suppress(OSError):
            answer = opened.recv(65_536)
    return (int(answer.split()[1]) if answer else 0), sent


def test_endless_bodies_are_given_up_at_the_limit(checkout: Path, tmp_path: Path) -> None:
    """Each gets 413; the memory does not grow with them, and others are answered."""
    count = chosen(20, 100)
    before, beside = list[Took](), list[Took]()
    with serving(checkout, tmp_path / "home", drain_pause_s=0) as server:
        with steadily(server, labelling([]), RATE):
            sleep(1.0)
        with steadily(server, labelling(before), RATE):
            sleep(2.0)
        rss = memory(server, "VmRSS")
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
        with steadily(server, labelling(beside), RATE), ThreadPoolExecutor(count) as pool:
            told = list(pool.map(pour, [server.port] * count))
        grown = memory(server, "VmHWM") - rss
    refused = sum(status == 413 for status, _ in told)
    sent = max(sent for _, sent in told)
    alone, slow = (quantile([one.seconds for one in took], 0.99) for took in (before, beside))
    failed = sum(one.reply.status != 200 for one in beside)

    bore(
        "50 MB chunked bodies",
        f"{count} at once, {RATE:.0f} messages/s beside them",
        f"all 413, memory + {GROWTH // MB} MB at most, others answered",
        f"{refused} of {count} refused, at most {sent / MB:.1f} MB sent, memory "
        f"+ {grown / MB:.1f} MB, {failed} others failed, p99 {1000 * slow:.0f} ms for "
        f"{1000 * alone:.0f} ms",
        passed=refused == count and grown < GROWTH and not failed and sent < SIZE,
    )
