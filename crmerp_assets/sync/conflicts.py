"""Conflicts that a rule leaves to a person: asked with everything needed to decide, decided once or for good.

A decision holds for exactly the values it was taken on. When one side has a newer value by the time it would be
applied, it is not: the question is asked anew, and says whose edit overtook whose decision. A preference ("always the
CRM for this field") takes the place of the field's conflict rule until it is cleared.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import FieldRule
from crmerp_assets.merge.three_way import DECIDED, HELD
from crmerp_assets.sync import tables
from crmerp_assets.sync.decisions import Decision, Kind, NotDecidable, Review
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed

CONFLICT = "conflict"
SIDES = {"crm": "the CRM", "erp": "the ERP"}
_DECIDED = ["id", "golden_id", "field", "crm", "erp", "choose", "by", "at"]
_SHOWN = ("crm", "erp", "base", "crm_modified", "erp_modified", "crm_modified_by", "erp_modified_by")
_OPEN = ["id", "entity", "golden_id", "field", *_SHOWN, "rule", "overtaken", "opened_at"]


def decided(tx: Transaction, entity: str) -> pl.DataFrame:
    """Decisions that are not settled yet: id, golden_id, field, crm and erp (as they were then), choose, by, at."""
    rows = []
    for row in tx.reviews.decisions(CONFLICT).filter(pl.col("entity") == entity).iter_rows(named=True):
        golden_id, name = json.loads(row["subject"])
        detail, choice = json.loads(row["detail"]), json.loads(row["decision"])["choose"]
        at = f"{row['decided_at']:%Y-%m-%d %H:%M}"
        rows.append((row["id"], golden_id, name, detail["crm"], detail["erp"], choice, row["decided_by"], at))
    return pl.DataFrame(rows, schema=dict.fromkeys(_DECIDED, pl.String), orient="row")


def with_preferences(
    tx: Transaction, entity: str, rules: Mapping[str, FieldRule]
) -> tuple[dict[str, FieldRule], dict[str, str]]:
    """The rules, with a preferred side as the conflict rule where somebody has decided so, and field -> who did."""
    found = tx.preferences.current().filter((pl.col("entity") == entity) & pl.col("field").is_in(list(rules)))
    chosen = {row["field"]: row["choice"] for row in found.iter_rows(named=True)}
    by = {row["field"]: row["by"] for row in found.iter_rows(named=True)}
    preferred = {name: rules[name].model_copy(update={"conflict": choice}) for name, choice in chosen.items()}
    return {**rules, **preferred}, by


def to_merge_again(tx: Transaction, entity: str, preferred: Iterable[str]) -> list[str]:
    """Golden ids whose open conflict a preference may decide now, though neither side changed."""
    fields = set(preferred)
    return [subject[0] for subject in _subjects(tx, entity) if subject[1] in fields] if fields else []


def not_merged(con: duckdb.DuckDBPyConnection, entity: str, asked: pl.DataFrame) -> list[str]:
    """Golden ids of decisions that the last merge did not know.

    One that it has taken up may wait long for its write (a hold, a refusal): merging again would change nothing.
    """
    source, found = tables.compare(entity), list[str]()
    columns = set(source.columns(con))
    for (name,), mine in asked.group_by("field", maintain_order=True):
        if f"why.{name}" not in columns:
            found += mine["golden_id"].to_list()
            continue
        with listed(con, "_asked", mine["golden_id"]):
            now = con.execute(
                f'SELECT golden_id, "golden.{name}" AS golden, "why.{name}" AS why FROM {source.sql} '
                "SEMI JOIN _asked ON golden_id = id"
            ).pl()
        chosen = pl.when(pl.col("choose") == "crm").then("crm").otherwise("erp")
        known = (pl.col("why") == DECIDED) & pl.col("golden").eq_missing(chosen)
        found += mine.join(now, on="golden_id", how="left").filter(~known.fill_null(value=False))["golden_id"].to_list()
    return found


def with_choices(frame: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Add `choice.<field>` where a decision was taken on exactly the values that both sides hold now."""
    for name in asked["field"].unique().to_list():
        mine = asked.filter(pl.col("field") == name).select("golden_id", "crm", "erp", "choose")
        joined = frame.select("golden_id", f"crm.{name}", f"erp.{name}").join(mine, on="golden_id", how="left")
        current = pl.col(f"crm.{name}").eq_missing(pl.col("crm")) & pl.col(f"erp.{name}").eq_missing(pl.col("erp"))
        choice = joined.select(pl.when(current).then(pl.col("choose")).alias(f"choice.{name}"))
        frame = pl.concat([frame, choice], how="horizontal")
    return frame


def note(tx: Transaction, entity: str, merged: pl.DataFrame, conflicts: pl.DataFrame, asked: pl.DataFrame) -> None:
    """Ask about each held conflict; close the questions and decisions of the considered records that are settled."""
    held = conflicts.filter(pl.col("why") == HELD).to_dicts() if conflicts.width else []
    overtaken = _overtaken_before(tx, entity) | _overtaken(held, asked)
    rows = [_question(entity, row, overtaken.get((row["golden_id"], row["field"]))) for row in held]
    tx.reviews.open(rows)
    considered = set(merged["golden_id"].to_list())
    keep = [json.dumps(subject) for subject in _subjects(tx, entity) if subject[0] not in considered]
    tx.reviews.close(CONFLICT, entity, keep=keep + [row["subject"] for row in rows])
    tx.reviews.finish(_settled(merged, asked, {(row["golden_id"], row["field"]) for row in held}))


def _settled(merged: pl.DataFrame, asked: pl.DataFrame, held: set[tuple[str, str]]) -> list[str]:
    """Ids of decisions that there is nothing left to do for, because the merge came to its value without them.

    Both sides agree, or hold other values than then; one side has lost the record; or its owner decides the field by
    now.
    """
    done: list[str] = []
    for name in asked["field"].unique().to_list():
        why = pl.col(f"why.{name}") if f"why.{name}" in merged.columns else pl.lit(None, dtype=pl.String)
        mine = asked.filter(pl.col("field") == name).join(merged.select("golden_id", why.alias("why")), on="golden_id")
        found = mine.filter(pl.col("why").ne_missing(DECIDED)).select("id", "golden_id", "field")
        done += [id_ for id_, *subject in found.iter_rows() if tuple(subject) not in held]
    return done


def _overtaken(held: list[dict[str, Any]], asked: pl.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """What is to be said of held conflicts that were decided on other values than both sides hold now."""
    before = {(row["golden_id"], row["field"]): row for row in asked.iter_rows(named=True)}
    told = {}
    for row in held:
        earlier = before.get((row["golden_id"], row["field"]))
        if earlier is not None:
            newer = [side for side in SIDES if row[side] != earlier[side]]
            edits = [{"side": s, "at": row[f"{s}_modified"], "by": row[f"{s}_modified_by"]} for s in newer]
            told[(row["golden_id"], row["field"])] = {**{k: earlier[k] for k in ("choose", "by", "at")}, "edits": edits}
    return told


def _overtaken_before(tx: Transaction, entity: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What open questions say already of an earlier decision; asking again must not forget it."""
    found = {}
    for row in tx.reviews.list(CONFLICT).filter(pl.col("entity") == entity).iter_rows(named=True):
        if overtaken := json.loads(row["detail"]).get("overtaken"):
            golden_id, name = json.loads(row["subject"])
            found[(golden_id, name)] = overtaken
    return found


def overtaken_text(overtaken: Mapping[str, Any]) -> str:
    """Who decided what, and whose newer edit came first, in one sentence."""
    edits = [
        f"an edit in {SIDES[one['side']]} at {one['at']}{' by ' + one['by'] if one['by'] else ''}"
        for one in overtaken["edits"]
    ]
    return (
        f"{overtaken['by']} decided for {SIDES[overtaken['choose']]} on {overtaken['at']}; "
        f"{' and '.join(edits)} overtook that, so it was not applied"
    )


def _question(entity: str, row: Mapping[str, Any], overtaken: Mapping[str, Any] | None) -> dict[str, str]:
    detail = {name: row[name] for name in _SHOWN} | {"rule": "manual"}
    title = f"Both sides changed {row['field']} of {entity} {row['golden_id']} and they differ"
    if overtaken is not None:
        detail["overtaken"] = overtaken
        title += f". {overtaken_text(overtaken)}"
    subject = json.dumps([row["golden_id"], row["field"]])
    return {"kind": CONFLICT, "entity": entity, "subject": subject, "title": title, "detail": json.dumps(detail)}


def _subjects(tx: Transaction, entity: str) -> list[list[str]]:
    """(golden id, field) of the open questions."""
    asked = tx.reviews.list(CONFLICT).filter(pl.col("entity") == entity)
    return [json.loads(subject) for subject in asked["subject"].to_list()]


def open_conflicts(platform: Platform, entity: str | None = None, field: str | None = None) -> pl.DataFrame:
    """Open questions, one row each: id, entity, golden_id, field, both values, base, times and editors, rule,
    overtaken, opened_at."""
    with platform.ledger.read() as tx:
        found = tx.reviews.list(CONFLICT)
    rows = []
    for row in found.iter_rows(named=True):
        golden_id, name = json.loads(row["subject"])
        detail = json.loads(row["detail"])
        text = overtaken_text(detail["overtaken"]) if "overtaken" in detail else None
        shown = (detail.get(part) for part in (*_SHOWN, "rule"))
        rows.append((row["id"], row["entity"], golden_id, name, *shown, text, f"{row['opened_at']:%Y-%m-%d %H:%M}"))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(_OPEN, pl.String), orient="row")
    for column, wanted in (("entity", entity), ("field", field)):
        frame = frame if wanted is None else frame.filter(pl.col(column) == wanted)
    return frame


def prefer(platform: Platform, entity: str, field: str, choice: str | None, by: str) -> str:
    """Prefer a side for a field from now on, or None to go back to its rule; returns what happens next.

    Raises NotDecidable for a field that cannot be in conflict.
    """
    rules = platform.governance[entity].fields if entity in platform.governance else {}
    if field not in rules:
        raise NotDecidable(f"{entity} has no field '{field}' with a rule; the governance files list them all.")
    if rules[field].owner != "shared":
        owner = rules[field].owner
        raise NotDecidable(f"{entity} {field} is never in conflict: {SIDES[owner]} decides it. Change the governance.")
    if choice is not None and choice not in SIDES:
        raise NotDecidable(f"'{choice}' is no side: answer `crm` or `erp`, or `--clear`.")
    with platform.ledger.begin() as tx:
        tx.preferences.put(entity, field, choice, by)
    if choice is None:
        return f"From the next sync on, conflicts of {entity} {field} follow their rule again: {rules[field].conflict}."
    asked = open_conflicts(platform, entity, field).height
    return (
        f"From the next sync on, {SIDES[choice]} counts whenever both sides change {entity} {field}; "
        f"{asked} open conflicts of it are decided that way."
    )


def preferences(platform: Platform, *, everything: bool = False) -> pl.DataFrame:
    """What is preferred now, or everything that was ever decided: entity, field, choice, by, at."""
    with platform.ledger.read() as tx:
        return tx.preferences.history() if everything else tx.preferences.current()


def _decide(_platform: Platform, _review: Review, answer: str) -> Decision:
    return Decision(
        {"choose": answer},
        f"With the next sync the {answer.upper()}'s value goes to the other side, unless one is edited before.",
    )


KIND = Kind(
    CONFLICT,
    "Both sides changed this field: whose value counts?",
    {"crm": "the CRM's value", "erp": "the ERP's value"},
    _decide,
)
