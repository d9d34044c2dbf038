"""Records to audit, written down in tests, mapped by the packaged matrix."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from crmerp_assets.mapping import load_governance, load_matrix
from crmerp_assets.reports.quality import Audit, Source, assess
from crmerp_assets.reports.quality.source import AROUND, KNOWN, RAW

Row = dict[str, Any]
NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
TODAY = date(2026, 11, 30)
MATRIX, GOVERNANCE = load_matrix(), load_governance()
ROLES = {"salesforce": "crm", "netsuite": "erp"}
_USUAL: Row = {"changed": date(2026, 11, 1), "flags": [], "linked": True, "expected_there": True}


def source(rows: Iterable[Row], entity: str = "customer", system: str = "salesforce", **more: Any) -> Source:
    """A source of these rows; a field that a row does not give is blank, and its raw text is the canonical one."""
    entity_map = MATRIX.map(system, entity)
    other = next(name for name in ROLES if name != system)
    names = list(entity_map.fields)
    shape = {**AROUND, **dict.fromkeys(names, pl.String()), **{RAW + name: pl.String() for name in names}}
    shape |= {KNOWN + name: pl.Boolean() for name, mapped in entity_map.fields.items() if mapped.ref}
    raw = [{RAW + name: row.get(name) for name in names} for row in rows]
    known = {name: True for name in shape if name.startswith(KNOWN)}
    filled = [dict.fromkeys(shape) | _USUAL | known | given | row for given, row in zip(raw, rows, strict=True)]
    usual = {"other": MATRIX.map(other, entity), "other_system": other, "today": TODAY}
    return Source(
        system=system,
        role=ROLES[system],
        entity_map=entity_map,
        rules=GOVERNANCE[entity],
        records=pl.DataFrame(filled, schema=shape),
        **{**usual, **more},
    )


def customer(native_id: str, **values: Any) -> Row:
    """A customer without a fault."""
    return {"native_id": native_id, "name": f"Company {native_id}", **values}


def audited(*sources: Source, warn_below: float = 90) -> Audit:
    """The audit of the sources."""
    return assess(sources, NOW, TODAY, warn_below)


def told(audit: Audit, *columns: str) -> set[tuple[Any, ...]]:
    """The findings, by these columns."""
    return set(audit.findings.select(columns or ("native_id", "kind", "field")).rows())


def frame(rows: Sequence[Row], shape: dict[str, pl.DataType]) -> pl.DataFrame:
    """Rows with nulls for what they do not say."""
    return pl.DataFrame([dict.fromkeys(shape) | row for row in rows], schema=shape)
