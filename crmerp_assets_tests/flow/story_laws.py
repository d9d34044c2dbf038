"""What must hold after every sync, each law as one function of what the oracle says and what an auditor sees."""

import copy
from decimal import Decimal
from typing import Any

import polars as pl
from story_office import Office
from story_oracle import CENT, Deal, Oracle, Order, Record, worth
from story_people import Seen


def nothing_is_doubled(seen: Seen) -> None:
    """One record of a thing in each system, and no two with one key."""
    for what, keys in seen.carried():
        assert len(keys) == len(set(keys)), f"two {what} carry one key: {sorted(keys)}"
    for what in ("accounts", "customers", "deals", "orders"):
        for word, rows in getattr(seen, what).items():
            assert len(rows) == 1, f"{word} is there {len(rows)} times among {what}"
    for word, (crm, erp) in (seen.contacts | seen.products).items():
        assert len(crm) <= 1, f"{word} is {len(crm)} times in the CRM"
        assert len(erp) <= 1, f"{word} is {len(erp)} times in the ERP"


def no_ghost_comes_back(oracle: Oracle, seen: Seen) -> None:
    """An account that was deleted or merged away is not made again, and its customer in the ERP stays."""
    for word in oracle.ghosts:
        assert word not in seen.accounts, f"{word} came back as an account"
        company = oracle.companies[word]
        assert company.erp is None or word in seen.customers, f"{word} was deleted in the ERP, too"


def an_order_stays(deal: Deal, order: Any) -> None:
    """Whatever becomes of a deal's account, its order stays; what it says is taken over."""
    assert deal.order is None or order is not None, f"the order of {deal.name} is gone"
    deal.order = None if order is None else Order(order["name"], order["lines"])


def values_are_the_oracles(what: str, record: Record, crm: Any, erp: Any, *, crm_is_newer: bool) -> set[str]:
    """Both sides hold what the oracle says; its fields with an open review, of those that may have one.

    Takes over what is there where the oracle allows several outcomes.
    """
    assert (record.crm is None) == (crm is None), f"{what} is {'not ' * (crm is None)}in the CRM"
    assert (record.erp is None) == (erp is None), f"{what} is {'not ' * (erp is None)}in the ERP"
    held = set()
    for name in record.rules:
        if record.crm is None or record.erp is None:
            side, values = ("CRM", record.crm) if record.erp is None else ("ERP", record.erp)
            found = (crm or erp)["values"].get(name)
            assert found == (values or {}).get(name), f"{name} of {what} changed in the {side} without a reason"
            continue
        found = crm["values"].get(name), erp["values"].get(name)
        allowed = record.outcomes(name, crm_is_newer)
        assert found in allowed, (
            f"{name} of {what} is {found} (CRM, ERP), and should be {' or '.join(map(str, allowed))}"
        )
        if allowed[found]:
            held.add(name)
        record.adopt(name, *found)
    return held


def the_order_is_the_deals(deal: Deal, row: Any, order: Any) -> None:
    """Exactly one order for a deal that was won, with its lines and its total; the opportunity shows it."""
    expected = deal.after_sync()
    assert (expected is None) == (order is None), f"{deal.name}: order {order}, should be {expected}"
    deal.order = expected
    if expected is not None:
        assert order["name"] == expected.name, f"the order of {deal.name} is called {order['name']}"
        assert order["lines"] == expected.lines, f"the order of {deal.name} has other lines"
        assert Decimal(order["total"]) == worth(expected.lines), f"the order of {deal.name} has another total"
        assert order["extkey"] == row["Crmerp_Id__c"], f"the order of {deal.name} carries another key"
        assert row["ERP_Order_Number__c"] == order["tranid"]
        assert _money(row["ERP_Order_Total__c"]) == worth(expected.lines)
    assert row["ERP_Order_Status__c"] == deal.order_status(), f"{deal.name} shows another order status"


def cash_is_shown(deal: Deal, row: Any) -> None:
    """The opportunity shows what became of its invoices."""
    cash = deal.cash()
    assert row["ERP_Invoice_Status__c"] == cash["status"], (
        f"{deal.name} shows {row['ERP_Invoice_Status__c']}, is {cash}"
    )
    fields = {"ERP_Invoiced__c": "invoiced", "ERP_Paid__c": "paid", "ERP_Credited__c": "credited"}
    for native, name in (fields | {"ERP_Open_Balance__c": "open"}).items():
        assert _money(row[native]) == cash[name], f"{deal.name} shows {row[native]} as {name}, should be {cash[name]}"


def balances_are_shown(oracle: Oracle, company: str, account: Any, customer: Any) -> None:
    """The account shows its number and what it owes."""
    if customer is None:
        return
    owed, overdue = oracle.owed(company)
    assert account["ERP_Customer_Number__c"] == customer["entityid"]
    assert account["Crmerp_Id__c"] == customer["extkey"], f"{company} carries two keys"
    assert _money(account["ERP_Balance__c"]) == owed, f"{company} shows another balance than {owed}"
    assert _money(account["ERP_Overdue_Balance__c"]) == overdue, f"{company} shows another overdue balance"


def nothing_is_open_without_a_reason(oracle: Oracle, office: Office) -> None:
    """What is left in the ledger waits at a gate that the oracle knows, and says why."""
    gates = sorted(gate for deal in oracle.deals.values() if (gate := deal.gate()))
    left = office.open()
    with office.platform.ledger.read() as tx:
        rows = tx.intents.open()
    assert rows.filter(pl.col("state") != "waiting").is_empty(), f"left over: {left}"
    assert sorted(rows["gate"].to_list()) == gates, f"waiting: {left}, should be {gates}"
    assert rows["reason"].is_not_null().all()


def reviews_are_the_held_ones(office: Office, held: dict[str, set[str]]) -> None:
    """A review for each field that waits for a person, and no other question but what of orders of deals not won."""
    with office.platform.ledger.read() as tx:
        found = tx.reviews.list().filter(pl.col("kind") != "not_won")
    asked = sorted(title.split("changed ", 1)[-1].split()[0] for title in found["title"].to_list())
    assert asked == sorted(name for names in held.values() for name in names), (
        f"open reviews: {found['title'].to_list()}"
    )


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(CENT)


def take_over(before: Oracle, now: Oracle, seen: Seen, *, smooth: bool) -> None:
    """After a sync that may have ended anywhere: nothing is there that neither was nor should be.

    `before` is the oracle as the sync found it, `now` with what people did meanwhile; what is seen becomes its state.
    `smooth`: nothing went wrong, so that every write was answered and is the new base.
    """
    grown = copy.deepcopy(before)
    grown.grows()
    for word, company in now.companies.items():
        if word in now.disturbed:
            continue
        rows = next(iter(seen.accounts.get(word, [])), None), next(iter(seen.customers.get(word, [])), None)
        _record_goes_on(word, before.companies[word], grown.companies[word], company, rows, smooth)
    for word, (company_name, contact) in now.contacts.items():
        if company_name in now.disturbed:
            continue
        pair = seen.contacts[word]
        _record_goes_on(word, before.contacts[word][1], grown.contacts[word][1], contact, _first(pair), smooth)
    for sku, product in now.products.items():
        _record_goes_on(sku, before.products[sku], grown.products[sku], product, _first(seen.products[sku]), smooth)
    for word, deal in now.deals.items():
        if deal.company in now.disturbed:
            an_order_stays(deal, next(iter(seen.orders.get(word, [])), None))
            continue
        row = next(iter(seen.orders.get(word, [])), None)
        order = None if row is None else Order(row["name"], row["lines"])
        assert order in (deal.order, deal.after_sync()), f"{deal.name}: order {order} is neither old nor new"
        deal.order = order


def _first(rows: tuple[list[Any], list[Any]]) -> tuple[Any, Any]:
    return next(iter(rows[0]), None), next(iter(rows[1]), None)


def _record_goes_on(what: str, before: Record, grown: Record, now: Record, rows: tuple[Any, Any], smooth: bool) -> None:
    crm, erp = rows
    born = [s for s, row in (("crm", crm), ("erp", erp)) if row is not None and getattr(now, s) is None]
    for side in born:
        assert getattr(grown, side) is not None, f"{what} came to be in the {side.upper()} without a reason"
        setattr(now, side, dict((crm if side == "crm" else erp)["values"]))
    if now.crm is None or now.erp is None:
        return
    edited = {s for s in ("crm", "erp") if s not in born and getattr(before, s) != getattr(now, s)}
    for name in now.rules:
        found = crm["values"].get(name), erp["values"].get(name)
        if born:
            held = before.crm or before.erp or {}
            other = now.erp if born == ["crm"] else now.crm
            value = found[0] if born == ["crm"] else found[1]
            assert value in (held.get(name), (other or {}).get(name)), f"{name} of {what} was made as {value}"
            now.bases[name] = {value} if smooth else {value, None}
        else:
            _field_goes_on(what, name, before, now, found, edited, smooth)


def _field_goes_on(
    what: str, name: str, before: Record, now: Record, found: Any, edited: set[str], smooth: bool
) -> None:
    """A record that people changed after it was planned is left alone; any other is as it was or as it should be."""
    assert now.crm is not None
    assert now.erp is not None
    aims = {pair for record in (before, now) for newer in (True, False) for pair in record.outcomes(name, newer)}
    for at, side in enumerate(("crm", "erp")):
        was = getattr(before, side)[name]
        fine = {getattr(now, side)[name]} if side in edited else {was, *(pair[at] for pair in aims)}
        assert found[at] in fine, f"{name} of {what} became {found[at]} in the {side.upper()}, not one of {fine}"
        written = {pair[at] for pair in aims if pair[0] == pair[1] == found[at] != was}
        now.bases[name] = now.base(name) | written
        getattr(now, side)[name] = found[at]
    if found[0] == found[1]:
        now.bases[name] = {found[0]} if smooth and not edited else now.base(name) | {found[0]}
