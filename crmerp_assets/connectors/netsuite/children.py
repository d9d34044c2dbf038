"""The child lists of a page of rows: order lines, applications of payments, the orders an invoice bills.

One query serves up to 1,000 parents; its rows are paged by their own unique key, so that lines written meanwhile
neither shift nor hide others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.netsuite.fields import Child, Column
from crmerp_assets.connectors.netsuite.statements import Selection, sql_of, text_of
from crmerp_assets.connectors.netsuite.suiteql import Key, Raw, SuiteQL, number_list
from crmerp_assets.connectors.netsuite.times import WallClock
from crmerp_assets.connectors.protocol import Row


def attach_children(suiteql: SuiteQL, wall: WallClock, selection: Selection, rows: Sequence[Row]) -> None:
    """Put every requested child list into its rows: JSON text of a list, or the ids themselves for `createdFrom`."""
    parents = [row["_id"] or "" for row in rows]
    for name, (child, columns) in selection.children.items():
        lists = _lists(suiteql, wall, child, columns, parents) if parents else {}
        for row in rows:
            found = lists.get(row["_id"] or "", [])
            row[name] = _ids(name, found) if name in columns else exactjson.dumps(_bare(found))


def _lists(
    suiteql: SuiteQL, wall: WallClock, child: Child, columns: dict[str, Column], parents: Sequence[str]
) -> dict[str, list[Row]]:
    raws: dict[str, list[Raw]] = defaultdict(list)
    for raw in _raws(suiteql, child, columns, parents):
        raws[raw.get("parent") or ""].append(raw)
    return {
        parent: [_row(columns, raw, wall) for raw in sorted(found, key=lambda raw: int(raw.get("position") or 0))]
        for parent, found in raws.items()
    }


def _raws(suiteql: SuiteQL, child: Child, columns: dict[str, Column], parents: Sequence[str]) -> Iterator[Raw]:
    after: Key | None = None
    known = set(parents)
    while True:
        query = _statement(child, columns, parents, after)
        page = suiteql.page(
            query, key=lambda raw: _key(child, raw), after=after, asked=lambda raw: raw.get("parent") in known
        )
        yield from page.items
        if page.last:
            return
        after = _key(child, page.items[-1])


def _statement(child: Child, columns: dict[str, Column], parents: Sequence[str], after: Key | None) -> str:
    parts = [f"{child.parent} AS parent", f"{child.order or child.parent} AS position"]
    parts += [f"{sql} AS k{number}" for number, sql in enumerate(child.unique)]
    parts += [f"{sql_of(column)} AS c{number}" for number, column in enumerate(columns.values())]
    beyond = f" AND ({_beyond(child.unique, after)})" if after else ""
    where = f"{child.source} AND {child.parent} IN ({number_list(parents)}){beyond}"
    return f"SELECT {', '.join(parts)} {where} ORDER BY {', '.join(child.unique)}"


def _beyond(columns: Sequence[str], after: Key) -> str:
    """The rows after `after` in the order of `columns`."""
    cases = []
    for depth, column in enumerate(columns):
        ties = [f"{columns[tie]} = {after[tie]}" for tie in range(depth)]
        cases.append(" AND ".join([*ties, f"{column} > {after[depth]}"]))
    return " OR ".join(f"({case})" for case in cases)


def _key(child: Child, raw: Raw) -> Key:
    return tuple(int(raw.get(f"k{number}") or 0) for number in range(len(child.unique)))


def _row(columns: dict[str, Column], raw: Raw, wall: WallClock) -> Row:
    return {path: text_of(column, raw.get(f"c{number}"), wall) for number, (path, column) in enumerate(columns.items())}


def _bare(rows: Sequence[Row]) -> list[Row]:
    return [{path.partition(".")[2]: value for path, value in row.items()} for row in rows]


def _ids(path: str, rows: Sequence[Row]) -> str | None:
    return ",".join(dict.fromkeys(value for row in rows if (value := row[path]))) or None
