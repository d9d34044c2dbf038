"""A world of any CRM with any ERP: the same jobs, whichever two systems stand behind them.

A system takes part by a class here and an entry in CRMS or ERPS; what tests ask of it is asked in its own words there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import dagster as dg
import pytest
from systems_of_pairs import HubSpot, NetSuite, Odoo, Salesforce, Tryton
from world import GO_LIVE, World, configured

QUICK = "retries: {base_seconds: 0.001, max_seconds: 0.002, max_attempts: 9}\n"


class Side(Protocol):
    """One system: its entry in connections.yaml, its server, what the environment must hold, and faults."""

    entry: str
    server: Any
    writes: dict[str, str]
    """Patterns of the calls that write a customer and an order."""

    def running(self, folder: Path) -> AbstractContextManager[dict[str, str]]: ...

    def fault(self, kind: str, match: str, times: int = 1) -> None: ...

    def struck(self) -> int: ...


class Crm(Side, Protocol):
    """Where deals are won."""

    def sold(self, world: World, deals: int) -> list[str]:
        """Won deals of one account each, of 2 x 10.25 and 1 x 4.50; their ids."""

    def told(self, world: World, deal: str) -> dict[str, Any]:
        """What a deal shows of its order: `number` and `invoice`, the number of its invoice."""


class Erp(Side, Protocol):
    """Where orders are invoiced."""

    def products(self, world: World) -> None:
        """Products SKU-0 and SKU-1, where they cannot come from the CRM."""

    def customers(self, world: World) -> int:
        """How many there are."""

    def orders(self, world: World) -> list[tuple[str, str, Decimal]]:
        """Number, our key and untaxed total of every order."""

    def invoice(self, world: World, number: str) -> str:
        """Bill an order; the number of the invoice."""


CRMS: dict[str, type[Any]] = {"salesforce": Salesforce, "hubspot": HubSpot}
ERPS: dict[str, type[Any]] = {"netsuite": NetSuite, "odoo": Odoo, "tryton": Tryton}
PAIRS = [(crm, erp) for crm in CRMS for erp in ERPS]


@dataclass
class Pair(World):
    """A world that knows its two systems."""

    left: Crm = field(default=None)  # type: ignore[arg-type]
    right: Erp = field(default=None)  # type: ignore[arg-type]


@contextmanager
def make_pair(folder: Path, patch: pytest.MonkeyPatch, crm: str, erp: str, **options: Any) -> Iterator[Pair]:
    """Both servers, configured and provisioned; `options` are the ERP's."""
    left, right = CRMS[crm](), ERPS[erp](**options)
    (folder / "config").mkdir(parents=True)
    text = f"connections:\n{left.entry}{right.entry}"
    (folder / "config" / "connections.yaml").write_text(text, encoding="utf-8")
    with ExitStack() as stack:
        variables = stack.enter_context(left.running(folder)) | stack.enter_context(right.running(folder))
        instance = stack.enter_context(dg.DagsterInstance.ephemeral())
        stack.enter_context(configured(folder, patch, variables))
        pair = Pair(folder, left.server, right.server, instance, left=left, right=right)
        pair.policy(GO_LIVE + QUICK)
        pair.provision()
        yield pair


def both(faults: Sequence[tuple[Side, str, str]]) -> None:
    """Arm (side, kind of fault, which write)."""
    for side, kind, which in faults:
        side.fault(kind, side.writes[which])
