"""Keys: their form, what is kept of them, and what makes none."""

import hashlib
import re
import string
from datetime import UTC, datetime, timedelta

import pytest

from triage.access.keys import (
    PREFIX,
    SCOPES,
    ApiKey,
    id_of,
    make_key,
    new_key,
    present,
    read_scopes,
    read_span,
)
from triage.errors import InputError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LETTERS = string.digits + string.ascii_letters


def made(**changes: object) -> tuple[str, ApiKey]:
    """Make a key that classifies."""
    return new_key("desk", frozenset({"classify"}), NOW, **changes)  # type: ignore[arg-type] # checked where named


@pytest.mark.parametrize("place", range(len(PREFIX), 61))
def test_every_typing_error_is_seen(place: int) -> None:
    """One wrong character anywhere is found by the checksum, without any store."""
    key = make_key()
    wrong = LETTERS[(LETTERS.index(key[place]) + 1) % len(LETTERS)]

    assert present(key[:place] + wrong + key[place + 1 :]) is None


def test_swapped_neighbours_are_seen() -> None:
    """Two letters in the wrong order are found."""
    key = make_key()
    places = [n for n in range(len(PREFIX), 54) if key[n] != key[n + 1]]

    assert places
    for n in places:
        assert present(key[:n] + key[n + 1] + key[n] + key[n + 2 :]) is None


@pytest.mark.parametrize(
    "text", ["", "trg_", "trg_" + "0" * 56, "TRG_" + "0" * 57, "trg_" + "é" * 57, "a" * 61]
)
def test_other_things_are_no_keys(text: str) -> None:
    """Empty, short, foreign and long texts are refused."""
    assert present(text) is None
    assert present(f"{make_key()}{text or ' '}") is None
    assert present(f"{make_key()}\n") is None


def test_key_has_its_form_and_is_kept_as_a_hash() -> None:
    """What is kept names the key and proves it, and holds nothing of its secret."""
    text, key = made(brand="kvistholm", rate="10/second", lifetime=timedelta(days=90))

    assert re.fullmatch(r"trg_[0-9A-Za-z]{57}", text)
    assert key.id == text[4:12]
    assert key.digest == hashlib.sha256(text.encode()).hexdigest()
    assert present(text) == (key.id, key.digest)
    assert text[12:] not in repr(key)
    assert key.expires_at == NOW + timedelta(days=90)


def test_keys_differ() -> None:
    """No key comes twice, and no place of the secret stands still."""
    keys = [make_key() for _ in range(500)]

    assert len(set(keys)) == 500
    # The first digit of 256 bits in base 62 is below 62, yet never fixed.
    assert all(len({key[place] for key in keys}) > 30 for place in range(4, 61) if place != 55)


def test_key_without_scope_name_or_sense_is_refused() -> None:
    """A key must open something and belong to somebody, and one brand cannot move all bundles."""
    with pytest.raises(InputError, match="opens nothing"):
        new_key("desk", frozenset(), NOW)
    for name in ("", "  ", "a\nb", "a\u202eb", "x" * 101):
        with pytest.raises(InputError, match="--name"):
            new_key(name, frozenset({"classify"}), NOW)
    with pytest.raises(InputError, match="--brand"):
        made(brand="")
    with pytest.raises(InputError, match="all brands"):
        new_key("desk", frozenset({"models:promote"}), NOW, brand="kvistholm")


def test_unknown_scope_is_refused_by_name() -> None:
    """Scopes are a closed list."""
    with pytest.raises(InputError, match=r"'root'.*classify"):
        read_scopes(["classify", "root"])

    assert read_scopes(["suggest", "classify", "suggest"]) == {"classify", "suggest"}
    assert read_scopes(list(SCOPES)) == set(SCOPES)


@pytest.mark.parametrize("text", ["", "0d", "-1d", "1", "d", "1y", "1.5h", "9999999d", "90 d"])
def test_other_things_are_no_length_of_time(text: str) -> None:
    """A length of time is a whole number with one letter."""
    with pytest.raises(InputError, match="--expires"):
        read_span(text, "--expires")


def test_lengths_of_time() -> None:
    """Seconds to weeks are understood."""
    spans = [read_span(text, "--expires") for text in ("30s", "5m", "24h", "90d", "2w")]

    assert [span.total_seconds() for span in spans] == [30, 300, 86400, 7776000, 1209600]


def test_state_follows_the_moment() -> None:
    """A key ends at its moment exactly; a revoked one is revoked whatever else."""
    _, key = made(lifetime=timedelta(hours=1))

    assert key.state(NOW + timedelta(minutes=59)) == "live"
    assert key.state(NOW + timedelta(hours=1)) == "expired"
    assert made()[1].state(NOW + timedelta(days=9999)) == "live"


def test_id_is_found_in_what_people_paste() -> None:
    """An id, an id with its prefix and a whole key name the same key."""
    key = make_key()

    assert {id_of(key), id_of(key[:12]), id_of(key[4:12])} == {key[4:12]}
