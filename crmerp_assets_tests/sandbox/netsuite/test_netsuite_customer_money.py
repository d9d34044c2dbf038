"""A customer's currencies, credit and amounts.

Tried, and caught by the test named: the list not asked (`list_of_currencies`), LISTAGG without order (`in_suiteql`),
inactive currencies taken
(`inactive_currency`), a currency changed afterwards (`currency_stays`).
"""

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

EURO, POUND = {"id": "4"}, {"id": "2"}


def body(api, customer, **rest):
    return {"entity": {"id": customer}, "item": {"items": [{"item": {"id": api.item()}, "rate": 10}]}, **rest}


def refused(api, customer, **rest):
    response = api.request("POST", "salesOrder", body(api, customer, **rest))
    details = response.json()["o:errorDetails"][0]
    return response.status_code, details["o:errorCode"], details["o:errorPath"]


def test_a_list_of_currencies_is_what_the_customer_may_be_billed_in(api):
    customer = api.customer(currencyList={"items": [{"currency": EURO}]})
    for currency in (EURO, {"id": "1"}):
        assert api.request("POST", "salesOrder", body(api, customer, currency=currency)).status_code == 204
    assert refused(api, customer, currency=POUND) == (400, "INVALID_CONTENT", "currency")
    api.change("customer", customer, currencyList={"items": [{"currency": POUND}]})
    assert api.request("POST", "salesOrder", body(api, customer, currency=POUND)).status_code == 204


def test_the_list_of_currencies_is_a_table_in_suiteql(api):
    customer = api.customer(currencyList={"items": [{"currency": EURO}, {"currency": POUND}]})
    lenient = api.customer()
    query = (
        "SELECT c.id, (SELECT LISTAGG(m.symbol, ', ') WITHIN GROUP (ORDER BY m.symbol) FROM customercurrencybalance b "
        "JOIN currency m ON m.id = b.currency WHERE b.customer = c.id) held FROM customer c "
        "WHERE c.id IN (?, ?) ORDER BY c.id"
    )
    assert api.query(query, customer, lenient) == [{"id": customer, "held": "EUR, GBP, USD"}, {"id": lenient}]


def test_the_list_shows_what_is_owed_in_each_currency(api):
    customer = api.customer(currencyList={"items": [{"currency": EURO}]})
    order = api.create("salesOrder", **body(api, customer, currency=EURO))
    api.transform("salesOrder", order, "invoice", tranDate="2020-01-01")
    api.create("customerDeposit", customer={"id": customer}, payment=3)
    lines = api.read("customer", customer)["currencyList"]["items"]
    names = ("balance", "overdueBalance", "unbilledOrders", "depositBalance")
    shown = {line["currency"]["id"]: [line[name] for name in names] for line in lines}
    assert shown == {"1": [0.0, 0.0, 0.0, 3.0], "4": [10.0, 10.0, 0.0, 0.0]}


def test_customers_have_their_primary_currency_only_where_the_account_says_so(api, tmp_path):
    with NetSuiteSandbox(tmp_path, customer_currencies=True) as sandbox, api.on(sandbox) as caller:
        customer = caller.customer(currency=POUND)
        listed = caller.query("SELECT currency FROM customercurrencybalance WHERE customer = ?", customer)
        assert listed == [{"currency": POUND["id"]}]
        assert refused(caller, customer, currency=EURO)[1] == "INVALID_CONTENT"
        assert caller.request("POST", "salesOrder", body(caller, customer)).status_code == 204


def test_an_inactive_currency_takes_no_new_transactions(api, tmp_path):
    with NetSuiteSandbox(tmp_path) as sandbox, api.on(sandbox) as caller:
        caller.change("currency", "4", isInactive=True)
        assert caller.query("SELECT isinactive i FROM currency WHERE id = 4") == [{"i": "T"}]
        assert refused(caller, caller.customer(), currency=EURO)[1] == "INVALID_CONTENT"


def test_a_currency_stays_what_it_was_when_the_transaction_was_saved(api):
    order = api.create("salesOrder", **body(api, api.customer()))
    assert api.refusal("PATCH", f"salesOrder/{order}", {"currency": EURO})[1] == "USER_ERROR"
    api.change("salesOrder", order, currency={"id": "1"})


def test_credit_limit_and_hold_are_kept_and_amounts_cannot_be_written(api):
    customer = api.customer(creditLimit=500)
    record = api.read("customer", customer)
    assert (record["creditLimit"], record["creditHoldOverride"]) == (500.0, {"id": "AUTO", "refName": "Auto"})
    api.change("customer", customer, creditHoldOverride={"id": "ON"}, balance=7, depositBalance=7, unbilledOrders=7)
    query = "SELECT creditlimit l, creditholdoverride h, balancesearch b FROM customer WHERE id = ?"
    assert api.query(query, customer) == [{"l": "500", "h": "ON", "b": "0"}]
    assert api.refusal("PATCH", f"customer/{customer}", {"creditHoldOverride": {"id": "MAYBE"}})[0] == 400


def test_a_database_of_an_earlier_version_gets_the_new_columns(api, tmp_path):
    with NetSuiteSandbox(tmp_path) as sandbox:
        for table, column in (("customer_stored", "creditholdoverride"), ('"transaction"', "taxtotal")):
            sandbox.records.account.db.execute("DROP VIEW IF EXISTS customer")
            sandbox.records.account.db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    with NetSuiteSandbox(tmp_path) as sandbox, api.on(sandbox) as caller:
        order = caller.create("salesOrder", **body(caller, caller.customer()))
        assert caller.read("salesOrder", order)["taxTotal"] == 0.0
