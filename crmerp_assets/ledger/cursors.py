"""How far each object of a connection has been read, per purpose."""

from sqlalchemy import select

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import cursors


class Cursors:
    """`tx.cursors`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, connection: str, object: str, purpose: str) -> str | None:
        """The stored cursor, or None where nothing was read yet."""
        c = cursors.c
        statement = select(c.cursor).where(c.connection == connection, c.object == object, c.purpose == purpose)
        rows = self._session.rows(statement)
        return str(rows[0][0]) if rows else None

    def put(self, connection: str, object: str, purpose: str, cursor: str) -> None:
        """Store a cursor, in the transaction that stores what it stands for."""
        row = {"connection": connection, "object": object, "purpose": purpose, "cursor": cursor}
        self._session.upsert(
            cursors,
            [row | {"updated_at": self._session.now()}],
            lambda new, _: {"cursor": new.cursor, "updated_at": new.updated_at},
        )
