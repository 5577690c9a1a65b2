"""A running service follows its alias, and stays where it is when it cannot."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

from triage.bundle.watch import EVERY_S, AliasWatch
from triage.errors import CorruptBundleError
from triage.telemetry import Telemetry

ONE, TWO, BROKEN = Path("one"), Path("two"), Path("broken")
WAIT_S = 5.0


class Served:
    """Serves whatever it is told to, except what is broken."""

    def __init__(self) -> None:
        self.named = ONE
        self.followed: list[Path] = []
        self.tried = 0
        self.broken = True

    def follow(self, folder: Path) -> None:
        """Serve a folder, or refuse it."""
        self.tried += 1
        if folder == BROKEN and self.broken:
            raise CorruptBundleError("It is broken.")
        self.followed.append(folder)


def eventually(reached: Callable[[], bool]) -> bool:
    """Wait a while for something to hold."""
    end = monotonic() + WAIT_S
    while not reached() and monotonic() < end:
        sleep(0.005)
    return reached()


def watching(served: Served, telemetry: Telemetry, retry_s: float = 30.0) -> AliasWatch:
    """Watch with quick looks."""

    def find() -> Path:
        return served.named

    return AliasWatch(find, ONE, served.follow, telemetry, 0.005, retry_s)


def moves(telemetry: Telemetry, outcome: str) -> float | None:
    """Count the moves of an outcome."""
    registry = telemetry.metrics.registry
    return registry.get_sample_value(
        "triage_bundle_moves_total", {"alias": "champion", "outcome": outcome}
    )


def test_alias_is_followed_there_and_back() -> None:
    """Each bundle is put in place once."""
    served, telemetry = Served(), Telemetry("error", StringIO())
    watch = watching(served, telemetry)
    served.named = TWO
    assert eventually(lambda: served.followed == [TWO])
    served.named = ONE
    assert eventually(lambda: served.followed == [TWO, ONE])
    watch.close()

    assert watch.fault is None
    assert moves(telemetry, "followed") == 2


def test_broken_bundle_is_tried_once_and_told_once() -> None:
    """The old one stays; taking the alias back clears the fault without any loading."""
    log = StringIO()
    served, telemetry = Served(), Telemetry("error", log)
    watch = watching(served, telemetry)
    served.named = BROKEN
    assert eventually(lambda: watch.fault == "corrupt_bundle")
    sleep(0.05)
    served.named = ONE
    assert eventually(lambda: watch.fault is None)
    watch.close()

    assert served.tried == 1
    assert served.followed == []
    assert moves(telemetry, "refused") == 1
    assert log.getvalue().count("bundle_not_followed") == 1


def test_repaired_bundle_is_followed_after_a_while() -> None:
    """A refused folder is tried again, as it may have been copied anew."""
    served = Served()
    watch = watching(served, Telemetry("error", StringIO()), retry_s=0.02)
    served.named = BROKEN
    assert eventually(lambda: served.tried > 1)
    served.broken = False

    assert eventually(lambda: served.followed == [BROKEN])
    watch.close()
    assert watch.fault is None


def test_alias_that_cannot_be_read_changes_nothing() -> None:
    """Whatever goes wrong while looking, the thread looks again."""
    served, log = Served(), StringIO()
    failing = [True]

    def find() -> Path:
        if failing[0]:
            raise OSError("gone")
        return TWO

    watch = AliasWatch(find, ONE, served.follow, Telemetry("error", log), 0.005)
    assert eventually(lambda: watch.fault == "internal_error")
    failing[0] = False

    assert eventually(lambda: served.followed == [TWO])
    watch.close()
    assert log.getvalue().count("bundle_not_followed") == 1


def test_looks_are_frequent_enough() -> None:
    """Four of the five seconds are left for loading."""
    assert EVERY_S <= 1
