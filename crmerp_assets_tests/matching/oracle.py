"""Linking said slowly: every rule tries every pair, in plain Python."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

Record = dict[str, str | None]
Pair = tuple[str, str]
Same = Callable[[Record, Record], bool]


@dataclass(frozen=True)
class Said:
    """A rule as a person would say it; one that is a question never links."""

    method: str
    same: Same
    question: bool = False


def equal(*names: str | tuple[str, str], fold: bool = False) -> Same:
    """Both records have the same value, and have one, in every named field (or pair of fields)."""

    def same(a: Record, b: Record) -> bool:
        for name in names:
            left, right = (a[name], b[name]) if isinstance(name, str) else (a[name[0]], b[name[1]])
            if left is None or right is None or (left.lower() != right.lower() if fold else left != right):
                return False
        return True

    return same


def a_country_is_missing(a: Record, b: Record) -> bool:
    return equal("match_name")(a, b) and None in (a["billing_country"], b["billing_country"])


_KEYS = [
    Said("key", equal("external_key", fold=True)),
    Said("key", equal(("golden_id", "external_key"), fold=True)),
    Said("key", equal(("external_key", "golden_id"), fold=True)),
]
SAID = {
    "customer": [
        *_KEYS,
        Said("tax_id", equal("tax_id")),
        Said("domain_name", equal("match_domain", "match_name")),
        Said("name_country", equal("match_name", "billing_country")),
        Said("name", a_country_is_missing, question=True),
        Said("domain", equal("match_domain"), question=True),
    ],
    "contact": [*_KEYS, Said("email", equal("email", "customer_golden"))],
    "product": [*_KEYS, Said("sku", equal("sku", fold=True))],
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
            if rule.question and taken:
                continue
            sure = not rule.question and not taken and all(times[record] == 1 for record in pair)
            (links if sure else questions).add((*pair, rule.method))
            settled.update(pair)
    return links, questions


def _candidate(a: Record, b: Record, rule: Said, settled: set[str], never: Collection[Pair]) -> bool:
    pair = (str(a["native_id"]), str(b["native_id"]))
    if pair in never or settled.intersection(pair):
        return False
    return None in (a["golden_id"], b["golden_id"]) and rule.same(a, b)
