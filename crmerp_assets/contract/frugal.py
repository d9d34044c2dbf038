"""How few calls a connector takes, as its system counts them: within a tenth of the fewest that there can be.

What is counted is what a sync does with records in bulk: they are made, changed, read as changed, read by id, as before
a change and after it, by key, as where an outcome is unknown, and all of them. What a connector asks about its system
once in its life is asked before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from crmerp_assets.connectors.protocol import Connector, Result, Row, Write
from crmerp_assets.contract.case import BestCase, ConnectorCase, Fewest

SLACK = 1.1
Answer = TypeVar("Answer", list[Row], list[Result], dict[str, Row])


def test_everything_is_pulled_in_close_to_the_fewest_pages(case: ConnectorCase, connector: Connector) -> None:
    records = records_of(case, connector)
    records.pulled()
    ids = case.admin.seed(case.object, case.seed(2 * case.page_size + 7))
    rows = records.measured("pull", records.best.pull, lambda: records.pulled()[0])
    assert sorted(str(row["_id"]) for row in rows) == sorted(ids)


def test_a_thousand_records_take_close_to_the_fewest_calls(case: ConnectorCase, connector: Connector) -> None:
    """A thousand, or as many as the system makes in seconds."""
    records = records_of(case, connector)
    connector.describe(case.object)
    _, before = records.pulled()
    writes = [case.create(number) for number in range(records.best.count)]
    ids = records.pushed("create", records.best.create, writes)
    updates = [case.update(number, native_id, "Changed by us") for number, native_id in enumerate(ids)]
    records.pushed("update", records.best.update, updates)
    rows = records.read_in_every_way(before, ids, [write.key for write in writes])
    assert [row[case.text_field] for row in rows] == ["Changed by us"] * len(ids)


def test_orders_with_their_lines_take_close_to_the_fewest_calls(case: ConnectorCase, connector: Connector) -> None:
    """One goes before the others: what writing orders takes of lists and definitions is read for it."""
    assert case.orders is not None, f"{case.system} has no orders in its case"
    orders = case.orders(connector)
    best = orders.best
    kind = Counted(case, connector, orders.object, orders.key_field, orders.fields, best)
    (first,) = connector.push(orders.object, [orders.create(0)])
    assert first.error is None
    orders.add_lines([str(first.native_id)])
    _, before = kind.pulled()
    writes = [orders.create(number) for number in range(1, best.count + 1)]
    ids = kind.pushed("create", best.create, writes)
    orders.add_lines(ids)
    if orders.update is not None:
        updates = [orders.update(number, native_id) for number, native_id in enumerate(ids, start=1)]
        kind.pushed("update", best.update, updates)
    rows = kind.read_in_every_way(before, ids, [write.key for write in writes])
    assert [len(json.loads(row[orders.child] or "[]")) for row in rows] == [orders.lines] * (1 + len(ids))


@dataclass(frozen=True, slots=True)
class Counted:
    """One kind of record, written and read by a connector whose calls the system counts."""

    case: ConnectorCase
    connector: Connector
    object: str
    key_field: str
    fields: Sequence[str]
    best: BestCase

    def pushed(self, what: str, best: Fewest | None, writes: Sequence[Write]) -> list[str]:
        """Native ids."""
        assert best is not None, f"{self.case.system} does not say in how few calls it can {what} {self.object}"
        results = self.measured(what, best, lambda: self.connector.push(self.object, writes))
        assert [result.error for result in results if result.error] == []
        return [str(result.native_id) for result in results]

    def read_in_every_way(self, before: str, ids: Sequence[str], keys: Sequence[str]) -> list[Row]:
        """All rows. `before` is a cursor from before the records with these ids and keys were made."""
        changed = self.measured("read as changed", self.best.changed, lambda: self.pulled(before)[0])
        assert {str(row["_id"]) for row in changed} >= set(ids)
        fetch, find = self.connector.fetch, self.connector.find_by_key
        fetched = self.measured("fetch", self.best.fetch, lambda: fetch(self.object, self.fields, ids))
        assert {str(row["_id"]) for row in fetched} == set(ids)
        found = self.measured("find", self.best.find, lambda: find(self.object, self.key_field, keys, self.fields))
        assert set(found) == set(keys)
        return self.measured("pull", self.best.pull, lambda: self.pulled()[0])

    def pulled(self, since: str | None = None) -> tuple[list[Row], str]:
        """Everything, or what changed since, and the last cursor."""
        pages = list(self.connector.pull(self.object, self.fields, since))
        return [row for page in pages for row in page.rows], pages[-1].cursor

    def measured(self, what: str, best: Fewest, act: Callable[[], Answer]) -> Answer:
        """What `act` gives, once the system has counted its calls."""
        self.case.admin.reset_calls()
        answer = act()
        calls, fewest = self.case.admin.calls(), best.calls(len(answer))
        told = f"{calls} calls to {what} {len(answer)} {self.object}, which takes {fewest}: {best.why}"
        assert calls <= SLACK * fewest, told
        return answer


def records_of(case: ConnectorCase, connector: Connector) -> Counted:
    """The case's own kind of record."""
    assert case.best is not None, f"{case.system} does not say in how few calls its records can be written and read"
    return Counted(case, connector, case.object, case.key_field, case.fields, case.best)
