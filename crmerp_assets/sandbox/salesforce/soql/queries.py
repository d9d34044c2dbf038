"""Running queries page by page. A cursor keeps the ids that were found, so that later pages do not shift."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from crmerp_assets.sandbox.salesforce.engine import Actor, Organisation
from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.soql.compile import compile_soql
from crmerp_assets.sandbox.salesforce.soql.errors import malformed
from crmerp_assets.sandbox.salesforce.soql.plan import ChildPlan, Plan
from crmerp_assets.sandbox.salesforce.soql.shape import Record, shaper

PAGE = 2000
CHILD_PAGE = 200
_VALID = timedelta(days=2)
_SHORT_BY = 3
_ID = 18


@dataclass(frozen=True, slots=True)
class Ask:
    """One query of someone. `fault` is a page fault to carry out."""

    soql: str
    actor: Actor
    version: str
    deleted_too: bool = False
    batch: int = PAGE
    fault: str | None = None


class Queries:
    """`child_page` rows of a child list come with their parent, the rest by a cursor of their own."""

    def __init__(self, organisation: Organisation, child_page: int = CHILD_PAGE) -> None:
        self._organisation = organisation
        self._store = organisation.store
        self._child_page = child_page
        self._store.write(
            "CREATE TABLE IF NOT EXISTS _cursor (id TEXT PRIMARY KEY, soql TEXT, user TEXT, deleted_too INTEGER, "
            "batch INTEGER, child TEXT, ids TEXT, made TEXT)"
        )

    def compile(self, ask: Ask) -> Plan:
        today = self._organisation.clock().date()
        return compile_soql(ask.soql, self._organisation.catalog, ask.actor.everything, ask.deleted_too, today)

    def run(self, ask: Ask) -> Record:
        """The first page of a query."""
        with self._store.reading() as db:
            plan = self.compile(ask)
            if plan.counting or plan.aggregates:
                return self._aggregate(plan, ask)
            wanted = ask.batch + 1 if plan.limit is None else min(plan.limit, ask.batch + 1)
            rows = db.execute(plan.sql(plan.selected, wanted), plan.parameters).fetchall()
            if len(rows) <= ask.batch:
                return self._page(plan, ask, rows, 0, len(rows), None)
            every = f"SELECT group_concat(id, '') FROM ({plan.sql(f'{plan.id} AS id', plan.limit)})"
            (ids,) = db.execute(every, plan.parameters).fetchone()
            cursor = self._keep(ask, ids, None)
            return self._page(plan, ask, rows[: ask.batch], 0, len(ids) // _ID, cursor)

    def more(self, locator: str, ask: Ask) -> Record:
        """A later page, by the end of its address. Raises INVALID_QUERY_LOCATOR."""
        id_, _, position = locator.rpartition("-")
        sql = "SELECT soql, deleted_too, batch, child, ids, made FROM _cursor WHERE id = ? AND user = ?"
        kept = self._store.row(sql, (id_, ask.actor.name))
        oldest = self._organisation.ago(_VALID.total_seconds())
        if kept is None or not position.isdigit() or kept[5] < oldest:
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        soql, deleted_too, batch, child, ids, _ = kept
        again = Ask(soql, ask.actor, ask.version, bool(deleted_too), batch, ask.fault)
        return self._later(again, id_, int(position), ids, child)

    def _later(self, ask: Ask, cursor: str, position: int, ids: str, child: str | None) -> Record:
        plan = self.compile(ask)
        if child:
            plan = next(each.plan for each in plan.children if each.name == child)
        start = max(0, position - ask.batch) if ask.fault == "repeat_page" else position
        with self._store.reading() as db:
            source = f"json_each(?) AS wanted JOIN {plan.scope.source} ON {plan.id} = wanted.value"
            sql = f"SELECT {plan.selected} FROM {source}{plan.scope.joined} ORDER BY wanted.key"
            own = ids[start * _ID : (start + ask.batch) * _ID]
            wanted = json.dumps([own[at : at + _ID] for at in range(0, len(own), _ID)])
            rows = db.execute(sql, (wanted,)).fetchall()
            return self._page(plan, ask, rows, position, len(ids) // _ID, cursor)

    def _page(
        self, plan: Plan, ask: Ask, rows: Sequence[tuple[Any, ...]], position: int, total: int, cursor: str | None
    ) -> Record:
        if ask.fault == "short_page":
            rows = rows[:-_SHORT_BY]
        shape = shaper(plan, ask.version)
        records = [shape(row) for row in rows]
        for child in plan.children:
            self._add_children(child, ask, [row[0] for row in rows], records)
        following = position + ask.batch
        page: Record = {"totalSize": total, "done": cursor is None or following >= total}
        if not page["done"]:
            page["nextRecordsUrl"] = f"/services/data/v{ask.version}/query/{cursor}-{following}"
        return {**page, "records": records}

    def _add_children(self, child: ChildPlan, ask: Ask, parents: list[str], records: list[Record]) -> None:
        """One statement for all parents of the page."""
        plan = child.plan
        link = f'{plan.scope.table}."{child.link.name}"'
        source = f"json_each(?) AS wanted CROSS JOIN {plan.scope.source} ON {link} = wanted.value{plan.scope.joined}"
        order = ", ".join(plan.order) or plan.id
        sql = f"SELECT {plan.selected}, {link} FROM {source}{plan.condition} ORDER BY {order}"
        found: dict[str, list[tuple[Any, ...]]] = {}
        for row in self._store.db.execute(sql, (json.dumps(parents), *plan.parameters)):
            found.setdefault(row[-1], []).append(row)
        for parent, record in zip(parents, records, strict=True):
            rows = found.get(parent, [])[plan.offset :][: plan.limit]
            record[child.name] = self._child_page_of(child, ask, rows) if rows else None

    def _child_page_of(self, child: ChildPlan, ask: Ask, rows: list[tuple[Any, ...]]) -> Record:
        size = self._child_page
        own = Ask(ask.soql, ask.actor, ask.version, ask.deleted_too, size)
        cursor = self._keep(own, "".join(row[0] for row in rows), child.name) if len(rows) > size else None
        return self._page(child.plan, own, rows[:size], 0, len(rows), cursor)

    def _keep(self, ask: Ask, ids: str, child: str | None) -> str:
        cursor = f"0r8{secrets.token_hex(8)}"
        row = (cursor, ask.soql, ask.actor.name, ask.deleted_too, ask.batch, child)
        made = self._organisation.now()
        self._store.write("INSERT INTO _cursor VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, ids, made))
        return cursor

    def _aggregate(self, plan: Plan, ask: Ask) -> Record:
        if plan.counting:
            (total,) = self._store.db.execute(plan.sql("COUNT(*)", None), plan.parameters).fetchone()
            return {"totalSize": total, "done": True, "records": []}
        if plan.columns or plan.children:
            raise malformed(f"Grouped query cannot select plain fields of {plan.scope.kind.name}")
        group = f" GROUP BY {', '.join(plan.groups)}" if plan.groups else ""
        selected = ", ".join(sql for _, sql in plan.aggregates)
        source = f"{plan.scope.source}{plan.scope.joined}{plan.condition}{group}"
        rows = self._store.db.execute(f"SELECT {selected} FROM {source}{plan.tail(plan.limit)}", plan.parameters)
        names = [name for name, _ in plan.aggregates]
        records = [
            {"attributes": {"type": "AggregateResult"}, **dict(zip(names, row, strict=True))} for row in rows.fetchall()
        ]
        return {"totalSize": len(records), "done": True, "records": records}
