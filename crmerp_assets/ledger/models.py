"""Weights of matching: every set that a full run learned, whether it was taken into use, and what checked it.

Rows are only added; the newest adopted one of an entity is in use, else the weights that come with the package. A
decision names the version by which it was made, so that it can be read for ever.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import select

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import match_models


class Models:
    """`tx.models`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, row: Mapping[str, Any]) -> None:
        """Keep a model: entity, version, model and report (both JSON text), adopted.

        One that is in use already is not kept again.
        """
        used = self.current(row["entity"])
        if used is None or used["version"] != row["version"]:
            names = ("entity", "version", "model", "report", "adopted")
            self._session.insert(match_models, [{n: row[n] for n in names} | {"made_at": self._session.now()}])

    def current(self, entity: str) -> dict[str, Any] | None:
        """The row in use, in the columns of the table; None where nothing was ever adopted."""
        c = match_models.c
        newest = select(match_models).where(c.entity == entity, c.adopted).order_by(c.number.desc()).limit(1)
        found = self._session.frame(newest).to_dicts()
        return found[0] if found else None

    def history(self, entity: str) -> pl.DataFrame:
        """Every model of an entity, oldest first."""
        c = match_models.c
        return self._session.frame(select(match_models).where(c.entity == entity).order_by(c.number))
