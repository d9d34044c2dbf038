"""Generous multiples of what the sandbox takes on an idle machine, to notice a query per row."""

import time

FIELDS = (
    "Id,Name,Phone,Website,BillingStreet,BillingCity,BillingState,BillingPostalCode,BillingCountry,ShippingCity,"
    "ShippingStreet,Industry,NumberOfEmployees,AnnualRevenue,CurrencyIsoCode,SystemModstamp,LastModifiedById,"
    "IsDeleted,Type,AccountNumber"
)


def seconds(act):
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def test_seeding_reading_and_upserting_many_is_quick(sf):
    rows = [{"Name": f"Company {n}", "Phone": "1", "BillingCity": "Oslo"} for n in range(20_000)]
    assert seconds(lambda: sf.seed("Account", *rows)) < 5
    page = sf.query(f"SELECT {FIELDS} FROM Account ORDER BY SystemModstamp, Id")
    assert seconds(lambda: sf.more(page)) < 0.5
    sf.key("Account")
    batch = [{"Ext__c": f"K-{n}", "Name": f"Customer {n}", "Phone": "1"} for n in range(200)]
    assert seconds(lambda: sf.upserted("Account", "Ext__c", *batch)) < 0.5
    assert seconds(lambda: sf.upserted("Account", "Ext__c", *batch)) < 0.5


def test_a_page_of_parents_takes_one_statement_per_child_list(sf, salesforce, deal):
    stage = {"StageName": "Proposal", "CloseDate": "2026-12-01"}
    deals = sf.seed("Opportunity", *({"Name": f"D{n}", **stage} for n in range(300)))
    price = {"PricebookEntryId": deal["bolt_price"], "Quantity": 1, "UnitPrice": 2}
    sf.seed("OpportunityLineItem", *({"OpportunityId": id_, **price} for id_ in deals for _ in range(2)))
    statements = []
    salesforce.service.organisation.store.db.set_trace_callback(statements.append)
    page = sf.query("SELECT Id, Amount, (SELECT Quantity FROM OpportunityLineItems) FROM Opportunity")
    salesforce.service.organisation.store.db.set_trace_callback(None)
    assert page["totalSize"] == 301
    found = [row for row in page["records"] if row["Amount"] == 4]
    assert [len(row["OpportunityLineItems"]["records"]) for row in found] == [2] * 300
    assert sum('"OpportunityLineItem" AS' in statement for statement in statements) == 1
