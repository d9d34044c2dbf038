"""The forms of writing of any CRM and any ERP: what people do first, what they change, and what must be there then."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench import Case
from pair_bench import SOLD, TODAY, PairBench
from pair_hands import PRICE, plain


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
    bench.bill(_names(cases))


def mirrored_and_billed(bench: PairBench, cases: Sequence[Case]) -> None:
    _held(bench, cases)
    bench.bill(_names(cases))


def misplaced(bench: PairBench, cases: Sequence[Case]) -> None:
    _held(bench, cases)
    for case in cases:
        for order in case.natives:
            bench.crm.misplace(order, bench.homes[1])


def first_billed(bench: PairBench, cases: Sequence[Case]) -> None:
    """The invoices are known by their numbers."""
    bench.bill(_names(cases))
    numbers = bench.billed()
    for case in cases:
        case.natives = [numbers[name] for name in case.names]


def invoices(bench: PairBench, names: Sequence[str]) -> None:
    """Won deals whose orders are billed."""
    bench.sell(names)
    bench.quiet()
    bench.bill(names)


def part_paid(bench: PairBench, cases: Sequence[Case]) -> None:
    _held(bench, cases)
    for name in _names(cases):
        bench.accountant.pay(bench.invoices[name], PRICE, TODAY)


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
    _held(bench, cases)


def _held(bench: PairBench, cases: Sequence[Case]) -> None:
    """The records that the system written to holds of them."""
    held = bench.by_name(cases[0].form.side, cases[0].form.entity)
    for case in cases:
        case.natives = [held[name] for name in case.names]


Kind = tuple[str, str, Callable[..., None], Mapping[str, Any], Callable[..., None] | None]
SOLD_LINES = {"lines": [f"{SOLD} x {PRICE}", f"3 x {PRICE}"]}
ORDERED = SOLD_LINES | {"state": "ordered", "total": 5 * PRICE}
MIRROR = {"number": True, "customer": "first", "deal": True, "total": plain(5 * PRICE)}
UNPAID, PART_PAID = ({"invoice": said, "open": plain(n * PRICE)} for said, n in (("Open", 5), ("Partially Paid", 4)))
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
        "order-create": (
            *("order", "create", phone_orders),
            {"number": True, "invoice": None, "customer": "first"},
            None,
        ),
        "order_mirror-create": ("order_mirror", "create", deals, MIRROR | {"invoice": None}, None),
        "order_mirror-billed": ("order_mirror", "update", deals, MIRROR | UNPAID, mirrored_and_billed),
        "order_mirror-company": ("order_mirror", "update", deals, MIRROR | {"invoice": None}, misplaced),
        "invoice_mirror-create": ("invoice_mirror", "create", deals, MIRROR | UNPAID, first_billed),
        "invoice_mirror-paid": (
            *("invoice_mirror", "update", invoices),
            MIRROR | PART_PAID | {"paid": plain(PRICE)},
            part_paid,
        ),
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

ALSO: Mapping[tuple[str, str], Mapping[str, Any]] = {("hubspot", "order-create"): {"lines": [f"3 x {PRICE}"]}}
"""What more must be there in the end in one system: only HubSpot's new deals have lines that we write."""
UNBILLED: Mapping[str, str] = {"tryton": "Draft"}
"""What a deal shows of an invoice that nobody has posted: Tryton drafts one with each sale."""
