"""Keys of the API: made at random, shown once, kept as a SHA-256 alone.

A key reads ``trg_`` + id (8) + secret (43) + checksum (6), letters and digits only. The id is
public. The secret has 256 bits, so a fast hash is enough: there is nothing to guess from. The
checksum, a CRC-32, tells a typing error from a wrong key without a look at the store, and lets
scanners for leaked secrets be sure of what they found (as GitHub's tokens do).
"""

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from triage.domain import Scope
from triage.errors import InputError

PREFIX = "trg_"
ID, SECRET, CHECK = 8, 43, 6
"""Lengths of the parts; 62 ** 43 is more than 2 ** 256, and 62 ** 6 more than 2 ** 32."""
MAX_NAME = 100
SCOPES: tuple[Scope, ...] = get_args(Scope)
BEYOND_BRANDS: frozenset[Scope] = frozenset({"models:promote"})
"""Scopes that act on all brands at once, so that a key of one brand cannot have them."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{ID + SECRET + CHECK}}}")
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

State = Literal["live", "expired", "revoked"]


class Presented(NamedTuple):
    """What is looked at of a key that somebody shows."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; it cannot be made from this.

    Args:
        id: Public; the first letters of the key after ``trg_``.
        digest: SHA-256 of the key, in hexadecimal digits.
        name: Whose it is, for people.
        scopes: What it is good for.
        brand: The one brand it may see; None means all.
        rate: How often it may ask, as ``limits`` writes it; None means as the settings say.
        created_at: When it was made.
        expires_at: When it ends by itself.
        revoked_at: When it was taken back.
        last_used_at: When it was last used, to the minute.
    """

    id: str
    digest: str
    name: str
    scopes: frozenset[str]
    brand: str | None
    rate: str | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """Tell whether the key can be used."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now else "live"


def make_key() -> str:
    """Make a key of which nobody knows."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(ID)) + _base62(
        secrets.randbits(256), SECRET
    )
    return PREFIX + body + _checksum(body)


def present(text: str) -> Presented | None:
    """Read a key that somebody shows; None if it has not the form or a character is wrong."""
    if not _FORM.fullmatch(text):
        return None
    body = text[len(PREFIX) : -CHECK]
    if text[-CHECK:] != _checksum(body):
        return None
    return Presented(body[:ID], hashlib.sha256(text.encode()).hexdigest())


def new_key(
    name: str,
    scopes: frozenset[Scope],
    now: datetime,
    *,
    brand: str | None = None,
    rate: str | None = None,
    lifetime: timedelta | None = None,
) -> tuple[str, ApiKey]:
    """Make a key and what is kept of it.

    Raises:
        InputError: When name, scopes and brand do not make a key.
    """
    _check_words(name, "--name")
    if brand is not None:
        _check_words(brand, "--brand")
    if not scopes:
        raise InputError(
            "A key without a scope opens nothing.", fix=f"Choose from {_all()}.", field="--scope"
        )
    if brand is not None and scopes & BEYOND_BRANDS:
        raise InputError(
            f"{', '.join(sorted(scopes & BEYOND_BRANDS))} acts on all brands.",
            fix="Make a key without --brand for it.",
            field="--scope",
        )
    text = make_key()
    id_, digest = _presented(text)
    ends = now + lifetime if lifetime else None
    return text, ApiKey(id_, digest, name, frozenset(scopes), brand, rate, now, ends)


def read_scopes(given: list[str]) -> frozenset[Scope]:
    """Read names of scopes.

    Raises:
        InputError: When one does not exist.
    """
    for one in given:
        if one not in SCOPES:
            raise InputError(
                f"There is no scope {one!r}.", fix=f"Choose from {_all()}.", field="--scope"
            )
    return frozenset(scope for scope in SCOPES if scope in given)


def read_span(text: str, field: str) -> timedelta:
    """Read a length of time such as ``90d``.

    Raises:
        InputError: When it is none.
    """
    found = _SPAN.fullmatch(text)
    if not found:
        raise InputError(
            f"{field} {text!r} is no length of time.",
            fix="Write such as 90d, 24h, 30m or 2w.",
            field=field,
        )
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def id_of(text: str) -> str:
    """Return the id in what a person gives: an id, with ``trg_`` before it or a whole key."""
    return text.removeprefix(PREFIX)[:ID]


def _presented(text: str) -> Presented:
    found = present(text)
    if found is None:
        raise AssertionError("a key that was just made must be readable")
    return found


def _check_words(text: str, field: str) -> None:
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise InputError(
            f"{field} must have 1 to {MAX_NAME} printable characters.",
            fix="Give such as desk-a.",
            field=field,
        )


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _all() -> str:
    return ", ".join(SCOPES)
