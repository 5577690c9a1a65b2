"""A running service remembers what its store holds, and forgets what the store forgets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.builders import HashingEncoder
from tests.unit.storage.handled import decide, tell
from triage.bundle.moves import Signature
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.errors import StoreError
from triage.knowledge.rankers import Rankers
from triage.knowledge.remembering import HistoryWatch
from triage.storage.engine import transaction
from triage.storage.erasure import bury, tombstone_of
from triage.storage.store import Store
from triage.storage.uses import Uses
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator
from triage.suggest.history import Ranker
from triage.suggest.index import PassageIndex
from triage.suggest.suggester import Suggester
from triage.suggest.verdicts import Handled
from triage.suggest.voice.voices import SILENT
from triage.telemetry import Telemetry

WAIT_S = 5.0
WE = Signature("tests")


class CountingEncoder(HashingEncoder):
    """Counts the texts it is given."""

    texts = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Count and encode."""
        self.texts += len(texts)
        return super().encode(texts)


class FailingUses:
    """Feedback of a store that can be told to fail."""

    def __init__(self, inner: Uses) -> None:
        self.inner, self.failing, self.reads = inner, False, 0

    def state(self) -> object:
        """Fail, or ask the store."""
        if self.failing:
            raise StoreError("The store is away.", fix="Wait.")
        return self.inner.state()

    def read(self, since: datetime) -> list[Handled]:
        """Ask the store, and count."""
        self.reads += 1
        return self.inner.read(since)


class Desk:
    """A store with a watched suggester over no articles."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store, self.rankers = store, Rankers(home)
        self.encoder, self.log = CountingEncoder(), StringIO()
        self.suggester = self.new_suggester()
        self.uses = FailingUses(Uses(store.engine))
        fingerprint = self.suggester.index.embedder.fingerprint()
        self.ranker = Ranker(fingerprint, 2.0, 2.0, 1.0, 30.0, 0.5)

    def new_suggester(self) -> Suggester:
        """Suggest with the desk's encoder."""
        encoders = EncoderSet({"static": self.encoder})
        index = PassageIndex.build([], encoders, Profile("tiny", {"*": "static"}))
        return Suggester(index, RetrievalCalibrator((0.0,) * len(FEATURES), 0.0, 0.5, 0.8), SILENT)

    def watch(self, before: HistoryWatch | None = None) -> HistoryWatch:
        """Watch, looking often."""
        telemetry = Telemetry("info", self.log)
        return HistoryWatch(
            self.uses, self.rankers, self.suggester, telemetry, every_s=0.005, before=before
        )

    def use(self, number: int, agent: str, requester: str = "anna") -> None:
        """Let an agent use an article for a new message."""
        decide(self.store, number, ["a"], f"message {number}", requester=requester)
        tell(self.store, number, agent, {"a": "used"})

    def promote(self, ranker: Ranker, name: str = "one") -> None:
        """Put a ranker in use."""
        self.rankers.write(name, ranker, {})
        self.rankers.promote(name, WE, self.rankers.champion_id())

    def remembers(self, count: int) -> bool:
        """Tell whether so many messages are remembered; 0 is no history at all."""
        history = self.suggester.history
        return history is None if count == 0 else history is not None and history.size == count


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Open a desk on each kind of store."""
    with Store.open(store_url) as store:
        yield Desk(store, tmp_path / "home")


def eventually(reached: Callable[[], bool]) -> bool:
    """Wait a while for something to hold."""
    end = monotonic() + WAIT_S
    while not reached() and monotonic() < end:
        sleep(0.005)
    return reached()


def test_without_a_ranker_nothing_is_read(desk: Desk) -> None:
    """A desk that has learnt nothing pays nothing: no query, no vector."""
    desk.use(1, "a17")
    watch = desk.watch()
    sleep(0.05)
    watch.close()

    assert desk.suggester.history is None
    assert (desk.uses.reads, desk.encoder.texts) == (0, 0)


def test_feedback_counts_soon_and_is_embedded_once(desk: Desk) -> None:
    """A new use is remembered beside the old ones, whose vectors are kept."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    desk.use(2, "a18")

    assert eventually(lambda: desk.remembers(2))
    watch.close()
    assert desk.encoder.texts == 2


def test_erased_requester_is_forgotten(desk: Desk) -> None:
    """With the rows the vectors go, those in memory too, and nothing lies on the disk."""
    desk.promote(desk.ranker)
    desk.use(1, "a17", requester="anna")
    desk.use(2, "a17", requester="bo")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(2))
    with transaction(desk.store.engine, write=True) as connection:
        bury(connection, tombstone_of("requester", "anna"))

    assert eventually(lambda: desk.remembers(1))
    with transaction(desk.store.engine, write=True) as connection:
        bury(connection, tombstone_of("requester", "bo"))
    assert eventually(lambda: desk.remembers(0))
    watch.close()
    assert watch.held == 0
    assert not list(desk.rankers.folder.rglob("*.vectors"))


def test_rollback_ends_history_at_once(desk: Desk) -> None:
    """Without a champion suggestions are those of search alone."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    desk.rankers.rollback(WE)

    assert eventually(lambda: desk.remembers(0))
    watch.close()
    assert watch.held == 0


def test_another_ranker_is_followed(desk: Desk) -> None:
    """A promotion reaches a running service."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    desk.promote(replace(desk.ranker, used=4.0), "two")

    assert eventually(
        lambda: desk.suggester.history is not None and desk.suggester.history.ranker.used == 4.0
    )
    watch.close()


def test_ranker_of_other_encoders_is_left_alone(desk: Desk) -> None:
    """Cosines of another space mean nothing here: search ranks, and the log says why, once."""
    desk.promote(replace(desk.ranker, encoders="others"))
    desk.use(1, "a17")
    watch = desk.watch()

    assert eventually(lambda: "other encoders" in desk.log.getvalue())
    sleep(0.05)
    watch.close()
    assert desk.suggester.history is None
    assert desk.log.getvalue().count("history_not_refreshed") == 1


def test_store_that_is_away_leaves_what_was_known(desk: Desk) -> None:
    """Failures are logged once and heal."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    desk.uses.failing = True
    assert eventually(lambda: "history_not_refreshed" in desk.log.getvalue())
    desk.use(2, "a18")
    assert desk.remembers(1)
    desk.uses.failing = False

    assert eventually(lambda: desk.remembers(2))
    watch.close()
    assert desk.log.getvalue().count("history_not_refreshed") == 1


def test_unchanged_feedback_is_not_read_again(desk: Desk) -> None:
    """Looks cost two short queries while nothing comes."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    sleep(0.05)
    watch.close()

    assert desk.uses.reads == 1


def test_next_bundle_takes_over_what_was_embedded(desk: Desk) -> None:
    """With the same encoders history goes on without a gap."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    old = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    desk.suggester = desk.new_suggester()
    new = desk.watch(before=old)

    assert desk.remembers(1)
    old.close()
    new.close()
    assert desk.encoder.texts == 1


def test_replaced_bundle_keeps_nothing(desk: Desk) -> None:
    """It stays in memory for a while, where nobody would erase anything."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    watch.close()

    assert desk.suggester.history is None
    assert watch.held == 0


def test_ranker_of_other_encoders_ends_what_is_kept(desk: Desk) -> None:
    """Vectors that serve nothing would outlive an erasure."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    desk.promote(replace(desk.ranker, encoders="others"), "two")

    assert eventually(lambda: desk.remembers(0) and watch.held == 0)
    watch.close()


def test_logs_hold_no_text(desk: Desk) -> None:
    """What is told is which ranker is followed, never of what was written."""
    desk.promote(desk.ranker)
    desk.use(1, "a17")
    watch = desk.watch()
    assert eventually(lambda: desk.remembers(1))
    watch.close()

    assert "ranker_followed" in desk.log.getvalue()
    assert "message 1" not in desk.log.getvalue()
    assert "a17" not in desk.log.getvalue()
