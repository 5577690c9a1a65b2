"""Accounts: what is kept of a password, and what a role may do."""

from datetime import UTC, datetime

import pytest

from triage.access.accounts import LONGEST, SHORTEST, hash_password, new_account, verify
from triage.access.attempts import MAX_NAMES, Attempts
from triage.access.keys import SCOPES
from triage.access.roles import ROLES, read_role, role_of, scopes_of_role
from triage.errors import InputError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = "four words chosen at random"


def test_passwords_that_cannot_be_used_are_refused_and_never_told() -> None:
    """Too short and too long are wrong use; the error does not hold the password."""
    for password in ("", "x" * (SHORTEST - 1), "x" * (LONGEST + 1)):
        with pytest.raises(InputError) as caught:
            hash_password(password)

        assert not password or password not in str(caught.value)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\x00"])
def test_names_that_cannot_be_used_are_refused(name: str) -> None:
    """A name stands on one line of a list."""
    with pytest.raises(InputError, match="NAME"):
        new_account(name, GOOD, "agent", NOW)


def test_a_password_is_kept_as_an_argon2id_hash() -> None:
    """Twice the same password gives two hashes, both of which it verifies."""
    one, other = hash_password(GOOD), hash_password(GOOD)

    assert one.startswith("$argon2id$")
    assert one != other
    assert verify(GOOD, one)
    assert verify(GOOD, other)


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=1,t=1,p=1$x$y"])
def test_nothing_is_verified_against_no_hash(kept: str | None) -> None:
    """Where there is no account, or its row is broken, no password is right."""
    assert not verify(GOOD, kept)
    assert not verify("x" * 100_000, hash_password(GOOD))
    assert not verify("nobody has this password", None)


def test_a_password_is_the_same_however_it_is_composed() -> None:
    """A letter typed as one sign or as two is one password."""
    assert verify("blåbærgrød med fløde", hash_password("bla\u030abærgrød med fløde"))


def test_roles_contain_one_another() -> None:
    """A lead may all that an agent may, and an admin everything."""
    agent, lead, admin = (scopes_of_role(role, None) for role in ROLES)

    assert agent < lead < admin == frozenset(SCOPES)
    assert "models:promote" not in scopes_of_role("admin", "kvistholm")
    for role in ROLES:
        for brand in (None, "kvistholm"):
            assert role_of(scopes_of_role(role, brand), brand) == role
            assert role_of(scopes_of_role(role, brand) - {"classify"}, brand) is None


def test_a_role_that_does_not_exist_is_refused() -> None:
    """The error names those that do."""
    with pytest.raises(InputError, match="agent, lead, admin"):
        read_role("root")


def test_guesses_are_limited_however_many_come() -> None:
    """Of ten thousand in a minute five are looked at, and the next minute five more."""
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    granted = 0
    for number in range(10_000):
        now[0] = number * 120 / 10_000
        granted += attempts.take("as anna", "from 10.0.0.1") == 0

    assert granted == 10


def test_either_limit_holds() -> None:
    """One address may not try many names, nor many addresses one name."""
    attempts = Attempts(clock=lambda: 0.0)
    by_address = [attempts.take(f"as {n}", "from here") for n in range(6)]
    by_name = [attempts.take("as anna", f"from {n}") for n in range(6)]

    assert by_address == [0, 0, 0, 0, 0, 60]
    assert by_name == [0, 0, 0, 0, 0, 60]


def test_a_refused_attempt_costs_nothing_more_and_a_right_one_nothing() -> None:
    """Waiting ends when it was said to end, and who is let in is not counted."""
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for _ in range(20):
        attempts.take("as anna")
    now[0] = 60.0

    assert attempts.take("as anna") == 0
    for _ in range(20):
        attempts.take("as ida")
        attempts.forgive("as ida")
    assert attempts.take("as ida") == 0


def test_many_names_take_bounded_memory() -> None:
    """Whoever makes names up makes the oldest forgotten."""
    attempts = Attempts(clock=lambda: 0.0)
    for number in range(MAX_NAMES + 500):
        attempts.take(f"as {number}")

    assert len(attempts._made) == MAX_NAMES
