"""From SuiteQL's functions to SQLite's, by what kind of column they are applied to."""

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from crmerp_assets.sandbox.netsuite.suiteql.resolve import Meaning, meaning

ISO = "YYYY-MM-DD HH24:MI:SS"
_DISPLAY = {
    "currency": ("currency", "id", "name"),
    "term": ("term", "id", "name"),
    "subsidiary": ("subsidiary", "id", "name"),
    "contactrole": ("contactrole", "id", "name"),
    "pricelevel": ("pricelevel", "id", "name"),
    "salestaxitem": ("salestaxitem", "id", "itemid"),
    "unitstypeuom": ("unitstypeuom", "internalid", "unitname"),
    "customer": ("customer_stored", "id", "altname"),
    "item": ("item", "id", "itemid"),
    "employee": ("employee", "id", "entityid"),
    "transaction": ('"transaction"', "id", "ns_type(shown.type) || ' #' || shown.tranid"),
    "customeraddressbookentityaddress": (
        "customeraddressbookentityaddress",
        "nkey",
        "COALESCE(shown.addr1, '') || ' ' || COALESCE(shown.city, '')",
    ),
}


def call(name: str, *arguments: exp.Expr | str) -> exp.Anonymous:
    parts = [exp.Literal.string(a) if isinstance(a, str) else a for a in arguments]
    return exp.Anonymous(this=name, expressions=parts)


class Rewriter:
    """Rewrites one resolved query in place. `utc`: the account's time zone needs no conversion."""

    def __init__(self, utc: bool) -> None:
        self.utc = utc
        self._functions: dict[str, Callable[[exp.Anonymous], exp.Expr]] = {
            "ns_to_char": self._to_char,
            "ns_to_timestamp": self._to_time,
            "ns_to_date": self._to_time,
            "ns_trunc": self._trunc,
            "ns_builtin_df": self._display,
        }

    def rewrite(self, tree: exp.Expr) -> None:
        for node in reversed(list(tree.dfs())):
            if isinstance(node, exp.Anonymous) and node.name.lower() in self._functions:
                node.replace(self._functions[node.name.lower()](node))
            elif isinstance(node, exp.CurrentTimestamp | exp.CurrentDate):
                _now(node)
            elif isinstance(node, exp.GroupConcat):
                node.replace(_listed(node))
            elif isinstance(node, exp.Ordered):
                _order(node)

    def local(self, node: exp.Expr) -> exp.Expr:
        return node if self.utc else call("ns_local", node)

    def _to_char(self, node: exp.Anonymous) -> exp.Expr:
        value, form = node.expressions[0], node.expressions[1] if len(node.expressions) > 1 else None
        kind = kind_of(value)
        if kind not in ("date", "datetime"):
            return call("ns_number_char", value)
        written = form.name.upper() if isinstance(form, exp.Literal) else ""
        if kind == "datetime":
            return _as_text(self.local(value)) if written == ISO else call("ns_char", self.local(value), form or ISO)
        return _as_text(value) if written == "YYYY-MM-DD" else call("ns_date_char", value, form or "MM/DD/YYYY")

    def _to_time(self, node: exp.Anonymous) -> exp.Expr:
        """Beside a date column a time is a date; beside a time column it is stored as UTC."""
        value = node.expressions[0]
        form = node.expressions[1] if len(node.expressions) > 1 else exp.Literal.string("MM/DD/YYYY")
        return call("ns_date" if _beside_date(node) else "ns_stamp", value, form)

    def _trunc(self, node: exp.Anonymous) -> exp.Expr:
        value = node.expressions[0]
        if kind_of(value) not in ("date", "datetime"):
            return exp.cast(value, "BIGINT")
        return exp.func("SUBSTR", self.local(value), exp.Literal.number(1), exp.Literal.number(10), dialect="sqlite")

    def _display(self, node: exp.Anonymous) -> exp.Expr:
        value = node.expressions[0]
        what = meaning(value)
        return value if what is None else self._shown(value, what)

    def _shown(self, value: exp.Expr, what: Meaning) -> exp.Expr:
        name, column = what.column.name, what.column
        if column.target in _DISPLAY:
            table, key, text = _DISPLAY[column.target]
            return _parsed(f"(SELECT {text} FROM {table} AS shown WHERE shown.{key} = {value.sql('sqlite')})")
        if what.table == "transaction" and name == "status":
            kind = value.copy()
            kind.set("this", exp.to_identifier("type", quoted=True))
            return call("ns_status", kind, value)
        if what.table == "transaction" and name == "type":
            return call("ns_type", value)
        if name == "country":
            return call("ns_country", value)
        if column.type == "bool":
            return _parsed(f"CASE {value.sql('sqlite')} WHEN 'T' THEN 'Yes' WHEN 'F' THEN 'No' END")
        return self.shown_date(value)

    def shown_date(self, value: exp.Expr) -> exp.Expr:
        """A bare date is shown without time, in the user's preference."""
        kind = kind_of(value)
        if kind == "datetime":
            return call("ns_show_date", self.local(value))
        return call("ns_show_date", value) if kind == "date" else value


def kind_of(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Anonymous) and node.name in ("ns_ago", "ns_stamp"):
        return "datetime"
    if isinstance(node, exp.Anonymous) and node.name == "ns_date":
        return "date"
    what = meaning(node)
    return what.column.type if what else None


def _as_text(value: exp.Expr) -> exp.Expr:
    """Already in the format asked for; joined to nothing, it is no longer a date that would be shown as one."""
    return exp.DPipe(this=value, expression=exp.Literal.string(""), safe=True)


def _parsed(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="sqlite")


def _beside_date(node: exp.Expr) -> bool:
    predicate = node.find_ancestor(exp.Binary, exp.Between, exp.In)
    if predicate is None:
        return False
    column = next((m for m in map(meaning, predicate.find_all(exp.Column)) if m), None)
    return column is not None and column.column.type == "date"


def _listed(node: exp.GroupConcat) -> exp.Expr:
    """`LISTAGG(value, separator) WITHIN GROUP (ORDER BY key)`: SQLite's own knows no order."""
    value = key = node.this
    if isinstance(value, exp.Order):
        value, key = value.this, value.expressions[0].this
    separator = node.args.get("separator") or exp.Literal.string("")
    return exp.AnonymousAggFunc(this="ns_listagg", expressions=[value.copy(), separator.copy(), key.copy()])


def _now(node: exp.Expr) -> None:
    """SYSDATE, and SYSDATE - n days."""
    days, target, parent = "0", node, node.parent
    if isinstance(parent, exp.Sub | exp.Add) and parent.this is node and isinstance(parent.expression, exp.Literal):
        days = parent.expression.name if isinstance(parent, exp.Sub) else f"-{parent.expression.name}"
        target = parent
    value: exp.Expr = call("ns_ago", exp.Literal.number(days))
    if _beside_date(target):
        value = exp.func("SUBSTR", value, exp.Literal.number(1), exp.Literal.number(10), dialect="sqlite")
    target.replace(value)


def _order(node: exp.Ordered) -> None:
    """Keys are never null, and saying where nulls go would keep SQLite from walking the index."""
    what = meaning(node.this)
    if what is not None and what.column.name in ("id", "lastmodifieddate", "uniquekey", "transaction", "internalid"):
        node.set("nulls_first", not node.args.get("desc"))
