"""The three-way merge of one field of one record, said slowly and plainly; and of what is then written where."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

Side = Literal["crm", "erp"]
OTHER: dict[str, Side] = {"crm": "erp", "erp": "crm"}


@dataclass(frozen=True)
class Rule:
    owner: str
    conflict: str = "newest"
    blank: str = "keep"
    tolerance: Decimal | None = None


@dataclass(frozen=True)
class Cell:
    """One field of one record: what each side holds, what both last agreed on, and when each side changed."""

    crm: str | None = None
    erp: str | None = None
    base: str | None = None
    choice: str | None = None
    present: frozenset[str] = field(default=frozenset({"crm", "erp"}))
    modified: tuple[str, str] = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")

    def of(self, side: str) -> str | None:
        return self.crm if side == "crm" else self.erp


def same(one: str | None, other: str | None, rule: Rule) -> bool:
    """Whether two values count as one: the same text, or amounts that lie close enough."""
    if one == other:
        return True
    if one is None or other is None or rule.tolerance is None:
        return False
    try:
        return abs(Decimal(one) - Decimal(other)) <= rule.tolerance
    except InvalidOperation:
        return False


def golden(cell: Cell, rule: Rule) -> tuple[str | None, str]:
    """The golden value, and why."""
    if cell.present == {"crm", "erp"}:
        return owned(cell, rule) if rule.owner != "shared" else shared(cell, rule)
    if cell.present:
        (side,) = cell.present
        return cell.of(side), f"only {side}"
    first = "erp" if rule.owner == "erp" else "crm"
    return (cell.of(first) if cell.of(first) is not None else cell.of(OTHER[first])), "deleted"


def owned(cell: Cell, rule: Rule) -> tuple[str | None, str]:
    mine, theirs = cell.of(rule.owner), cell.of(OTHER[rule.owner])
    if same(mine, theirs, rule):
        return mine, "agreed"
    if mine is not None:
        return mine, rule.owner
    if rule.blank == "clear" and cell.base is not None:
        return None, rule.owner
    return theirs, f"filled from {OTHER[rule.owner]}"


def shared(cell: Cell, rule: Rule) -> tuple[str | None, str]:
    if same(cell.crm, cell.erp, rule):
        return cell.crm, "agreed"
    for side in ("crm", "erp"):
        blank_says_nothing = rule.blank == "keep" or cell.base is None
        if cell.of(side) is None and blank_says_nothing:
            return cell.of(OTHER[side]), f"filled from {OTHER[side]}"
    crm_changed = not same(cell.crm, cell.base, rule)
    erp_changed = not same(cell.erp, cell.base, rule)
    if crm_changed and not erp_changed:
        return cell.crm, "crm"
    if erp_changed and not crm_changed:
        return cell.erp, "erp"
    return conflict(cell, rule)


def conflict(cell: Cell, rule: Rule) -> tuple[str | None, str]:
    if cell.choice is not None:
        return cell.of(cell.choice), "decided"
    if rule.conflict == "manual":
        return cell.base, "held"
    when = "at first contact" if cell.base is None else "after conflict"
    if rule.conflict == "newest":
        newer = "crm" if cell.modified[0] >= cell.modified[1] else "erp"
        return cell.of(newer), f"{newer} newer {when}"
    return cell.of(rule.conflict), f"prefer {rule.conflict} {when}"


def update(cell: Cell, rule: Rule, side: Side) -> str | Literal[False] | None:
    """The value that is written to a side that holds the record; False where nothing is."""
    value, why = golden(cell, rule)
    if side == rule.owner or why == "held" or same(value, cell.of(side), rule):
        return False
    return False if value is None and rule.blank == "keep" else value


def agreed(cell: Cell, rule: Rule) -> str | Literal[False] | None:
    """The value that both sides agree on and that is a new base; False where there is none."""
    if cell.present != {"crm", "erp"} or not same(cell.crm, cell.erp, rule):
        return False
    value = cell.erp if rule.owner == "erp" else cell.crm
    return value if value != cell.base else False
