def line(sf, deal, **values):
    return sf.call("POST", "/sobjects/OpportunityLineItem", {"OpportunityId": deal["opportunity"], **values})


def test_an_amount_belongs_to_the_lines_as_soon_as_there_are_some(sf, deal):
    assert sf.get("Opportunity", deal["opportunity"])["Amount"] == 500.0
    made = line(sf, deal, PricebookEntryId=deal["bolt_price"], Quantity=3, UnitPrice=10.1, Discount=10)
    second = line(sf, deal, Product2Id=deal["nut"], Quantity=1, TotalPrice=0.2)
    assert (made.status_code, second.status_code) == (201, 201)
    row = sf.get("OpportunityLineItem", made.json()["id"])
    assert (row["TotalPrice"], row["ProductCode"], row["Name"]) == (27.27, "B-1", "Big Bolt")
    deal_now = sf.get("Opportunity", deal["opportunity"])
    assert (deal_now["Amount"], deal_now["HasOpportunityLineItem"]) == (27.47, True)
    assert deal_now["SystemModstamp"] > "2026-01-06"
    assert sf.update("Opportunity", deal["opportunity"], Amount=1, NextStep="Call").status_code == 204
    after = sf.get("Opportunity", deal["opportunity"])
    assert (after["Amount"], after["NextStep"]) == (27.47, "Call")
    sf.call("DELETE", f"/sobjects/OpportunityLineItem/{second.json()['id']}")
    assert sf.get("Opportunity", deal["opportunity"])["Amount"] == 27.27


def test_a_stage_says_whether_a_deal_is_won(sf, deal):
    def state():
        row = sf.get("Opportunity", deal["opportunity"])
        return row["IsWon"], row["IsClosed"], row["Probability"]

    assert state() == (False, False, 50.0)
    sf.update("Opportunity", deal["opportunity"], StageName="Closed Won")
    assert state() == (True, True, 100.0)


def test_a_line_needs_a_price_in_the_deals_currency_and_book(sf, deal):
    (euro,) = sf.seed(
        "PricebookEntry",
        {
            "Pricebook2Id": deal["book"],
            "Product2Id": deal["bolt"],
            "UnitPrice": 9,
            "IsActive": True,
            "CurrencyIsoCode": "EUR",
        },
    )
    wrong = line(sf, deal, PricebookEntryId=euro, Quantity=1, UnitPrice=9)
    assert wrong.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert line(sf, deal, Quantity=1, UnitPrice=9).json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    missing = line(sf, deal, PricebookEntryId=deal["bolt_price"], UnitPrice=9)
    assert missing.json()[0]["message"] == "Required fields are missing: [Quantity]"


def test_a_deal_with_lines_keeps_its_currency(sf, deal):
    line(sf, deal, PricebookEntryId=deal["bolt_price"], Quantity=1, UnitPrice=9)
    refused = sf.update("Opportunity", deal["opportunity"], CurrencyIsoCode="EUR")
    assert refused.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_a_price_is_given_once_and_first_in_the_standard_book(sf, deal):
    entry = {"Pricebook2Id": deal["book"], "Product2Id": deal["bolt"], "UnitPrice": 1}
    assert sf.call("POST", "/sobjects/PricebookEntry", entry).json()[0]["errorCode"] == "DUPLICATE_VALUE"
    own = sf.create("Pricebook2", Name="Partners", IsActive=True)
    new = sf.create("Product2", Name="Washer")
    refused = sf.call("POST", "/sobjects/PricebookEntry", {**entry, "Pricebook2Id": own, "Product2Id": new})
    assert refused.json()[0]["errorCode"] == "STANDARD_PRICE_NOT_DEFINED"
    assert sf.create("PricebookEntry", **{**entry, "Pricebook2Id": own})
    sf.update("Product2", deal["bolt"], ProductCode="B-2")
    assert sf.get("PricebookEntry", deal["bolt_price"])["ProductCode"] == "B-2"
