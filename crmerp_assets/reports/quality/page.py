"""The audit as one HTML page that loads nothing from elsewhere: scores, what takes the points, then details."""

from collections.abc import Sequence
from html import escape
from typing import Any

import polars as pl

from crmerp_assets.reports.quality.audit import Audit
from crmerp_assets.reports.quality.kinds import KINDS
from crmerp_assets.reports.quality.lists import WorkList
from crmerp_assets.reports.quality.markup import STYLE, Html, bar, many, spark, table
from crmerp_assets.reports.quality.source import NOT_READ

SHOWN = 50


def page(audit: Audit, lists: Sequence[WorkList], folder: str) -> str:
    """The page of an audit without the names of people; the work lists are linked to in `folder` beside it."""
    sections = {
        "Scores": _scores(audit),
        "What takes the points": _points(audit),
        "Work lists": _lists(lists, folder),
        "In one system only": _one_side(audit),
        "Doubles": _clusters(audit),
        "Completeness": _completeness(audit),
        "How values are written": _formats(audit),
        "How a score comes about": _rule(audit),
    }
    links = "".join(f'<a href="#{_anchor(title)}">{escape(title)}</a>' for title in sections)
    body = "".join(f'\n<h2 id="{_anchor(title)}">{escape(title)}</h2>{part}' for title, part in sections.items())
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Data quality</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body><h1>Data quality</h1>'
        f'<p class="about">{escape(_said(audit))}</p><nav>{links}</nav>{body}</body></html>\n'
    )


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _said(audit: Audit) -> str:
    records, faultless = (int(audit.scores[name].sum()) for name in ("records", "faultless"))
    low = "No score is" if audit.low.is_empty() else f"{many(audit.low.height, 'score')} below"
    below = f" below {audit.warn_below:g}" if audit.low.is_empty() else f" {audit.warn_below:g}"
    return (
        f"{audit.made_at:%Y-%m-%d %H:%M} UTC. {many(records, 'record')} in both systems, {faultless:,} of them "
        f"without a fault. {low}{below}. Values of personal fields and the names of people are not shown here."
    )


def _scores(audit: Audit) -> str:
    rows = [
        (
            row["system"],
            row["entity"],
            bar(row["score"], row["score"] is not None and row["score"] < audit.warn_below),
            _change(row),
            spark(audit.trend, row["system"], row["entity"]),
            row["records"],
            row["faultless"],
            row["steward"],
        )
        for row in audit.scores.iter_rows(named=True)
    ]
    header = ("system", "entity", "score", "since the run before", "trend", "records", "without a fault", "steward")
    return table(header, rows, ("records", "without a fault")) + _not_assessed(audit)


def _change(row: dict[str, Any]) -> Html:
    if row["change"] is None:
        return Html("first run" if row["score"] is not None else "")
    mark = "up" if row["change"] > 0 else "down" if row["change"] < 0 else ""
    return Html(f'<span class="{mark}">{row["change"]:+.1f}</span> since {row["before_day"]:%Y-%m-%d}')


def _not_assessed(audit: Audit) -> str:
    """What was not looked for, by where; no finding of that kind means nothing there."""
    lacking = audit.scores.filter(
        (pl.col("not_assessed") != "") & ((pl.col("records") > 0) | (pl.col("not_assessed") == NOT_READ))
    )
    if lacking.is_empty():
        return ""
    told = lacking.group_by("not_assessed", maintain_order=True).agg(
        pl.format("{} {}", "system", "entity").str.join(", ").alias("where")
    )
    items = "".join(
        f"<li>{escape(_titles(row['not_assessed']))}: {escape(row['where'])}</li>" for row in told.iter_rows(named=True)
    )
    return f'<p class="about">Not assessed, so that no finding says nothing:</p><ul class="about">{items}</ul>'


def _titles(kinds: str) -> str:
    return ", ".join(KINDS[kind].title if kind in KINDS else kind for kind in kinds.split(", "))


def _points(audit: Audit) -> str:
    """What costs points, then what is only worth knowing."""
    faults, known = (audit.points.filter((pl.col("costs_each") > 0) == wanted) for wanted in (True, False))
    header = ("system", "entity", "finding", "records", "worst finding of", "costs each", "points", "what to do")
    rows = [
        (*_found(row), row["worst"], row["costs_each"], f"{row['points']:.2f}", KINDS[row["kind"]].next_step)
        for row in faults.iter_rows(named=True)
    ]
    shown = table(header, rows, header[3:7]) if rows else "<p>Nothing was found.</p>"
    if known.is_empty():
        return shown
    others = [(*_found(row), KINDS[row["kind"]].next_step) for row in known.iter_rows(named=True)]
    heading = "<h3>Worth knowing, and no fault</h3>"
    return shown + heading + table((*header[:4], header[-1]), others, ("records",))


def _found(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["system"], row["entity"], KINDS[row["kind"]].title, row["records"]


def _lists(lists: Sequence[WorkList], folder: str) -> str:
    rows = [
        (
            one.steward,
            one.rows.height,
            Html(f'<a href="{folder}/{one.name}.xlsx">{one.name}.xlsx</a>'),
            Html(f'<a href="{folder}/{one.name}.csv">{one.name}.csv</a>'),
            "names of people" if one.personal else "none",
        )
        for one in lists
    ]
    return table(("steward", "findings", "workbook", "every row", "personal data"), rows, ("findings",))


def _one_side(audit: Audit) -> str:
    alone = audit.findings.filter(pl.col("kind") == "one_side")
    if alone.is_empty():
        return "<p>No record is in one system only, or the other one was not read.</p>"
    worth = pl.col("amount").fill_null(0) != 0
    told = alone.group_by("system", "entity", "reason").agg(
        pl.len().alias("records"),
        worth.sum().alias("with_value"),
        pl.col("amount").sum(),
        pl.col("currency").drop_nulls().first(),
    )
    rows = [
        (row["system"], row["entity"], row["reason"], row["records"], row["with_value"], _amount(row))
        for row in told.sort("system", "entity").iter_rows(named=True)
    ]
    header = ("system", "entity", "these", "records", "with orders", "worth")
    first = alone.filter(worth).head(SHOWN // 5)
    most = [(r["system"], r["entity"], r["native_id"], r["name"], _amount(r)) for r in first.iter_rows(named=True)]
    worthy = table(("system", "entity", "record", "name", "worth"), most, ("worth",)) if most else ""
    heading = "<h3>The most valuable of them</h3>" if most else ""
    return table(header, rows, ("records", "with orders", "worth")) + heading + worthy


def _amount(row: dict[str, Any]) -> str:
    return f"{row['currency']} {row['amount']:,.2f}" if row["currency"] and row["amount"] else ""


def _clusters(audit: Audit) -> str:
    if audit.clusters.is_empty():
        return "<p>No doubles were found where they were looked for; see <em>not assessed</em> under the scores.</p>"
    count = audit.clusters.select("system", "entity", "cluster").n_unique()
    first = audit.clusters.head(SHOWN)
    rows = [
        (
            row["system"],
            row["entity"],
            row["native_id"],
            row["name"],
            row["role"],
            "" if row["probability"] is None else f"{row['probability']:.0%}",
            row["why"],
        )
        for row in first.iter_rows(named=True)
    ]
    more = audit.clusters.height - first.height
    rest = f"<p>... and {many(more, 'record')} more in the work lists.</p>" if more else ""
    header = ("system", "entity", "record", "name", "proposal", "sure", "why")
    return f"<p>{many(count, 'cluster')}, the proposed survivor first.</p>" + table(header, rows, ("sure",)) + rest


def _completeness(audit: Audit) -> str:
    parts = []
    for (system, entity), fields in audit.completeness.group_by(["system", "entity"], maintain_order=True):
        needed = fields.sort(pl.col("needed_by") == "", maintain_order=True)
        rows = [
            (r["field"], bar(r["filled_percent"]), r["missing"], r["needed_by"], r["refused"] or "")
            for r in needed.iter_rows(named=True)
        ]
        header = ("field", "filled %", "missing", "needed by", "would be refused")
        shown = table(header, rows, ("missing", "would be refused"))
        records = many(int(fields["records"][0]), "record")
        parts.append(f"<details><summary>{escape(f'{system} {entity}')}, {records}</summary>{shown}</details>")
    return "".join(parts)


def _formats(audit: Audit) -> str:
    rows = [
        (
            row["system"],
            row["entity"],
            row["field"],
            row["filled"],
            row["standard"],
            row["other"],
            row["not_understood"],
            row["patterns"],
            f"{row['commonest']} ({row['commonest_percent']:.0f}%)",
        )
        for row in audit.formats.iter_rows(named=True)
    ]
    header = ("system", "entity", "field", "filled", "standard", "otherwise", "not understood", "patterns", "commonest")
    about = (
        "Otherwise: understood, and written in another form than the standard one; it is compared by value and takes "
        "no points. In a pattern, A, a and 9 stand for runs of upper case, lower case and digits."
    )
    return f'<p class="about">{about}</p>' + table(header, rows, header[3:8])


def _rule(audit: Audit) -> str:
    rows = [(kind.title, name, kind.cost, kind.next_step) for name, kind in KINDS.items()]
    about = (
        "Each record costs what its worst finding costs, once, whatever else is wrong with it. The score is 100 less "
        "what the records cost on average. So the points above sum up to 100 less the score, and the column cost of "
        f"the work lists to the same times the number of records. A score below {audit.warn_below:g} warns."
    )
    return f"<p>{about}</p>" + table(("finding", "name", "costs", "what to do"), rows, ("costs",))
