"""The forms of writing of any CRM and any ERP, which calls each of them takes in which system, and what must be there
in the end.

A form that takes several calls meets the faults at each of them. The first call of what matters most, orders and the
way back to their deals, meets every fault; the others meet those of a write.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import Case, Fault, Form
from faults import Calls, all_faults, on_the_write
from pair_bench import HOMES, SOLD, TODAY, PairBench
from pair_hands import GONE, PRICE, Found

PARTS = ("hubspot",)
"""Systems in which a batch is no transaction: there two records go together in the forms that meet every fault."""
SEVERAL = (
    *("throttle-once", "cut_before-always", "cut_after-always", "error_after-always", "server_error-always"),
    *("slow", "late_answer", "revoke-always", "truncated", "wrong_type"),
)
"""The faults of a write that the calls meet which do not meet all."""


@dataclass(frozen=True)
class Step:
    """One call of a form: its pattern, and how many such calls are let through first."""

    name: str
    write: str
    skip: int = 0
    whole: bool = False


COMPANIES, CONTACTS, DEALS = (rf"^POST .*/{object}/batch" for object in ("companies", "contacts", "deals"))
STEPS: Mapping[str, Mapping[str, Sequence[Step]]] = {
    "hubspot": {
        "customer-key": [Step("update", rf"{COMPANIES}/update")],
        "customer-create": [Step("upsert", rf"{COMPANIES}/upsert")],
        "contact-create": [Step("create", rf"{CONTACTS}/create")],
        "contact-move": [Step("associate", r"^POST .*/contacts/companies/batch/create")],
        "product-create": [Step("upsert", r"^POST .*/products/batch/upsert")],
        "order-number": [Step("update", rf"{DEALS}/update", whole=True)],
        "order-invoice": [Step("update", rf"{DEALS}/update")],
        "order-create": [
            Step("create", rf"{DEALS}/create", whole=True),
            Step("lines", r"^POST .*/line_items/batch/upsert"),
        ],
    },
    "odoo_crm": {
        "customer-key": [Step("key", r"/ir\.model\.data/create")],
        "customer-phone": [Step("load", r"/res\.partner/load")],
        "customer-create": [Step("load", r"/res\.partner/load")],
        "contact-create": [Step("load", r"/res\.partner/load")],
        "product-create": [Step("load", r"/product\.product/load")],
        "order-number": [Step("load", r"/crm\.lead/load"), Step("key", r"/ir\.model\.data/create")],
        "order-invoice": [Step("load", r"/crm\.lead/load")],
        "order-create": [Step("load", r"/crm\.lead/load", whole=True)],
    },
    "odoo": {
        "customer-create": [Step("load", r"/res\.partner/load")],
        "customer-phone": [Step("load", r"/res\.partner/load")],
        "contact-create": [Step("load", r"/res\.partner/load")],
        "order-create": [
            Step("load", r"/sale\.order/load", whole=True),
            Step("confirm", r"/sale\.order/action_confirm"),
            Step("day", r"/sale\.order/load", skip=1),
        ],
        "order-lines": [Step("load", r"/sale\.order/load")],
        "order-cancel": [Step("cancel", r"/sale\.order/action_cancel")],
    },
    "tryton": {
        "customer-create": [Step("create", r"model\.party\.party\.create")],
        "customer-phone": [Step("write", r"model\.party\.party\.write")],
        "order-create": [
            Step("create", r"model\.sale\.sale\.create"),
            Step("quote", r"model\.sale\.sale\.quote"),
            Step("confirm", r"model\.sale\.sale\.confirm"),
            Step("finish", r"model\.sale\.sale\.write"),
        ],
        "order-lines": [
            Step("open", r"model\.sale\.sale\.draft"),
            Step("write", r"model\.sale\.sale\.write"),
            Step("quote", r"model\.sale\.sale\.quote"),
            Step("confirm", r"model\.sale\.sale\.confirm"),
        ],
        "order-cancel": [Step("open", r"model\.sale\.sale\.draft"), Step("cancel", r"model\.sale\.sale\.cancel")],
    },
}
READS = {
    "hubspot": r"^POST .*/(batch/read|search)",
    "odoo_crm": r"/(search_read|read|search)$",
    "odoo": r"/(search_read|read|search)$",
    "tryton": r"search_read",
}


def nothing(bench: PairBench, names: Sequence[str]) -> None:
    """Everything is made by what changes."""


def accounts(bench: PairBench, names: Sequence[str]) -> None:
    bench.account(names)


def new_accounts(bench: PairBench, cases: Sequence[Case]) -> None:
    """The ERP gets them at once; the CRM is still to hear their keys and numbers."""
    bench.account(_names(cases))
    _known(bench, cases)


def other_phones(bench: PairBench, cases: Sequence[Case]) -> None:
    held = bench.by_name(cases[0].form.side, "customer")
    for case in cases:
        case.natives = [held[name] for name in case.names]
        for name in case.names:
            bench.seller.change_phone(bench.ids[name], bench.phone(name, new=True))


def answered_phones(bench: PairBench, cases: Sequence[Case]) -> None:
    """The accountant hears of another phone."""
    held = bench.by_name(bench.names[1], "customer")
    _known(bench, cases)
    for name in _names(cases):
        bench.accountant.change_phone(held[name], bench.phone(name, new=True))


def customers(bench: PairBench, names: Sequence[str]) -> None:
    for name in names:
        bench.erp.make_customer(name, bench.phone(name))


def products(bench: PairBench, names: Sequence[str]) -> None:
    for name in names:
        bench.erp.make_product(name)


def contacts(bench: PairBench, names: Sequence[str]) -> None:
    first, _ = bench.customers()
    for name in names:
        bench.erp.make_contact(first, name)


def people(bench: PairBench, names: Sequence[str]) -> None:
    for name in names:
        bench.seller.create_contact(bench.homes[0], "Ann", name, f"{name.lower()}@{name.lower()}.example")


def moved_contacts(bench: PairBench, cases: Sequence[Case]) -> None:
    _, second = bench.customers()
    here, there = (bench.by_name(side, "contact") for side in bench.names)
    for case in cases:
        case.natives = [here[name] for name in case.names]
        for name in case.names:
            bench.erp.move_contact(there[name], second)


def deals(bench: PairBench, names: Sequence[str]) -> None:
    bench.sell(names)


def new_deals(bench: PairBench, cases: Sequence[Case]) -> None:
    """The ERP gets their orders at once; the deals are still to hear of them."""
    bench.sell(_names(cases))
    _known(bench, cases)


def billed(bench: PairBench, cases: Sequence[Case]) -> None:
    _known(bench, cases)
    orders = bench.by_name(bench.names[1], "order")
    for name in _names(cases):
        bench.accountant.bill(orders[name], TODAY)


def phone_orders(bench: PairBench, names: Sequence[str]) -> None:
    first, _ = bench.customers()
    for name in names:
        bench.erp.enter_order(first, name, 3)


def more(bench: PairBench, cases: Sequence[Case]) -> None:
    _ordered(bench, cases)
    for name in _names(cases):
        bench.crm.requantify(bench.ids[name], 8)


def reopened(bench: PairBench, cases: Sequence[Case]) -> None:
    _ordered(bench, cases)
    for name in _names(cases):
        bench.crm.reopen(bench.ids[name])


def _names(cases: Sequence[Case]) -> list[str]:
    return [name for case in cases for name in case.names]


def _known(bench: PairBench, cases: Sequence[Case]) -> None:
    for case in cases:
        case.natives = [bench.ids[name] for name in case.names]


def _ordered(bench: PairBench, cases: Sequence[Case]) -> None:
    bench.erp.not_begun()
    held = bench.by_name(cases[0].form.side, "order")
    for case in cases:
        case.natives = [held[name] for name in case.names]


Kind = tuple[str, str, Callable[..., None], Mapping[str, Any], Callable[..., None] | None]
SOLD_LINES = {"lines": [f"{SOLD} x {PRICE}", f"3 x {PRICE}"]}
ORDERED = SOLD_LINES | {"state": "ordered", "total": 5 * PRICE}
KINDS: Mapping[str, Mapping[str, Kind]] = {
    "crm": {
        "customer-key": ("customer", "update", nothing, {"phone": "old", "number": True}, new_accounts),
        "customer-phone": ("customer", "update", accounts, {"phone": "new"}, answered_phones),
        "customer-create": ("customer", "create", customers, {"phone": "old", "number": True}, None),
        "contact-create": ("contact", "create", contacts, {"customer": "first"}, None),
        "contact-move": ("contact", "update", people, {"customer": "second"}, moved_contacts),
        "product-create": ("product", "create", products, {"sku": True}, None),
        "order-number": ("order", "update", nothing, {"number": True, "invoice": None}, new_deals),
        "order-invoice": ("order", "update", deals, {"number": True, "invoice": "Open"}, billed),
        "order-create": ("order", "create", phone_orders, {"number": True, "invoice": None}, None),
    },
    "erp": {
        "customer-create": ("customer", "create", accounts, {"phone": "old"}, None),
        "customer-phone": ("customer", "update", accounts, {"phone": "new"}, other_phones),
        "contact-create": ("contact", "create", people, {"customer": "first"}, None),
        "order-create": ("order", "create", deals, ORDERED, None),
        "order-lines": (
            *("order", "update", deals),
            {"lines": [f"3 x {PRICE}", f"8 x {PRICE}"], "state": "ordered", "total": 11 * PRICE},
            more,
        ),
        "order-cancel": ("order", "update", deals, SOLD_LINES | {"state": "cancelled"}, reopened),
    },
}
"""Entity, operation, what people do first, what must be there in the end, and for updates what they change."""


def cases(role: str, system: str, few: Sequence[str] | None = None) -> list[Case]:
    """Every fault in every form of writing to a system; `few` of the faults where calls take their time."""
    made: list[Case] = []
    for name, steps in STEPS[system].items():
        entity, operation, seed, expected, change = KINDS[role][name]
        count = 1 + (system in PARTS and any(step.whole for step in steps))
        form = Form(name.partition("-")[2], entity, system, count, operation, seed, dict(expected), change)
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
    """What a system holds in the end, by entity and name, and what it held before anybody did anything."""

    found: Found
    before: frozenset[str]

    def strangers(self, tried: Sequence[Case]) -> set[str]:
        """Records that nobody asked for."""
        asked = {f"{case.form.entity} {name}" for case in tried for name in case.names}
        return self.found.keys() - self.before - asked - {f"customer {name}" for name in HOMES}

    def of(self, case: Case) -> Found:
        """Those of one case, by name."""
        return {name: self.found.get(f"{case.form.entity} {name}", []) for name in case.names}


def held(bench: PairBench, side: str, tried: Sequence[Case]) -> Held:
    """Try the cases and see what there is then, in the words of KINDS: a number is told to be the one of the ERP."""
    entities = list(dict.fromkeys(case.form.entity for case in tried))
    before = frozenset(f"{entity} {_name(row)}" for entity in entities for row in bench.held(side, entity))
    bench.run(tried)
    return Held(_found(bench, side, entities), before)


def _found(bench: PairBench, side: str, entities: Sequence[str]) -> Found:
    found: Found = {}
    for entity in entities:
        rows = bench.held(bench.names[1], entity) if side == bench.names[0] else []
        numbers = {row["key"].lower(): row.get("number") for row in rows if row["key"]}
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
        told["number"] = row.get("number") == numbers.get((row["key"] or "").lower(), GONE)
    if entity == "contact":
        told["customer"] = bench.whose(side, row["customer"])
    if entity == "product":
        told["sku"] = row["sku"] == row["name"].replace(" ", "-").upper()
    return told
