"""The engine on public data: what it reaches with the weights that ship, and with those it learns there."""

from typing import Any

from crmerp_assets.matching import engine
from crmerp_assets.matching.model import Model, shipped
from crmerp_assets_tests.matching.engines import TABLES, clustered, opened
from crmerp_assets_tests.matching.measures import Judged, Quality, judged, judged_pairs, partition
from crmerp_assets_tests.matching.public import chicago_sites, febrl4, name_bench
from crmerp_assets_tests.matching.test_engine_public import LEAST, PERSONS

from .gauge import Gauge
from .ours import SPEC

Row = dict[str, Any]


def measured(gauge: Gauge) -> None:
    """`rows`: data, what and figure."""
    gauge.facts["rows"] = [*_chicago(), *_persons(), *_names()]


def _chicago() -> list[Row]:
    known, model = chicago_sites(), shipped("customer")
    with opened(known.records, SPEC) as con:
        engine.compare_all(con, SPEC, model, TABLES)
        pairs = judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth)
        joined = partition(clustered(con, known.records.height, LEAST), known.truth)
        learned, check = engine.learn(con, SPEC, TABLES, model)
        engine.compare_all(con, SPEC, learned.model, TABLES)
        again = judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth)
    verdict = "not accepted by the check" if check.objections else "accepted by the check"
    return [
        _row("chicago_sites", "pairs, shipped weights", pairs),
        _row("chicago_sites", f"pairs, weights learned there, {verdict}", again),
        {"data": "chicago_sites", "what": "clusters, shipped weights", "figure": _said(joined)},
    ]


def _persons() -> list[Row]:
    known, start = febrl4(), shipped("contact")
    more = {name: {0: 0.0, -1: -3.0, 1: 3.0, 2: 6.0} for name in ("born", "number", "street")}
    begun = Model("contact", start.prior, {**start.weights, **more})
    with opened(known.records, PERSONS) as con:
        engine.compare_all(con, PERSONS, begun, TABLES)
        learned, _ = engine.learn(con, PERSONS, TABLES, begun)
        engine.compare_all(con, PERSONS, learned.model, TABLES)
        found = judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth, across=True)
    return [_row("febrl4", "pairs of persons, weights learned there", found)]


def _names() -> list[Row]:
    known = name_bench()
    with opened(known.records, SPEC) as con:
        con.register("asked", known.pairs.select("l", "r").to_arrow())
        con.execute(f"CREATE OR REPLACE TEMP TABLE {engine.PAIRS} AS FROM asked")
        engine.compare_given(con, SPEC, shipped("customer"), TABLES)
        scored = con.execute(f"SELECT l, r, weight FROM {engine.SCORED}").pl()
    found = judged_pairs(scored, known.pairs.filter("right"), "weight")
    return [_row("name_bench, organisations", "pairs of names alone, shipped weights", found)]


def _row(data: str, what: str, found: Judged) -> Row:
    return {"data": data, "what": what, "figure": _said(found.best())}


def _said(found: Quality) -> str:
    return f"F1 {found.f1:.3f} (P {found.precision:.3f} / R {found.recall:.3f})"
