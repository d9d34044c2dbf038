"""Small plans for the tests, and a clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from crmerp_assets.ledger.planning import PLAN


class Clock:
    """A clock in the hands of the test."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def change(after: str, field: str = "phone") -> str:
    return f'{{"{field}":{{"before":null,"after":"{after}","rule":"newest"}}}}'


def intent(golden_id: str, after: str = "1", **other: Any) -> dict[str, Any]:
    """A planned create; its id is made from what it writes, as the planner does."""
    row = {
        "id": f"{golden_id}:{after}:{other.get('expected_version', '')}",
        "connection": "erp",
        "entity": "customer",
        "golden_id": golden_id,
        "operation": "create",
        "key": golden_id,
        "state": "waiting" if other.get("gate") else "planned",
        "changes": change(after),
        "priority": 20,
    }
    return row | other


def plan(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([[row.get(name) for name in PLAN] for row in rows], schema=PLAN, orient="row")
