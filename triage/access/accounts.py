"""Accounts of people: a name, a password kept as its argon2id hash, a role."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from triage.access.roles import Role
from triage.errors import InputError

SHORTEST, LONGEST = 12, 256
"""Characters of a password; a longer one would cost the hash without making it safer.

Of a name no more than the longest are looked at.
"""
MAX_NAME = 100
ID = 10
"""Random bytes of an account's id, by which logs name it."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The smallest setting of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane."""
_NOBODY = _HASHER.hash("nobody has this password")
"""Verified where there is no account, so that the answer takes as long."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in to the console.

    Args:
        id: Random; what logs and sessions call the account.
        name: What the person signs in with, as ``fold_name`` leaves it.
        password: The argon2id hash, with its parameters.
        role: What the person may do.
        brand: The one brand that the person may see; None means all.
        created_at: When the account was made.
        changed_at: When the password was last set.
    """

    id: str
    name: str
    password: str
    role: Role
    brand: str | None
    created_at: datetime
    changed_at: datetime


def new_account(
    name: str, password: str, role: Role, now: datetime, brand: str | None = None
) -> Account:
    """Make an account.

    Raises:
        InputError: When name, brand or password cannot be used; never quotes the password.
    """
    folded = fold_name(name)
    _check_words(folded, "NAME")
    if brand is not None:
        _check_words(brand, "--brand")
    id_ = f"acc_{secrets.token_hex(ID)}"
    return Account(id_, folded, hash_password(password), role, brand, now, now)


def fold_name(name: str) -> str:
    """Write a name in the one way that it is kept and looked for."""
    # Strangers send names of any length, and sorting their marks takes quadratic time.
    return unicodedata.normalize("NFKC", name.strip()[:LONGEST]).casefold()


def hash_password(password: str) -> str:
    """Hash a password.

    Raises:
        InputError: When it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"A password has {SHORTEST} to {LONGEST} characters.",
            fix="Four words chosen at random make a good one.",
            field="password",
        )
    return _HASHER.hash(unicodedata.normalize("NFKC", password))


def verify(password: str, kept: str | None) -> bool:
    """Tell whether a password is the one of a hash; without a hash it takes as long to say no."""
    if len(password) > LONGEST:
        password = ""
    try:
        given = unicodedata.normalize("NFKC", password)
        _HASHER.verify(kept or _NOBODY, given)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def _check_words(text: str, field: str) -> None:
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise InputError(
            f"{field} must have 1 to {MAX_NAME} printable characters.",
            fix="Give such as anna or anna@example.org.",
            field=field,
        )
