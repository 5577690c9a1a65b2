"""Read and write the accounts of people and who of them is signed in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine, RowMapping, delete, exists, insert, select, update

from triage.access.accounts import Account
from triage.errors import InputError
from triage.storage.engine import transaction
from triage.storage.tables import accounts, sessions

Kind = Literal["account", "key"]


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    Args:
        kind: Whether they signed in with an account or with a key.
        holder: Id of that account or key.
        created_at: When they signed in.
        seen_at: When they last did something, to the minute.
    """

    kind: Kind
    holder: str
    created_at: datetime
    seen_at: datetime


class AccountRepository:
    """The accounts of a store.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_accounts(self) -> Sequence[Account]:
        """List all accounts by name.

        Raises:
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name)).mappings().all()
        return [_account(row) for row in rows]

    def any(self) -> bool:
        """Tell whether there is an account.

        Raises:
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            return bool(connection.execute(select(exists().select_from(accounts))).scalar())

    def add(self, account: Account) -> None:
        """Add an account.

        Raises:
            InputError: When its name is taken.
            StoreError: When the store cannot be written.
        """
        with transaction(self._engine, write=True) as connection:
            if connection.execute(select(accounts).filter_by(name=account.name)).first():
                raise InputError(
                    "An account of that name exists.",
                    fix="Set its password with triage accounts password, or choose another name.",
                    field="NAME",
                )
            connection.execute(insert(accounts), [asdict(account)])

    def set_password(self, name: str, password: str, now: datetime) -> None:
        """Set a password by its hash and end all sessions of the account.

        Raises:
            InputError: When there is no such account.
            StoreError: When the store cannot be written.
        """
        self._change(name, {"password": password, "changed_at": now})

    def remove(self, name: str) -> None:
        """Remove an account and end all its sessions.

        Raises:
            InputError: When there is no such account.
            StoreError: When the store cannot be written.
        """
        self._change(name, None)

    def find(self, *, name: str = "", id_: str = "") -> Account | None:
        """Return an account by its folded name or its id.

        Raises:
            StoreError: When the store cannot be read.
        """
        where = accounts.c.id == id_ if id_ else accounts.c.name == name
        with transaction(self._engine) as connection:
            row = connection.execute(select(accounts).where(where)).mappings().one_or_none()
        return _account(row) if row else None

    def _change(self, name: str, values: dict[str, Any] | None) -> None:
        with transaction(self._engine, write=True) as connection:
            mine = accounts.c.name == name
            found = connection.execute(select(accounts.c.id).where(mine)).scalar()
            if found is None:
                raise InputError(
                    "There is no account of that name.",
                    fix="See triage accounts list.",
                    field="NAME",
                )
            connection.execute(
                delete(accounts).where(mine)
                if values is None
                else update(accounts).where(mine).values(values)
            )
            ended = (sessions.c.kind == "account") & (sessions.c.holder == found)
            connection.execute(delete(sessions).where(ended))


class SessionRepository:
    """Who is signed in; a session is found by the SHA-256 of its token alone.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, digest: str, session: Session, expired_before: datetime) -> None:
        """Add a session, and delete those that began before a moment: nobody can use them.

        Raises:
            StoreError: When the store cannot be written.
        """
        with transaction(self._engine, write=True) as connection:
            connection.execute(delete(sessions).where(sessions.c.created_at < expired_before))
            connection.execute(insert(sessions), [{"digest": digest, **asdict(session)}])

    def find(self, digest: str) -> Session | None:
        """Return a session.

        Raises:
            StoreError: When the store cannot be read.
        """
        query = select(sessions).where(sessions.c.digest == digest)
        with transaction(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        return Session(row["kind"], row["holder"], row["created_at"], row["seen_at"])

    def touch(self, digest: str, now: datetime) -> None:
        """Write that somebody did something just now.

        Raises:
            StoreError: When the store cannot be written.
        """
        with transaction(self._engine, write=True) as connection:
            mine = sessions.c.digest == digest
            connection.execute(update(sessions).where(mine).values(seen_at=now))

    def end(self, digest: str) -> None:
        """Delete a session.

        Raises:
            StoreError: When the store cannot be written.
        """
        with transaction(self._engine, write=True) as connection:
            connection.execute(delete(sessions).where(sessions.c.digest == digest))


def _account(row: RowMapping) -> Account:
    return Account(**row)
