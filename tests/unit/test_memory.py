"""A process that loads once: the collector rests meanwhile, and what was loaded is left alone."""

import gc

import pytest

from triage.memory import settle, uncollected


def test_collector_rests_while_much_is_loaded_and_goes_on_after_an_error() -> None:
    """Whatever comes of loading, garbage is collected afterwards."""
    seen: list[bool] = []

    def load() -> None:
        with uncollected():
            seen.append(gc.isenabled())
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        load()

    assert seen == [False]
    assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    """Loading within loading does not switch it on too early."""
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()


def test_what_was_loaded_is_left_out_of_collections() -> None:
    """Settling again looks at everything once more, so that what went meanwhile is freed."""
    try:
        settle()
        assert gc.get_freeze_count() > 0
        settle()
    finally:
        gc.unfreeze()
