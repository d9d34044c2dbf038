"""The fault matrix of a system beside the others: which pairs are tried, every fault in every form, and what is there
in the end.

In the suite each system has one partner. With CRMERP_FAULTS=all, as `make faults` says it, it has every one.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from bench import Case, Fault, Form
from faults import Calls, all_faults, on_the_write
from pair_bench import HOMES, PairBench, make_pair
from pair_calls import PARTS, READS, SEVERAL, STEPS, Step
from pair_forms import ALSO, KINDS, UNBILLED
from pair_hands import GONE, Found

Pair: TypeAlias = tuple[str, str]
EVERY_PAIR = os.environ.get("CRMERP_FAULTS") == "all"
CRMS, ERPS = ("salesforce", "hubspot", "odoo_crm"), ("netsuite", "odoo", "tryton")
USUAL: Mapping[str, Pair] = {
    "salesforce": ("salesforce", "odoo"),
    "hubspot": ("hubspot", "odoo"),
    "odoo_crm": ("odoo_crm", "odoo"),
    "netsuite": ("hubspot", "netsuite"),
    "odoo": ("hubspot", "odoo"),
    "tryton": ("odoo_crm", "tryton"),
}
"""The pair in which a system is tried in the suite."""
MISSING = {"tryton": ("contact",)}
"""Entities that a system does not have."""
NUMBERED = ("customer", "order")
"""Entities whose number the ERP gives and the CRM shows."""
MIRRORS = ("order_mirror", "invoice_mirror")


def pairs(system: str) -> list[Pair]:
    """The pairs that are tried."""
    every = [(crm, erp) for crm in CRMS for erp in ERPS if system in (crm, erp)]
    return every if EVERY_PAIR else [USUAL[system]]


def matrix(system: str, few: Sequence[str] | None = None, elsewhere: Sequence[str] = ()) -> dict[Pair, list[Case]]:
    """The cases of writing to a system, by pair; `few` of the faults where calls take their time.

    Forms that other files of the suite try, `elsewhere`, are tried where every pair is.
    """
    left_out = () if EVERY_PAIR else elsewhere
    return {pair: cases(system, pair, few, left_out) for pair in pairs(system)}


def each(tried: Mapping[Pair, Sequence[Case]]) -> list[Any]:
    """Pair and case as the parameters of a test."""
    return [pytest.param(pair, case, id=f"{'-'.join(pair)}-{case.id}") for pair, some in tried.items() for case in some]


def cases(system: str, pair: Pair, few: Sequence[str] | None = None, left_out: Sequence[str] = ()) -> list[Case]:
    """Every fault in every form of writing to a system of this pair."""
    role = "crm" if system == pair[0] else "erp"
    missing = [entity for one in pair for entity in MISSING.get(one, ())]
    made: list[Case] = []
    for name, steps in STEPS[system].items():
        entity, operation, seed, expected, change = KINDS[role][name]
        if entity in missing or name in left_out:
            continue
        count = 1 + (system in PARTS and any(step.whole for step in steps))
        held_then = {**expected, **ALSO.get((system, name), {})}
        if "invoice" in held_then:
            held_then["invoice"] = held_then["invoice"] or UNBILLED.get(pair[1])
        form = Form(name.partition("-")[2], entity, system, count, operation, seed, held_then, change)
        made += [Case(form, fault) for step in steps for fault in _faults(system, form, step, few)]
    return made


def _faults(system: str, form: Form, step: Step, few: Sequence[str] | None) -> Iterator[Fault]:
    checks = int(form.operation == "update")
    calls = Calls(step.write, READS[system], checks, step.skip, behind=True, parts=system in PARTS)
    asked = SEVERAL if few is None else few
    found = all_faults(calls) if step.whole else (one for one in on_the_write(calls) if one.name in asked)
    for fault in found:
        yield Fault(f"{step.name}-{fault.name}", fault.point, fault.first, fault.then)


@dataclass
class Held:
    """What a system holds in the end, by entity and name, what it held before anybody did anything, and what shows
    the documents that there are."""

    tried: Sequence[Case]
    found: Found
    before: frozenset[str]
    shown: frozenset[str]

    def strangers(self) -> set[str]:
        """Records that nobody asked for."""
        asked = {f"{case.form.entity} {name}" for case in self.tried for name in case.names}
        asked |= {f"order {name}" for case in self.tried if case.form.entity in MIRRORS for name in case.names}
        return self.found.keys() - self.before - self.shown - asked - {f"customer {name}" for name in HOMES}

    def of(self, case: Case) -> Found:
        """Those of one case, by name."""
        return {name: self.found.get(f"{case.form.entity} {name}", []) for name in case.names}


def held(system: str, pair: Pair, tried: Sequence[Case], folder: Path) -> Held:
    """Try the cases and see what there is then, in the words of KINDS: a number is told to be the one of the ERP."""
    entities = list(dict.fromkeys(case.form.entity for case in tried))
    with make_pair(*pair, folder) as bench:
        before = frozenset(f"{entity} {_name(row)}" for entity in entities for row in bench.held(system, entity))
        bench.run(tried)
        shown = frozenset(f"{entity} {name}" for entity in MIRRORS for name in _documents(bench, entity))
        return Held(tried, _found(bench, system, entities), before, shown)


def _documents(bench: PairBench, entity: str) -> dict[str, str]:
    """name -> number of the ERP's documents that records of this entity show."""
    if entity == "invoice_mirror":
        return bench.billed()
    return {row["name"]: row["number"] for row in bench.held(bench.names[1], "order")}


def _found(bench: PairBench, side: str, entities: Sequence[str]) -> Found:
    found: Found = {}
    for entity in entities:
        rows = bench.held(bench.names[1], entity) if side == bench.names[0] and entity in NUMBERED else []
        numbers = {row["key"].lower(): row.get("number") for row in rows if row["key"]}
        if entity in MIRRORS:
            numbers = _documents(bench, entity)
        for row in bench.held(side, entity):
            found.setdefault(f"{entity} {_name(row)}", []).append(_told(bench, side, entity, row, numbers))
    return found


def _name(row: Mapping[str, Any]) -> str:
    """The family name of a person, the name of everything else."""
    return str(row["name"]).removeprefix("Ann ")


def _told(bench: PairBench, side: str, entity: str, row: dict[str, Any], numbers: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(row)
    if entity == "customer":
        told["phone"] = bench.phone_of(row)
    if numbers:
        known = row["name"] if entity in MIRRORS else (row["key"] or "").lower()
        told["number"] = row.get("number") == numbers.get(known, GONE)
    if "customer" in row:
        told["customer"] = bench.whose(side, row["customer"])
    if "deal" in row:
        told["deal"] = row["deal"] == row["name"]
    if entity == "product":
        told["sku"] = row["sku"] == row["name"].replace(" ", "-").upper()
    return told
