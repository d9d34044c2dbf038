"""Currencies that the ERP does not take and rates that it does not have: the order waits, and says which currency.

Taken out once and seen to fail: the currency's name in the refusal (a_currency_that_is...), fallback rates kept out of
credit (a_rate_of_the_ecb...), the gate of the customer's currencies (a_currency_that_the_erp...).
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from world import GO_LIVE, World

from crmerp_assets.reports import Reconciliation
from crmerp_assets.sandbox.company.people import Accountant
from crmerp_assets.sync import parked_work
from crmerp_assets.sync.reconcile import run_reconciliation

EURO = "4"
FALLBACK = GO_LIVE + "currencies: {fallback: ecb, max_rate_age_days: 20000, orders_at_fallback: %s}\n"


def test_a_currency_that_the_erp_does_not_list_for_the_customer_holds_the_order_before_it_is_sent(world: World) -> None:
    world.policy(GO_LIVE)
    account = _deal(world, "USD")
    world.settle()
    customer = world.suiteql("SELECT id FROM customer")[0]["id"]
    with Accountant(world.erp.url) as bob:
        bob.change_customer(customer, currencyList={"items": [{"currency": {"id": "2"}}]})
        for code in ("GBP", "CAD"):
            _deal(world, code, account)
        world.settle()

        (waiting,) = _waiting(world)
        assert (waiting["gate"], waiting["currency"]) == ("currency_not_allowed", "CAD")
        assert waiting["reason"] == (
            "the ERP takes no order of customer Company 0 in CAD, only in GBP, USD; add the currency there, or correct "
            "the deal"
        )
        assert world.orders()[:2] == (2, 2), "pounds were sent"
        assert _attempts(world, waiting["id"]) == 0, "the ERP was never asked"
        gap = _reconciled(world).breaks.row(0, named=True)
        assert (gap["currency"], gap["gate"], gap["owner"]) == ("CAD", "currency_not_allowed", "finance")

        bob.change_customer(customer, currencyList={"items": [{"currency": {"id": "3"}}]})
    world.settle()
    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (3, 3)
    assert world.golden("customer")["currencies"].to_list() == ["CAD,GBP,USD"]


def test_a_currency_that_is_inactive_or_of_a_customer_that_the_erp_is_only_about_to_get_is_refused_and_named(
    world: World,
) -> None:
    world.policy(GO_LIVE)
    world.admin("erp", "settings", {"customer_currencies": True})
    account = _deal(world, "CAD")
    with Accountant(world.erp.url) as bob:
        bob.change("currency", EURO, {"isInactive": True})
        world.pass_through()
        (refused,) = world.open_intents("rejected").to_dicts()
        _named_as_refused(world, refused, "CAD")

        customer = world.suiteql("SELECT id FROM customer")[0]["id"]
        for currency in ("3", EURO):
            bob.change_customer(customer, currencyList={"items": [{"currency": {"id": currency}}]})
        _retry(world)
        _deal(world, "EUR", account)
        world.settle()
        (refused,) = world.open_intents("rejected").to_dicts()
        _named_as_refused(world, refused, "EUR")

        bob.change("currency", EURO, {"isInactive": False})
    _retry(world)
    world.settle()
    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (2, 2)


def test_an_order_without_a_rate_waits_and_goes_once_it_is_entered(world: World) -> None:
    world.policy(GO_LIVE)
    franc = _francs(world)
    _deal(world, "CHF")
    world.settle()

    (waiting,) = _waiting(world)
    today = datetime.now(UTC).date()
    assert waiting["gate"] == "missing_rate"
    assert waiting["reason"] == f"the ERP has no rate from CHF to USD on or before {today}; enter it in the ERP"
    assert world.orders()[0] == 0
    gap = _reconciled(world).breaks.row(0, named=True)
    assert (gap["gate"], gap["owner"], gap["company_amount"]) == ("missing_rate", "finance", None)
    assert "no rate from CHF to USD on or before 2026-06-15" in gap["rate_note"]

    _enter_rate(world, franc, "2026-06-01", 1.25)
    world.settle()
    assert world.orders() == (1, 1, Decimal(200))
    assert _reconciled(world).deals["company_amount"].to_list() == [Decimal(250)]


def test_a_rate_of_the_ecb_counts_in_reports_and_for_orders_only_if_the_policy_says_so(world: World) -> None:
    (world.state / "config" / "eurofxref-hist.csv").write_text(
        "Date,USD,CHF,\n2026-06-15,1.20,0.96,\n2026-06-12,1.1,N/A,\n", encoding="utf-8"
    )
    world.policy(FALLBACK % "false")
    franc = _francs(world)
    _deal(world, "CHF")
    world.settle()

    (waiting,) = _waiting(world)
    assert waiting["gate"] == "missing_rate"
    assert "(the ECB's rates count in reports only, see `currencies.orders_at_fallback`)" in waiting["reason"]
    found = _reconciled(world)
    row = found.deals.row(0, named=True)
    assert (row["rate"], str(row["rate_date"]), row["rate_source"]) == (Decimal("1.25"), "2026-06-15", "ECB")
    assert row["company_amount"] == 250
    assert found.rates.select("currency", "rate_source", "deals").rows() == [("CHF", "ECB", 1)]

    world.policy(FALLBACK % "true")
    world.pass_through(push=False)
    planned = world.open_intents("planned").filter(entity="order").row(0, named=True)
    assert planned["reason"] == "judged at the ECB's rate of 2026-06-15, 1 CHF = 1.25 USD: the ERP has none"
    world.settle()
    assert world.orders()[:2] == (1, 1)

    _enter_rate(world, franc, "2026-06-14", 1.5)
    world.policy(GO_LIVE)
    world.settle()
    row = _reconciled(world).deals.row(0, named=True)
    assert (row["rate"], row["rate_source"]) == (Decimal("1.5"), "netsuite"), "the ERP's own rate comes first"
    assert world.golden("exchange_rate").filter(source="ECB", deleted=False).is_empty(), "the policy no longer says so"


def test_a_rate_that_is_too_old_does_not_count_and_the_order_says_so(world: World) -> None:
    world.policy(GO_LIVE + "currencies: {max_rate_age_days: 30}\n")
    account = _deal(world, "EUR")
    world.settle()

    (waiting,) = _waiting(world)
    assert waiting["gate"] == "missing_rate"
    assert "the last rate from EUR to USD is of 2015-01-01, on" in waiting["reason"]
    assert "older than the 30 days that count; enter it in the ERP" in waiting["reason"]
    assert _reconciled(world).deals.select("rate", "company_amount").rows() == [(None, None)]

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    _enter_rate(world, EURO, yesterday.isoformat(), 1.15)
    _deal(world, "USD", account)
    world.settle()
    assert world.orders()[:2] == (2, 2)


def _deal(world: World, currency: str, account: str | None = None) -> str:
    """A won deal of 200 in a currency; the account."""
    if account is None:
        world.catalogue(1)
        (account,) = world.accounts(1)
    deal = {"StageName": "Closed Won", "CloseDate": "2026-06-15", "Product_Name__c": "Product 0", "Amount": 200}
    deal |= {"Name": f"In {currency}", "AccountId": account, "CurrencyIsoCode": currency}
    world.seed("crm", "Opportunity", [deal])
    return account


def _named_as_refused(world: World, intent: dict[str, Any], currency: str) -> None:
    assert intent["currency"] == currency
    assert f"does not take the currency {currency}: it is unknown or inactive there" in intent["error"]
    gap = _reconciled(world).breaks.select("currency", "gate", "owner")
    assert gap.rows() == [(currency, "currency_disabled", "finance")]


def _retry(world: World) -> None:
    with world.platform() as used:
        parked_work.retry(used, parked_work.Chosen(), by="finance")


def _attempts(world: World, intent: str) -> int:
    with world.platform() as used, used.ledger.read() as tx:
        return tx.intents.attempts(intent).height


def _francs(world: World) -> str:
    """The ERP knows francs, as the CRM does, and has no rate for them; their id."""
    franc = {"name": "Swiss Franc", "symbol": "CHF", "exchangeRate": 1, "currencyPrecision": 2}
    return world.seed("erp", "currency", [franc])[0]


def _enter_rate(world: World, currency: str, day: str, rate: float) -> None:
    body = {"baseCurrency": {"id": "1"}, "transactionCurrency": {"id": currency}, "exchangeRate": rate}
    world.seed("erp", "currencyRate", [body | {"effectiveDate": day}])


def _waiting(world: World) -> list[dict[str, Any]]:
    return world.open_intents("waiting").filter(entity="order", connection="netsuite").to_dicts()


def _reconciled(world: World) -> Reconciliation:
    with world.platform() as used:
        return run_reconciliation(used)
