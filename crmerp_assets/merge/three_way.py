"""Three-way compare of one linked record, field by field, on frames.

Input columns, all canonical text: `crm.<field>`, `erp.<field>`, `base.<field>` (what both sides last agreed on),
`crm.present`, `erp.present` (Boolean), `crm.modified`, `erp.modified` (ISO timestamps), `crm.modified_by`,
`erp.modified_by` (who last changed the record, as the system calls them), and for fields that a person has decided
`choice.<field>` ('crm' or 'erp'). Output adds `golden.<field>` and `why.<field>`.

| owner  | both sides hold the record                              | why                         |
|--------|---------------------------------------------------------|-----------------------------|
| crm    | the CRM's value; its blank takes the ERP's unless `clear` | crm, filled from erp        |
| erp    | the ERP's value; its blank takes the CRM's unless `clear` | erp, filled from crm        |
| shared | equal: that value                                       | agreed                      |
| shared | one side changed since the base: the changed value      | crm, erp                    |
| shared | both changed and differ: the field's conflict rule      | crm newer, held, ...        |

Equal are also amounts that differ by no more than the field's `tolerance`, and an amount that moved within it did not
change; the shared value is then the CRM's. Two that each moved within it, and away from one another beyond it, are a
conflict: what the sides hold must not drift further apart than the tolerance says.

A record that only one side holds takes that side's values ("only crm", "only erp"). One that neither side holds
any more keeps the values it last had ("deleted"), so that it stays readable and known to be gone.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

import polars as pl

from crmerp_assets.merge.amounts import Tolerant, near

Role = Literal["crm", "erp"]
Merged = tuple[pl.Expr, pl.Expr]
HELD = "held"
DECIDED = "decided"
CONFLICT_SUFFIX = " after conflict"


class Rule(Tolerant, Protocol):
    """How one canonical field merges; the governance file of the entity is its source."""

    @property
    def owner(self) -> str:
        """crm, erp or shared."""

    @property
    def conflict(self) -> str:
        """newest, crm, erp or manual: what happens when both sides changed a shared field and they differ."""

    @property
    def blank(self) -> str:
        """keep or clear: whether the owner's blank clears the other side."""


def merge(
    frame: pl.DataFrame, rules: Mapping[str, Rule], preferred_by: Mapping[str, str] = MappingProxyType({})
) -> pl.DataFrame:
    """Return the frame with `golden.<field>` and `why.<field>` for every field that has a rule.

    `preferred_by` names who has put a preference in place of a field's conflict rule; `why` says so.
    """
    columns: list[pl.Expr] = []
    for field, rule in rules.items():
        value, why = _field(field, rule, preferred_by.get(field), decided=f"choice.{field}" in frame.columns)
        columns += [value.alias(f"golden.{field}"), why.alias(f"why.{field}")]
    return frame.with_columns(columns)


def _field(field: str, rule: Rule, preferred_by: str | None, *, decided: bool) -> Merged:
    crm, erp, base = (pl.col(f"{side}.{field}") for side in ("crm", "erp", "base"))
    both = pl.col("crm.present") & pl.col("erp.present")
    if rule.owner == "shared":
        value, why = _shared(
            field, rule, crm, erp, base, _conflict(rule, crm, erp, base, preferred_by), decided=decided
        )
    else:
        value, why = _owned(rule, crm, erp, base)
    last = pl.coalesce(erp, crm) if rule.owner == "erp" else pl.coalesce(crm, erp)
    cases = [
        (both, value, why),
        (pl.col("crm.present"), crm, pl.lit("only crm")),
        (pl.col("erp.present"), erp, pl.lit("only erp")),
    ]
    return _first(cases, (last, pl.lit("deleted")))


def _first(cases: Sequence[tuple[pl.Expr, pl.Expr, pl.Expr]], otherwise: Merged) -> Merged:
    """The value and why of the first case (condition, value, why) that holds."""
    value, why = otherwise
    for condition, then, label in reversed(cases):
        value = pl.when(condition).then(then).otherwise(value)
        why = pl.when(condition).then(label).otherwise(why)
    return value, why


def _owned(rule: Rule, crm: pl.Expr, erp: pl.Expr, base: pl.Expr) -> Merged:
    """Values flow from the owner only; its blank fills from the other side so that golden knows the most."""
    owner, other = (crm, erp) if rule.owner == "crm" else (erp, crm)
    name = {"crm": "erp", "erp": "crm"}[rule.owner]
    clears = owner.is_null() & base.is_not_null() if rule.blank == "clear" else pl.lit(value=False)
    value = pl.when(clears).then(None).otherwise(pl.coalesce(owner, other))
    filled = owner.is_null() & ~clears & other.is_not_null()
    why = pl.when(filled).then(pl.lit(f"filled from {name}")).otherwise(pl.lit(rule.owner))
    return value, pl.when(near(owner, other, rule)).then(pl.lit("agreed")).otherwise(why)


def _shared(
    field: str, rule: Rule, crm: pl.Expr, erp: pl.Expr, base: pl.Expr, conflict: Merged, *, decided: bool
) -> Merged:
    crm_changed, erp_changed = ~near(crm, base, rule), ~near(erp, base, rule)
    blank_crm, blank_erp = crm.is_null(), erp.is_null()
    if rule.blank == "clear":
        blank_crm, blank_erp = blank_crm & base.is_null(), blank_erp & base.is_null()
    chosen, reason = conflict
    if decided:
        choice = pl.col(f"choice.{field}")
        chosen = pl.when(choice == "crm").then(crm).when(choice == "erp").then(erp).otherwise(chosen)
        reason = pl.when(choice.is_not_null()).then(pl.lit(DECIDED)).otherwise(reason)
    cases = [
        (near(crm, erp, rule), crm, pl.lit("agreed")),
        (blank_crm, erp, pl.lit("filled from erp")),
        (blank_erp, crm, pl.lit("filled from crm")),
        (crm_changed & ~erp_changed, crm, pl.lit("crm")),
        (erp_changed & ~crm_changed, erp, pl.lit("erp")),
    ]
    return _first(cases, (chosen, reason))


def _conflict(rule: Rule, crm: pl.Expr, erp: pl.Expr, base: pl.Expr, preferred_by: str | None) -> Merged:
    """Both sides changed and differ, or they meet for the first time and differ."""
    suffix = pl.when(base.is_null()).then(pl.lit(" at first contact")).otherwise(pl.lit(CONFLICT_SUFFIX))
    if rule.conflict == "manual":
        return base, pl.lit(HELD)
    if rule.conflict in ("crm", "erp"):
        by = f" (decided by {preferred_by})" if preferred_by else ""
        return (crm if rule.conflict == "crm" else erp), pl.lit(f"prefer {rule.conflict}{by}") + suffix
    crm_newer = pl.col("crm.modified") >= pl.col("erp.modified")
    return (
        pl.when(crm_newer).then(crm).otherwise(erp),
        pl.when(crm_newer).then(pl.lit("crm newer")).otherwise(pl.lit("erp newer")) + suffix,
    )


def agreed_values(frame: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """New base values: (golden_id, values) where `values` is JSON of the fields both sides now agree on.

    Only fields whose agreed value differs from the base are listed; rows without any are left out. Of two amounts that
    agree within a tolerance the base is the golden one: from a base that stayed behind, the next edit would look like
    none, and be undone.
    """
    parts = [_new_base(field, rule) for field, rule in rules.items()]
    if not parts or frame.is_empty():
        return pl.DataFrame(schema={"golden_id": pl.String, "values": pl.String})
    members = pl.concat_list(parts).list.drop_nulls()
    return (
        frame.select("golden_id", members.alias("members"))
        .filter(pl.col("members").list.len() > 0)
        .select("golden_id", (pl.lit("{") + pl.col("members").list.join(",") + pl.lit("}")).alias("values"))
    )


def _new_base(field: str, rule: Rule) -> pl.Expr:
    """`"field": value` where both sides agree on another value than the base, else null."""
    crm, erp, base = (pl.col(f"{side}.{field}") for side in ("crm", "erp", "base"))
    value = erp if rule.owner == "erp" else crm
    agreed = pl.col("crm.present") & pl.col("erp.present") & near(crm, erp, rule) & value.ne_missing(base)
    return pl.when(agreed).then(_json_member(field, value)).otherwise(None)


def conflicts(frame: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """Fields that both sides changed to different values: golden_id, field, crm, erp, base, golden, why.

    And when and by whom each side's record was last changed: `<role>_modified`, `<role>_modified_by`.
    """
    found = [
        frame.filter((pl.col(f"why.{field}") == HELD) | pl.col(f"why.{field}").str.ends_with(CONFLICT_SUFFIX)).select(
            "golden_id",
            pl.lit(field).alias("field"),
            *(pl.col(f"{side}.{field}").alias(side) for side in ("crm", "erp", "base", "golden", "why")),
            pl.col("crm.modified").alias("crm_modified"),
            pl.col("erp.modified").alias("erp_modified"),
            pl.col("crm.modified_by").alias("crm_modified_by"),
            pl.col("erp.modified_by").alias("erp_modified_by"),
        )
        for field in fields
    ]
    return pl.concat(found) if found else pl.DataFrame()


def _json_member(field: str, value: pl.Expr) -> pl.Expr:
    """`"field": value` as JSON text, escaped by polars' own encoder."""
    encoded = pl.struct(value.alias(field)).struct.json_encode()
    return encoded.str.slice(1, encoded.str.len_chars() - 2)
