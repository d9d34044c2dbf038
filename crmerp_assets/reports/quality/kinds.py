"""What the audit looks for, what each finding costs, and what a steward does about it: one line each.

The score of a system and entity is 100 less what its records cost on average. A record costs what its worst finding
costs, never more, so that one bad record counts once whatever is wrong with it. The costs are fixed here and not
in the policy: a trend compares like with like. The runbook shows this table, and a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

BEGIN, END = "<!-- audit: begin -->", "<!-- audit: end -->"


class Kind(NamedTuple):
    """`cost` is in points of 100 for a record of which this is the worst finding; 0 is worth knowing and no fault."""

    title: str
    cost: int
    next_step: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "unusable": Kind("fails validation", 100, "correct what the reason names; until then the record is left out"),
        "duplicate": Kind("same as another record", 100, "look at both, then merge it into the proposed survivor"),
        "refused": Kind("lacks what a create needs", 80, "fill the field, or the other system refuses the record"),
        "does_not_fit": Kind("does not fit the other system", 80, "correct the value, or the mapping, before go-live"),
        "orphan": Kind("belongs to nothing", 80, "choose the record that it belongs to, or remove it"),
        "invalid": Kind("value not understood", 50, "correct the value in its system"),
        "placeholder": Kind("value that counts as none", 30, "enter the real value, or leave the field empty"),
        "incomplete": Kind("lacks what is expected", 20, "fill the fields that are named"),
        "stale": Kind("not changed for long", 10, "check that it still exists; deactivate it if it does not"),
        "unused": Kind("customer without orders", 0, "nothing if it is a prospect; else deactivate it"),
        "one_side": Kind("in one system only", 0, "nothing if it was meant so; else look for its partner"),
    }
)
ORDER = tuple(KINDS)


def kinds_page() -> str:
    """The table as Markdown, as the runbook shows it."""
    lines = [("finding", "meaning", "costs", "what a steward does"), ("---",) * 4]
    lines += [(f"`{name}`", kind.title, str(kind.cost), kind.next_step) for name, kind in KINDS.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
