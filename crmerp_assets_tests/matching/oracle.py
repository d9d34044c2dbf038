"""Linking said slowly: every rule tries every pair, in plain Python."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

Record = dict[str, str | None]
Pair = tuple[str, str]
Same = Callable[[Record, Record], bool]


@dataclass(frozen=True)
class Said:
    """A rule as a person would say it."""

    method: str
    same: Same


def equal(*names: str | tuple[str, str], fold: bool = False) -> Same:
    """Both records have the same value, and have one, in every named field (or pair of fields)."""

    def same(a: Record, b: Record) -> bool:
        for name in names:
            left, right = (a[name], b[name]) if isinstance(name, str) else (a[name[0]], b[name[1]])
            if left is None or right is None or (left.lower() != right.lower() if fold else left != right):
                return False
        return True

    return same


_KEYS = [
    Said("key", equal("external_key", fold=True)),
    Said("key", equal(("golden_id", "external_key"), fold=True)),
    Said("key", equal(("external_key", "golden_id"), fold=True)),
]
SAID = {
    "customer": _KEYS,
    "contact": _KEYS,
    "product": _KEYS,
    "order": [*_KEYS, Said("order_number", equal("order_number"))],
}


def link(
    crm: list[Record], erp: list[Record], rules: list[Said], decided: Collection[Pair], never: Collection[Pair]
) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """(links, questions), each (CRM record, ERP record, method)."""
    unlinked = {record["native_id"] for record in [*crm, *erp] if record["golden_id"] is None}
    links = {(a, b, "decision") for a, b in decided if a in unlinked or b in unlinked}
    questions: set[tuple[str, str, str]] = set()
    settled = {record for pair in decided for record in pair}
    for rule in rules:
        pairs = [(a, b) for a in crm for b in erp if _candidate(a, b, rule, settled, never)]
        times = Counter(str(record["native_id"]) for pair in pairs for record in pair)
        for a, b in pairs:
            pair = (str(a["native_id"]), str(b["native_id"]))
            taken = a["partner"] is not None or b["partner"] is not None
            sure = not taken and all(times[record] == 1 for record in pair)
            (links if sure else questions).add((*pair, rule.method))
            settled.update(pair)
    return links, questions


def _candidate(a: Record, b: Record, rule: Said, settled: set[str], never: Collection[Pair]) -> bool:
    pair = (str(a["native_id"]), str(b["native_id"]))
    if pair in never or settled.intersection(pair):
        return False
    return None in (a["golden_id"], b["golden_id"]) and rule.same(a, b)
