"""The search endpoint: filters over an index that lags behind, one sort property, no order among equals, a wall."""

import random
from collections.abc import Iterable, Mapping
from typing import Any

from crmerp_assets.sandbox.hubspot.errors import bad_request
from crmerp_assets.sandbox.hubspot.moments import milliseconds
from crmerp_assets.sandbox.hubspot.portal import Body, Portal
from crmerp_assets.sandbox.hubspot.schema import ObjectType

WALL = 10_000
_LARGEST, _GROUPS, _FILTERS, _ALL_FILTERS = 200, 5, 6, 18
_COMPARISONS = {"EQ": "=", "NEQ": "IS NOT", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_MOMENTS = ("datetime", "date")


class Search:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._shuffle = random.Random(11)  # noqa: S311

    def page(self, kind: ObjectType, body: Body, fault: str | None) -> Body:
        limit, after = int(body.get("limit", 10)), int(body.get("after") or 0)
        if not 0 < limit <= _LARGEST:
            raise bad_request(f"limit must be between 1 and {_LARGEST}")
        if after + limit > WALL:
            raise bad_request(f"The maximum number of results supported is {WALL}")
        where, parameters = self._where(kind, body.get("filterGroups") or [])
        start = max(0, after - limit) if fault == "repeat_page" else after
        order = self._order(kind, body.get("sorts") or [])
        found = self._portal.select(kind, f"{where} ORDER BY {order} LIMIT {limit} OFFSET {start}", parameters)
        total = self._total(kind, where, parameters)
        if fault == "short_page":
            found = found[: len(found) // 2]
        more = after + limit < total
        paging = {"paging": {"next": {"after": str(after + limit)}}} if more and fault != "short_page" else {}
        shown = [self._portal.shown(kind, record, body.get("properties")) for record in found]
        return {"total": total, "results": shown, **paging}

    def _total(self, kind: ObjectType, where: str, parameters: list[Any]) -> int:
        row = self._portal.store.row(
            f"SELECT COUNT(*) FROM record WHERE type = ? AND {where}", (kind.name, *parameters)
        )
        return int(row[0]) if row else 0

    def _where(self, kind: ObjectType, groups: list[Body]) -> tuple[str, list[Any]]:
        filters = [len(group.get("filters") or []) for group in groups]
        if len(groups) > _GROUPS or any(count > _FILTERS for count in filters) or sum(filters) > _ALL_FILTERS:
            raise bad_request(f"At most {_GROUPS} filterGroups with {_FILTERS} filters each, {_ALL_FILTERS} in all")
        seen = self._portal.now() - int(self._portal.settings.index_lag * 1000)
        visible = "archived IS NULL" + (f" AND modified <= {seen}" if self._portal.settings.index_lag else "")
        parts: list[str] = []
        parameters: list[Any] = []
        for group in groups:
            conditions = [_condition(kind, filter_) for filter_ in group.get("filters") or []]
            parts.append("(" + (" AND ".join(sql for sql, _ in conditions) or "1") + ")")
            parameters += [value for _, values in conditions for value in values]
        return visible + (f" AND ({' OR '.join(parts)})" if parts else ""), parameters

    def _order(self, kind: ObjectType, sorts: list[Any]) -> str:
        """Among equals the order differs from one call to the next, as it does on shards."""
        if len(sorts) > 1:
            raise bad_request("Only one sort is supported")
        ties = f"(id * 7919 + {self._shuffle.randrange(1009)}) % 1009"
        if not sorts:
            return f"created DESC, {ties}"
        sort = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": str(sorts[0])}
        direction = "DESC" if sort.get("direction") == "DESCENDING" else "ASC"
        return f"{_column(kind, sort['propertyName'])} {direction}, {ties}"


def _column(kind: ObjectType, name: str) -> str:
    if name not in kind.properties:
        raise bad_request(f"There was a problem with the request: property {name} does not exist")
    system = {"hs_object_id": "id", "createdate": "created", kind.modified: "modified"}
    if name in system:
        return system[name]
    column = f"json_extract(properties, '$.\"{name}\"')"
    return f"CAST({column} AS REAL)" if kind.properties[name].type == "number" else column


def _condition(kind: ObjectType, filter_: Mapping[str, Any]) -> tuple[str, list[Any]]:
    name, operator = filter_["propertyName"], filter_["operator"]
    column = _column(kind, name)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return f"{column} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL", []
    if operator in ("IN", "NOT_IN"):
        values = [_value(kind, name, value) for value in filter_["values"]]
        marks = ", ".join("?" * len(values))
        return f"{column} COLLATE NOCASE {'NOT ' if operator == 'NOT_IN' else ''}IN ({marks})", values
    if operator == "BETWEEN":
        return f"{column} BETWEEN ? AND ?", [_value(kind, name, filter_[key]) for key in ("value", "highValue")]
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        like = str(filter_["value"]).replace("*", "%")
        return f"{column} {'NOT ' if operator.startswith('NOT') else ''}LIKE ?", [f"%{like}%"]
    if operator not in _COMPARISONS:
        raise bad_request(f"operator {operator} is not one of {list(_COMPARISONS)}")
    value = _value(kind, name, filter_["value"])
    case = " COLLATE NOCASE" if isinstance(value, str) else ""
    return f"{column} {_COMPARISONS[operator]} ?{case}", [value]


def _value(kind: ObjectType, name: str, value: Any) -> Any:
    property_ = kind.properties[name]
    try:
        if name in ("createdate", kind.modified):
            return milliseconds(str(value))
        return float(value) if property_.type == "number" else str(value)
    except ValueError:
        raise bad_request(f"{value} is not a value of {name}") from None


def listed(portal: Portal, kind: ObjectType, query: Mapping[str, str], fault: str | None) -> Body:
    """The list endpoint: by id, live or archived, at most 100 a page."""
    limit, archived = int(query.get("limit", 10)), query.get("archived", "").lower() == "true"
    if not 0 < limit <= 100:
        raise bad_request("limit must be between 1 and 100")
    after = int(query.get("after") or 0)
    state = f"archived IS {'NOT ' if archived else ''}NULL"
    found = portal.select(kind, f"{state} AND id > ? ORDER BY id LIMIT ?", (after, limit + 1))
    page, more = found[:limit], len(found) > limit
    paging: Body = {"next": {"after": str(page[-1].id), "link": ""}} if more else {}
    if fault == "repeat_page":
        before = portal.select(kind, f"{state} AND id <= ? ORDER BY id DESC LIMIT ?", (after, limit))
        page = before[::-1]
    if fault == "short_page":
        page = page[: len(page) // 2]
    names = _names(query.get("properties"))
    shown = [portal.shown(kind, record, names) for record in page]
    return {"results": shown, **({"paging": paging} if paging else {})}


def _names(given: str | None) -> Iterable[str] | None:
    return [name for name in given.split(",") if name] if given else None
