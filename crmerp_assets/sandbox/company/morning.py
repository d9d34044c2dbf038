"""The morning: six deals are won, an address and phones change."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.roles import Accountant, Newcomer, SaleLine, Seller
from crmerp_assets.sandbox.company.scene import Event, NotLinked, Pair, Scene, Step, linked_customers, play
from crmerp_assets.sandbox.company.words import STEM_HEADS

UNKNOWN_PRODUCT = "Legacy Maintenance"
_TWELVE = (
    *("RT-100", "RT-200", "SW-08", "SW-24", "SW-SFP", "AP-1", "AP-ANT", "SN-TEMP", "SN-GATE", "CB-CAT6", "SV-INST"),
    "SU-STD",
)
# Each step has a customer of its own in the United States, so that it shows one thing.
_TWELVE_LINES, _TEXT, _ADDRESS, _PHONE, _BOTH = range(5)
_ORDINARY = 2
_SECONDS_APART = 1.2


def morning(
    seller: Seller,
    accountant: Accountant,
    today: date,
    *,
    linked: Sequence[Pair] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> list[Event]:
    """Play the morning. Without `linked` the customers are those both systems hold under one key. Raises NotLinked."""
    pairs = linked_customers(seller, accountant) if linked is None else list(linked)
    return play(MORNING, Scene(seller, accountant, today, pairs, {}, pause))


def _won(scene: Scene, kind: str, what: str, deal: str, account: str, **detail: Any) -> Event:
    scene.seller.win(deal, scene.today)
    return scene.sold(kind, what, deal, won=True, account=account, **detail)


def _ordinary(scene: Scene) -> list[Event]:
    accounts, known = {pair.account for pair in scene.linked}, scene.accountant.skus()
    deals = [
        deal
        for deal in scene.seller.open_deals()
        if deal.skus and known.issuperset(deal.skus) and deal.account in accounts
    ]
    if len(deals) < _ORDINARY:
        raise NotLinked("too few open deals with products belong to linked customers")
    name = "ordinary_deals_won"
    return [
        _won(scene, name, f"{deal.name} is won", deal.id, deal.account, lines=len(deal.skus))
        for deal in deals[:_ORDINARY]
    ]


def _new_customer(scene: Scene) -> list[Event]:
    stem = _stem(scene.today)
    domain = f"{stem.lower()}-instruments.co.uk"
    met = Newcomer(
        name=f"{stem} Instruments Ltd",
        website=f"https://www.{domain}",
        phone="+44 20 7946 0812",
        street="12 Wharf Lane",
        city="London",
        postcode="EC2A 4NE",
        country="United Kingdom",
        currency="GBP",
    )
    account = scene.seller.create_account(met)
    born = scene.sold("new_customer_deal_won", "A new customer comes in", account)
    scene.seller.create_contact(account, "Imogen", "Fairclough", f"imogen.fairclough@{domain}")
    lines = [SaleLine("SN-KIT", 4), SaleLine("SV-TRAIN", 2)]
    deal = scene.seller.create_deal(account, f"{stem} - first order", lines, scene.today, "GBP")
    return [born, _won(scene, born.kind, "The new customer's first deal is won", deal, account, lines=len(lines))]


def _stem(today: date) -> str:
    """Another newcomer every day; no generated firm's name ends like this."""
    return f"{STEM_HEADS[today.toordinal() % len(STEM_HEADS)]}quay"


def _twelve_lines(scene: Scene) -> list[Event]:
    account = scene.customer("USD", _TWELVE_LINES).account
    lines = [SaleLine(sku, quantity) for quantity, sku in enumerate(_TWELVE, 1)]
    deal = scene.seller.create_deal(account, "Site fit-out", lines, scene.today, "USD")
    return [_won(scene, "twelve_line_deal_won", "A deal of twelve lines is won", deal, account, lines=len(lines))]


def _euro(scene: Scene) -> list[Event]:
    account = scene.customer("EUR").account
    lines = [SaleLine("RT-400", 3), SaleLine("SW-48", 2, discount=Decimal(10)), SaleLine("CB-FIB", 40)]
    deal = scene.seller.create_deal(account, "Werksvernetzung", lines, scene.today, "EUR")
    return [_won(scene, "euro_deal_won", "A deal in euros is won", deal, account, lines=len(lines), currency="EUR")]


def _unknown_product(scene: Scene) -> list[Event]:
    account, amount = scene.customer("USD", _TEXT).account, Decimal("1800.00")
    deal = scene.seller.create_text_deal(account, "Maintenance renewal", UNKNOWN_PRODUCT, amount, scene.today)
    what = f"A deal that only says {UNKNOWN_PRODUCT!r} is won"
    return [_won(scene, "unknown_product_deal_won", what, deal, account, product=UNKNOWN_PRODUCT, amount=str(amount))]


def _address(scene: Scene) -> list[Event]:
    account, customer, _ = scene.customer("USD", _ADDRESS)
    street = "4 Founders Yard"
    scene.accountant.change_street(customer, street)
    what = "An accountant corrects a billing address"
    return [scene.booked("address_changed_in_erp", what, customer, account=account, street=street)]


def _phone(scene: Scene) -> list[Event]:
    account, customer, _ = scene.customer("USD", _PHONE)
    phone = "+1 312 555 0142"
    scene.seller.change_phone(account, phone)
    return [scene.sold("phone_changed_in_crm", "A seller notes a new phone", account, customer=customer, phone=phone)]


def _both_phones(scene: Scene) -> list[Event]:
    return list(_phone_twice(scene, "phone_changed_in_both", scene.customer("USD", _BOTH)))


def _phone_twice(scene: Scene, kind: str, pair: Pair) -> Iterator[Event]:
    """The ERP's change is the later one; stamps have seconds, so there is more than one between them."""
    account, customer, _ = pair
    scene.seller.change_phone(account, "+1 415 555 0111")
    yield scene.sold(kind, "A seller changes a phone", account, customer=customer, phone="+1 415 555 0111")
    scene.pause(_SECONDS_APART)
    scene.accountant.change_phone(customer, "+1 415 555 0122")
    yield scene.booked(kind, "An accountant changes the same", customer, account=account, phone="+1 415 555 0122")


_ORDER = {"order_in_erp": True, "total_agrees": True}

MORNING: tuple[Step, ...] = (
    Step("ordinary_deals_won", "Two deals of known customers are won", _ordinary, _ORDER | {"orders": 2}),
    Step(
        "new_customer_deal_won",
        "A customer is created and its first deal won on the same day",
        _new_customer,
        _ORDER | {"customer_in_erp": True, "contact_in_erp": True, "orders": 1, "lines": 2, "currency": "GBP"},
    ),
    Step("twelve_line_deal_won", "A deal of twelve lines is won", _twelve_lines, _ORDER | {"orders": 1, "lines": 12}),
    Step("euro_deal_won", "A deal in euros is won", _euro, _ORDER | {"orders": 1, "lines": 3, "currency": "EUR"}),
    Step(
        "unknown_product_deal_won",
        "A deal over a product that no catalogue has is won",
        _unknown_product,
        {"order_in_erp": False, "gate": "unknown product", "product": UNKNOWN_PRODUCT},
    ),
    Step("address_changed_in_erp", "The books get a new billing address", _address, {"crm": "street"}),
    Step("phone_changed_in_crm", "A seller notes a new phone", _phone, {"erp": "phone"}),
    Step(
        "phone_changed_in_both",
        "Both change the same phone, the ERP a moment later",
        _both_phones,
        {"conflict": "phone", "winner": "erp", "crm": "phone"},
    ),
)
