"""Texts that people have said the meaning of, for example a product's name in a deal's free text."""

from datetime import datetime

import polars as pl
from sqlalchemy import select

from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import aliases


def normalised(text: str) -> str:
    """The form in which texts are compared: lower case, no outer blanks, inner blanks as one."""
    return " ".join(text.lower().split())


class Aliases:
    """`tx.aliases`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, entity: str, text: str, golden_id: str, by: str) -> None:
        """Let a text mean a golden record from now on. ValueError for an empty text."""
        if not normalised(text):
            raise ValueError("an alias needs a text")
        row = {"entity": entity, "text": normalised(text), "golden_id": golden_id, "made_by": by}
        self._session.upsert(
            aliases,
            [row | {"made_at": self._session.now()}],
            lambda new, _: {name: new[name] for name in ("golden_id", "made_by", "made_at")},
        )

    def all(self, entity: str, since: datetime | None = None) -> pl.DataFrame:
        """(text, golden_id, made_by, made_at), text normalised; with `since`, those made at that time or later."""
        c = aliases.c
        statement = select(c.text, c.golden_id, c.made_by, c.made_at).where(c.entity == entity).order_by(c.text)
        if since is not None:
            statement = statement.where(c.made_at >= micros(since))
        return self._session.frame(statement)
