"""Of two who promote at once, having seen the same champion, one wins."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.builders import copied_bundle
from tests.faults.figures import bore, chosen
from tests.serving import Reply, Server, serving
from triage.bundle.moves import history
from triage.bundle.registry import Registry

pytestmark = pytest.mark.faults

NAMES = ("starter", "second", "third")


def promoted(server: Server, bundle: str, expected: str, together: Barrier) -> Reply:
    """Promote a bundle at the same moment as somebody else."""
    with server.ask() as asker:
        together.wait(20)
        return asker.post("/v1/models/promote", bundle=bundle, expected=expected, who=bundle)


def test_of_two_promotions_one_wins(checkout: Path, tmp_path: Path) -> None:
    """One gets 200, the other 409, and the record has one line."""
    pairs, champion = chosen(5, 50), "starter"
    outcomes, gate = list[tuple[int, ...]](), tmp_path / "gate.toml"
    gate.write_text("[gate]\nmax_ece = 1.0\n", encoding="utf-8")
    home = tmp_path / "home"
    for name in NAMES[1:]:
        copied_bundle(checkout / "models" / "starter", home / "bundles" / name)
    with (
        serving(checkout, home, gate=gate, threads=2, drain_pause_s=0) as server,
        ThreadPoolExecutor(2) as pool,
    ):
        for _ in range(pairs):
            together = Barrier(2)
            others = [name for name in NAMES if name != champion]
            asked = [pool.submit(promoted, server, name, champion, together) for name in others]
            replies = [one.result() for one in asked]
            outcomes.append(tuple(sorted(reply.status for reply in replies)))
            champion = next(
                (one.body["champion"] for one in replies if one.status == 200), champion
            )
        with server.ask() as asker:
            said = asker.get("/v1/models").body["aliases"]["champion"]
    registry = Registry(home, checkout / "models")
    lines = len(history(registry))
    one_won = outcomes.count((200, 409))

    bore(
        "two promotions at once",
        f"{pairs} pairs that saw the same champion",
        "exactly one 200 and one 409, one line in the record each",
        f"{one_won} so, {lines} lines, champion as answered: {said == champion}",
        passed=one_won == pairs == lines and said == champion == registry.aliases()["champion"],
    )
