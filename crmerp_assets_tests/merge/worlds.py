"""Worlds of records for the merge: the same cell under every rule there is, and systems that take writes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import polars as pl
from hypothesis import strategies as st

from crmerp_assets.merge import three_way, writes
from crmerp_assets_tests.merge.oracle import OTHER, Cell, Rule, Side

RULES = {
    f"{owner}_{conflict}_{blank}": Rule(owner, conflict, blank)
    for owner, conflict, blank in product(
        ("crm", "erp", "shared"), ("newest", "crm", "erp", "manual"), ("keep", "clear")
    )
}
CENT = Decimal("0.01")
RULES |= {
    f"{owner}_{conflict}_{blank}_cent": Rule(owner, conflict, blank, CENT)
    for owner, conflict, blank in product(("crm", "erp", "shared"), ("newest", "manual"), ("keep", "clear"))
}
FIELDS = list(RULES)
SIDES: tuple[Side, Side] = ("crm", "erp")
NEWER_CRM = ("2026-02-01T00:00:00Z", "2026-01-31T23:59:59Z")
NEWER_ERP = NEWER_CRM[::-1]
SAME_TIME = (NEWER_CRM[0], NEWER_CRM[0])
VALUES = [None, "a", "b", "c"]
PRESENCE = [frozenset(SIDES), frozenset({"crm"}), frozenset({"erp"}), frozenset[str]()]
AMOUNTS = [None, "100", "100.01", "100.02", "-7.5"]


def every(values: Sequence[str | None]) -> list[Cell]:
    """Every combination of values, base, decision, presence and age."""
    return [
        Cell(crm, erp, base, choice, present, modified)
        for crm, erp, base, choice, present, modified in product(
            values, values, values, [None, "crm", "erp"], PRESENCE, [NEWER_CRM, NEWER_ERP, SAME_TIME]
        )
        if len(present) == 2 or (choice is None and modified == NEWER_CRM)
    ]


EVERY_CELL = every(VALUES)
EVERY_AMOUNT = every(AMOUNTS)
TEXT = st.sampled_from([None, "", " ", "a", 'say "so"', "back\\slash", "Zoë", "two\nlines", "\U0001d11e\u2028", "null"])
CENTS = st.decimals(99, 101, places=2).map(str) | st.none()
WORDS = TEXT | st.text(st.characters(codec="utf-8"), max_size=12)
CELLS = st.lists(
    st.builds(
        Cell,
        WORDS,
        WORDS,
        WORDS,
        st.sampled_from([None, None, "crm", "erp"]),
        st.sampled_from(PRESENCE),
        st.sampled_from([NEWER_CRM, NEWER_ERP]),
    ),
    min_size=1,
    max_size=8,
)

MONEY_CELLS = st.lists(
    st.builds(Cell, CENTS, CENTS, CENTS, st.none(), st.just(frozenset(SIDES)), st.sampled_from([NEWER_CRM, NEWER_ERP])),
    min_size=1,
    max_size=20,
)


def frame(records: Sequence[Cell | dict[str, Cell]]) -> pl.DataFrame:
    """Records as the merge takes them; a record that is one cell has that cell in every field."""
    spread = [record if isinstance(record, dict) else dict.fromkeys(FIELDS, record) for record in records]
    first = [next(iter(record.values())) for record in spread]
    columns: dict[str, list[str | None] | list[bool]] = {"golden_id": [f"g{n:05}" for n in range(len(spread))]}
    for at, side in enumerate(SIDES):
        columns[f"{side}.present"] = [side in cell.present for cell in first]
        columns[f"{side}.modified"] = [cell.modified[at] for cell in first]
        columns[f"{side}.modified_by"] = [f"{side} user" for _ in first]
    for name in FIELDS:
        for part in ("crm", "erp", "base", "choice"):
            columns[f"{part}.{name}"] = [getattr(record[name], part) for record in spread]
    kinds = {name: pl.Boolean if name.endswith("present") else pl.String for name in columns}
    return pl.DataFrame(columns, schema=kinds)


def cells(merged: pl.DataFrame) -> list[dict[str, Cell]]:
    """The records of a frame, back as cells."""
    return [
        {
            name: Cell(
                *(row[f"{part}.{name}"] for part in ("crm", "erp", "base", "choice")),
                frozenset(side for side in SIDES if row[f"{side}.present"]),
                (row["crm.modified"], row["erp.modified"]),
            )
            for name in FIELDS
        }
        for row in merged.iter_rows(named=True)
    ]


def planned(merged: pl.DataFrame, rules: dict[str, Rule] = RULES) -> dict[Side, pl.DataFrame]:
    """The writes that would make each side agree: updates where it holds the record, creates where it lacks it."""
    found: dict[Side, pl.DataFrame] = {}
    for side in SIDES:
        here, there = pl.col(f"{side}.present"), pl.col(f"{OTHER[side]}.present")
        found[side] = pl.concat(
            [
                writes.updates(merged.filter(here), FIELDS, rules, side),
                writes.creates(merged.filter(~here & there), FIELDS),
            ]
        )
    return found


def applied(merged: pl.DataFrame) -> pl.DataFrame:
    """The world after both sides took every planned write; the base is as it was."""
    world = cells(merged)
    for side, changes in planned(merged).items():
        by_record = writes.as_intents(changes)
        for golden_id, text in by_record.iter_rows():
            record = world[int(golden_id[1:])]
            created = side not in next(iter(record.values())).present
            after = {name: change["after"] for name, change in json.loads(text).items()}
            for name, cell in record.items():
                kept = None if created else cell.of(side)
                taken = replace(cell, **{side: after.get(name, kept)})
                record[name] = replace(taken, present=cell.present | {side})
    return frame(world)


def with_new_base(merged: pl.DataFrame) -> pl.DataFrame:
    """The world after what both sides agree on was stored as the base."""
    world = cells(merged)
    for golden_id, values in three_way.agreed_values(merged, RULES).iter_rows():
        record = world[int(golden_id[1:])]
        record.update({name: replace(record[name], base=value) for name, value in json.loads(values).items()})
    return frame(world)
