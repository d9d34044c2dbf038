from datetime import date

import pytest

from crmerp_assets.sandbox.salesforce.soql.ranges import day_range

ROWS = (
    {"Name": "Acme", "BillingCity": "Oslo", "AnnualRevenue": 10, "SystemModstamp": "2026-01-05T08:00:00Z"},
    {"Name": "100% Pure", "BillingCity": "Rome", "AnnualRevenue": 20, "SystemModstamp": "2026-01-05T08:00:01Z"},
    {"Name": "O'Neil", "AnnualRevenue": 30, "SystemModstamp": "2026-01-05T08:00:01Z"},
)


@pytest.fixture
def accounts(sf):
    return sf.seed("Account", *ROWS)


@pytest.fixture(scope="module")
def seeded(reader):
    (acme, *_) = reader.seed("Account", *ROWS)
    reader.seed("Contact", {"LastName": "Lee", "AccountId": acme})
    return reader


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Name = 'ACME'", ["Acme"]),
        (r"Name = 'O\'Neil'", ["O'Neil"]),
        ("Name LIKE '%e%'", ["100% Pure", "Acme", "O'Neil"]),
        (r"Name LIKE '100\%%'", ["100% Pure"]),
        ("(NOT Name LIKE 'a%') AND AnnualRevenue <= 20", ["100% Pure"]),
        ("Name IN ('acme', 'nobody') OR AnnualRevenue = 30.0", ["Acme", "O'Neil"]),
        ("Name NOT IN ('acme')", ["100% Pure", "O'Neil"]),
        ("BillingCity = null", ["O'Neil"]),
        ("BillingCity != 'Oslo'", ["100% Pure", "O'Neil"]),
        ("NOT(BillingCity = 'Oslo')", ["100% Pure", "O'Neil"]),
        ("SystemModstamp > 2026-01-05T09:00:00+01:00", ["100% Pure", "O'Neil"]),
        ("SystemModstamp >= 2026-01-05T08:00:01.000Z AND IsDeleted = false", ["100% Pure", "O'Neil"]),
        ("CreatedDate < TODAY AND SystemModstamp != LAST_N_DAYS:7", ["100% Pure", "Acme", "O'Neil"]),
        ("CreatedBy.Username = 'admin@example.com' AND Account.Name = 'Acme'", ["Acme"]),
        ("Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Lee')", ["Acme"]),
    ],
)
def test_conditions_find_what_they_say(seeded, where, names):
    assert seeded.names(f"SELECT Name FROM Account WHERE {where} ORDER BY Name") == names


def test_order_limit_and_offset(seeded):
    assert seeded.names("SELECT Name FROM Account ORDER BY AnnualRevenue DESC LIMIT 1 OFFSET 1") == ["100% Pure"]
    assert seeded.names("SELECT Name FROM Account ORDER BY BillingCity, Name")[0] == "O'Neil"
    assert seeded.names("SELECT Name FROM Account ORDER BY BillingCity DESC NULLS LAST")[-1] == "O'Neil"


def test_rows_are_counted_and_grouped(seeded):
    assert seeded.query("SELECT COUNT() FROM Account WHERE AnnualRevenue > 10") == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }
    soql = "SELECT CurrencyIsoCode, COUNT(Id), SUM(AnnualRevenue) s FROM Account GROUP BY CurrencyIsoCode"
    (group,) = seeded.query(soql)["records"]
    assert (group["CurrencyIsoCode"], group["expr0"], group["s"]) == ("USD", 3, 60.0)


def test_parents_and_children_are_nested(sf, accounts):
    sf.seed("Contact", *({"LastName": name, "AccountId": accounts[0]} for name in "cab"))
    soql = "SELECT Name, Owner.Name, Parent.Name, (SELECT LastName, Account.Name FROM Contacts ORDER BY LastName)"
    first, second, _ = sf.query(f"{soql} FROM Account ORDER BY SystemModstamp, Id")["records"]
    assert (first["Owner"]["Name"], first["Parent"]) == ("Admin", None)
    assert "Id" not in first
    assert [row["LastName"] for row in first["Contacts"]["records"]] == ["a", "b", "c"]
    assert first["Contacts"]["records"][0]["Account"]["Name"] == "Acme"
    assert (first["Contacts"]["totalSize"], first["Contacts"]["done"]) == (3, True)
    assert second["Contacts"] is None


def test_a_long_child_list_has_pages_of_its_own(sf, accounts):
    sf.seed("Contact", *({"LastName": f"c{n}", "AccountId": accounts[0]} for n in range(7)))
    page = sf.query("SELECT Id, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Acme'")
    children = page["records"][0]["Contacts"]
    assert (children["totalSize"], children["done"], len(children["records"])) == (7, False, 3)
    found = list(children["records"])
    while not children["done"]:
        children = sf.more(children)
        found.extend(children["records"])
    assert [row["LastName"] for row in found] == [f"c{n}" for n in range(7)]


def test_a_query_has_pages_that_do_not_shift(sf):
    sf.seed("Account", *({"Name": f"{n:03}"} for n in range(450)))
    size = {"headers": {"Sforce-Query-Options": "batchSize=200"}}
    page = sf.query("SELECT Name FROM Account ORDER BY Name", **size)
    assert (page["totalSize"], page["done"], len(page["records"])) == (450, False, 200)
    assert page["nextRecordsUrl"].startswith("/services/data/v68.0/query/0r8")
    assert page["nextRecordsUrl"].endswith("-200")
    sf.seed("Account", {"Name": "000a"})
    second = sf.more(page)
    assert [row["Name"] for row in second["records"]] == [f"{n:03}" for n in range(200, 400)]
    third = sf.more(second)
    assert (third["done"], len(third["records"]), third.get("nextRecordsUrl")) == (True, 50, None)


@pytest.mark.parametrize(("kind", "first", "count"), [("short_page", "200", 197), ("repeat_page", "000", 200)])
def test_a_page_can_be_short_or_repeated(sf, kind, first, count):
    sf.seed("Account", *({"Name": f"{n:03}"} for n in range(450)))
    page = sf.query("SELECT Name FROM Account ORDER BY Name", headers={"Sforce-Query-Options": "batchSize=200"})
    sf.admin("POST", "faults", {"kind": kind, "match": "/query/"})
    second = sf.more(page)
    assert (second["records"][0]["Name"], len(second["records"])) == (first, count)
    assert second["nextRecordsUrl"].endswith("-400")


def test_an_unknown_or_old_cursor_is_refused(sf):
    sf.seed("Account", *({"Name": f"{n:03}"} for n in range(201)))
    page = sf.query("SELECT Name FROM Account", headers={"Sforce-Query-Options": "batchSize=200"})
    sf.admin("POST", "clock", {"offset_seconds": 3 * 86400})
    for path in (page["nextRecordsUrl"], "/services/data/v68.0/query/0r8nothing-200"):
        response = sf.http.get(path)
        assert (response.status_code, response.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_query_all_shows_deleted_records(sf, accounts):
    sf.call("DELETE", f"/sobjects/Account/{accounts[0]}")
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Acme'"
    assert sf.query(soql)["totalSize"] == 0
    assert sf.query(soql, everything=True)["records"][0]["IsDeleted"] is True


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        (
            "SELECT Foo FROM Account",
            "INVALID_FIELD",
            "\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on",
        ),
        ("SELECT Foo.Id FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."),
        ("SELECT Id, (SELECT Id FROM Foos) FROM Account", "INVALID_TYPE", "relationship 'Foos' in FROM part"),
        ("SELECT FROM Account WHERE", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE Name = 3", "INVALID_FIELD", "must be of type string and should be enclosed"),
        (
            "SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "should not be enclosed",
        ),
        ("SELECT Id FROM Account WHERE AnnualRevenue LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Account OFFSET 2001", "MALFORMED_QUERY", "Maximum SOQL offset allowed is 2000"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_the_reason(seeded, soql, code, text):
    response = seeded.call("GET", "/query", params={"q": soql})
    assert (response.status_code, response.json()[0]["errorCode"]) == (400, code)
    assert text in response.json()[0]["message"]


@pytest.mark.parametrize(
    ("word", "first", "after"),
    [
        ("TODAY", "2026-11-24", "2026-11-25"),
        ("LAST_N_DAYS:7", "2026-11-17", "2026-11-25"),
        ("NEXT_N_DAYS:2", "2026-11-25", "2026-11-27"),
        ("N_DAYS_AGO:1", "2026-11-23", "2026-11-24"),
        ("THIS_WEEK", "2026-11-22", "2026-11-29"),
        ("LAST_MONTH", "2026-10-01", "2026-11-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("NEXT_YEAR", "2027-01-01", "2028-01-01"),
        ("LAST_N_MONTHS:2", "2026-09-01", "2026-11-01"),
        ("LAST_90_DAYS", "2026-08-26", "2026-11-25"),
    ],
)
def test_words_for_ranges_of_days(word, first, after):
    assert [day.isoformat() for day in day_range(word, date(2026, 11, 24))] == [first, after]
