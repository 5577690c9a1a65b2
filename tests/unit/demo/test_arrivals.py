"""The made-up fortnight: when what is written, and in which language."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from triage.demo.arrivals import OUTAGE_BEFORE, OUTAGE_HOURS, arrivals
from triage.errors import ConfigError
from triage.settings import CHECKOUT

END = datetime(2026, 3, 18, 15, 30, tzinfo=UTC)
"""A Wednesday."""


def test_folder_without_samples_is_refused(tmp_path: Path) -> None:
    """An installed wheel has none; the error says what to do."""
    with pytest.raises(ConfigError) as caught:
        arrivals(tmp_path, END, 14, 0)

    assert "TRIAGE_DATA" in caught.value.fix


def test_days_are_the_same_for_the_same_seed() -> None:
    """Another seed gives another order."""
    first, again, other = (arrivals(CHECKOUT / "data", END, 14, seed) for seed in (0, 0, 1))

    assert first == again
    assert first != other


def test_messages_come_in_order_and_none_is_of_the_future() -> None:
    """Ids are distinct, and all moments lie in the days asked for."""
    found = arrivals(CHECKOUT / "data", END, 5, 0)
    moments = [one.at for one in found]

    assert moments == sorted(moments)
    assert END - timedelta(days=5) <= moments[0]
    assert moments[-1] < END
    assert len({one.message.id for one in found}) == len(found) > 800


def test_working_hours_are_busier_than_nights_and_weekends() -> None:
    """The rhythm is that of a help desk."""
    usual = [one.at for one in arrivals(CHECKOUT / "data", END, 14, 0) if not one.outage]
    hours = Counter(moment.hour for moment in usual)
    days = Counter(moment.weekday() for moment in usual)

    assert hours[10] > 5 * hours[3]
    assert days[1] > 1.5 * days[6]


def test_outage_is_a_burst_in_every_language() -> None:
    """It begins some hours before the end, and not all that it brings is answered yet."""
    outage = [one for one in arrivals(CHECKOUT / "data", END, 14, 0) if one.outage]
    begin = END - OUTAGE_BEFORE

    assert len(outage) > 100
    assert all(begin <= one.at <= begin + timedelta(hours=OUTAGE_HOURS) for one in outage)
    assert len({one.message.text for one in outage}) == len(outage)
    assert any(one.message.text.isascii() for one in outage)
    assert any("网关" in one.message.text for one in outage)


def test_reader_has_to_find_the_language() -> None:
    """The desk does not declare it, but greets customers by a name of it."""
    found = arrivals(CHECKOUT / "data", END, 14, 0)

    assert all(one.message.language is None for one in found)
    assert all(one.message.customer_name and one.message.channel for one in found)
