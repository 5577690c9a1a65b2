"""Accounts and sessions in both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.access.accounts import new_account
from triage.errors import InputError
from triage.storage.people import Session
from triage.storage.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = "four words chosen at random"


def test_accounts_come_back_as_they_were(store_url: str) -> None:
    """Each is found by name and by id, and a name is taken once."""
    ida, anna = new_account("ida", GOOD, "lead", NOW), new_account("Anna", GOOD, "agent", NOW, "b")
    with Store.open(store_url) as store:
        assert not store.accounts.any()
        store.accounts.add(ida)
        store.accounts.add(anna)

        assert store.accounts.any()
        assert store.accounts.list_accounts() == [anna, ida]
        assert store.accounts.find(name="anna") == store.accounts.find(id_=anna.id) == anna
        assert store.accounts.find(name="nobody") is None
        with pytest.raises(InputError, match="exists"):
            store.accounts.add(new_account(" ANNA ", GOOD, "admin", NOW))


@pytest.mark.parametrize("end", ["password", "remove"])
def test_sessions_end_with_what_they_stand_on(store_url: str, end: str) -> None:
    """Another password, or no account, ends the sessions of that person alone."""
    ida, anna = new_account("ida", GOOD, "lead", NOW), new_account("anna", GOOD, "agent", NOW)
    with Store.open(store_url) as store:
        for number, one in enumerate((ida, anna)):
            store.accounts.add(one)
            session = Session("account", one.id, NOW, NOW)
            store.sessions.begin(str(number), session, NOW - timedelta(hours=1))
        if end == "password":
            store.accounts.set_password("anna", "hash", NOW)
        else:
            store.accounts.remove("anna")

        assert store.sessions.find("0") == Session("account", ida.id, NOW, NOW)
        assert store.sessions.find("1") is None


def test_who_is_not_there_cannot_be_changed(store_url: str) -> None:
    """A misspelt name is wrong use, not a silent success."""
    with Store.open(store_url) as store:
        with pytest.raises(InputError, match="no account"):
            store.accounts.remove("nobody")
        with pytest.raises(InputError, match="no account"):
            store.accounts.set_password("nobody", "hash", NOW)


def test_sessions_are_touched_ended_and_swept(store_url: str) -> None:
    """Whoever signs in takes those along that nobody can use any more."""
    old = Session("key", "k1", NOW - timedelta(hours=13), NOW)
    with Store.open(store_url) as store:
        store.sessions.begin("old", old, NOW - timedelta(days=9))
        store.sessions.begin("new", Session("key", "k1", NOW, NOW), NOW - timedelta(hours=12))
        store.sessions.touch("new", NOW + timedelta(minutes=5))
        found = store.sessions.find("new")

        assert store.sessions.find("old") is None
        assert found is not None
        assert found.seen_at == NOW + timedelta(minutes=5)
        store.sessions.end("new")
        assert store.sessions.find("new") is None
