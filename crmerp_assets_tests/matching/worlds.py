"""Two sides of records, and linking them through DuckDB as the pipeline does."""

from collections.abc import Collection, Sequence

import duckdb
import polars as pl
from hypothesis import strategies as st

from crmerp_assets.matching import COMPARED, RULES, Matches, link
from crmerp_assets_tests.matching.oracle import Pair, Record

COLUMNS = {entity: list(COMPARED.get(entity, ())) for entity in RULES}
KEYS = st.sampled_from([None, None, None, None, "g1", "G1", "g2", "x9"])
VALUES = st.sampled_from(["v1", "v2", "V2", None])
SIZES = st.sampled_from([4, 3, 6, 1, 0])
NO_PAIRS: list[Pair] = []


def record(entity: str, native_id: str, **values: str | None) -> Record:
    """A record that has no link and no value but these."""
    empty = dict.fromkeys(["golden_id", "partner", "external_key", *COLUMNS[entity]])
    return {"native_id": native_id, **empty, **values}


def frame(entity: str, records: Sequence[Record]) -> pl.DataFrame:
    return pl.DataFrame(list(records), schema=dict.fromkeys(record(entity, ""), pl.String))


def pairs(found: Collection[Pair]) -> pl.DataFrame:
    return pl.DataFrame(sorted(found), schema={"a_id": pl.String, "b_id": pl.String}, orient="row")


def linked(
    con: duckdb.DuckDBPyConnection,
    entity: str,
    crm: Sequence[Record],
    erp: Sequence[Record],
    decided: Collection[Pair] = NO_PAIRS,
    never: Collection[Pair] = NO_PAIRS,
) -> Matches:
    for name, records in (("crm", crm), ("erp", erp)):
        con.register("_records", frame(entity, records).to_arrow())
        con.execute(f"CREATE OR REPLACE TEMP TABLE side_{name} AS FROM _records")
        con.unregister("_records")
    return link(con, "side_crm", "side_erp", RULES[entity], pairs(decided), pairs(never))


@st.composite
def worlds(draw: st.DrawFn, entity: str) -> tuple[list[Record], list[Record], set[Pair], set[Pair]]:
    """Up to six records a side, some linked to one another or alone; pairs decided; pairs that are never the same."""
    sides: list[list[Record]] = []
    for side in "ab":
        found = [
            record(entity, f"{side}{n}", external_key=draw(KEYS), **{name: draw(VALUES) for name in COLUMNS[entity]})
            for n in range(draw(SIZES))
        ]
        sides.append(found)
    golden = iter(("g1", "g2", "g3", "g4", "g5", "g6"))
    shared = draw(st.integers(0, min(2, len(sides[0]), len(sides[1]))))
    for a, b in zip(sides[0][:shared], sides[1][:shared], strict=True):
        a["golden_id"] = b["golden_id"] = next(golden)
        a["partner"], b["partner"] = b["native_id"], a["native_id"]
    for side in sides:
        for alone in side[shared : shared + draw(st.integers(0, 2))]:
            alone["golden_id"] = next(golden)
    free = [[str(r["native_id"]) for r in side if r["partner"] is None] for side in sides]
    together = list(zip(draw(st.permutations(free[0])), draw(st.permutations(free[1])), strict=False))
    decided = set(together[: draw(st.sampled_from([0, 1, 0, 2]))])
    every = [(str(a["native_id"]), str(b["native_id"])) for a in sides[0] for b in sides[1]]
    never = draw(st.sets(st.sampled_from(every), max_size=3)) - decided if every else set()
    return sides[0], sides[1], decided, never
