"""SuiteQL as the query service runs it: its envelope, its limits, and its way of showing values."""

import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

LIKE_THE_CLIENT = "TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS')"


@pytest.fixture(scope="module")
def seeded(api):
    """Five customers with known names and dates."""
    rows = [
        {
            "companyName": f"Row {number}",
            "externalId": f"row-{number}",
            "subsidiary": {"id": "1"},
            "lastModifiedDate": f"2024-03-0{number}T23:30:00Z",
            "terms": {"id": "2"} if number % 2 else None,
            "creditLimit": number * 100.5,
        }
        for number in range(1, 6)
    ]
    return api.seed("customer", *rows)


def test_the_preference_transient_is_mandatory(api):
    body = {"q": "SELECT id FROM currency"}
    assert api.refusal("POST", "/services/rest/query/v1/suiteql", body)[:2] == (400, "INVALID_HEADER")


def test_a_page_comes_in_the_services_envelope(api, seeded):
    q = "SELECT id FROM customer WHERE externalid LIKE 'row-%' ORDER BY id"
    page = api.suiteql(q, page="?limit=2&offset=2").json()
    assert [item["id"] for item in page["items"]] == seeded[2:4]
    assert (page["count"], page["hasMore"], page["offset"], page["totalResults"]) == (2, True, 2, 5)
    assert {link["rel"] for link in page["links"]} == {"next", "last", "first", "previous", "self"}
    assert page["items"][0]["links"] == []
    last = api.suiteql(q, page="?limit=2&offset=4").json()
    assert (last["count"], last["hasMore"], last["totalResults"]) == (1, False, 5)


@pytest.mark.parametrize(
    "page", ["?limit=1001", "?limit=0", "?limit=10&offset=5", "?limit=1000&offset=100000", "?limit=x"]
)
def test_a_page_outside_the_limits_is_refused(api, page):
    response = api.suiteql("SELECT id FROM customer", page=page)
    assert response.status_code == 400
    assert response.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_PARAMETER"


def test_names_are_lower_case_numbers_are_text_and_nulls_are_left_out(api, seeded):
    q = "SELECT ID, CompanyName, creditlimit AS Lim, terms, isInactive FROM Customer WHERE externalid = ?"
    assert api.query(q, "ROW-2") == [{"id": seeded[1], "companyname": "Row 2", "lim": "201", "isinactive": "F"}]


def test_a_bare_date_comes_without_its_time(api, seeded):
    q = f"SELECT t.lastmodifieddate, {LIKE_THE_CLIENT} AS full FROM customer t WHERE t.id = ?"
    assert api.query(q, seeded[0]) == [{"lastmodifieddate": "3/1/2024", "full": "2024-03-01 23:30:00"}]


def test_dates_sort_as_dates_though_shown_otherwise(api, seeded):
    q = "SELECT lastmodifieddate FROM customer WHERE externalid LIKE 'row-%' ORDER BY lastmodifieddate DESC"
    assert api.query(q)[0] == {"lastmodifieddate": "3/5/2024"}


def test_keyset_paging_by_date_and_id_covers_every_row_once(api, seeded):
    q = (
        f"SELECT t.id, {LIKE_THE_CLIENT} AS m FROM customer t WHERE t.externalid LIKE 'row-%' AND"
        " (t.lastmodifieddate > TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS') OR"
        " (t.lastmodifieddate = TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS') AND t.id > ?))"
        " ORDER BY t.lastmodifieddate, t.id"
    )
    found, stamp, last = [], "2000-01-01 00:00:00", "0"
    while page := api.query(q, stamp, stamp, last, page="?limit=2"):
        found += [row["id"] for row in page]
        stamp, last = page[-1]["m"], page[-1]["id"]
    assert found == seeded


def test_display_text_is_what_people_read(api, seeded):
    q = "SELECT BUILTIN.DF(terms) t, BUILTIN.DF(currency) c, BUILTIN.DF(isinactive) i FROM customer WHERE id = ?"
    assert api.query(q, seeded[0]) == [{"t": "Net 30", "c": "US Dollar", "i": "No"}]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("SELECT COUNT(*) FROM term", [{"expr1": "4"}]),
        ("SELECT symbol FROM currency WHERE id IN (1, '2') ORDER BY id DESC", [{"symbol": "GBP"}, {"symbol": "USD"}]),
        ("SELECT symbol FROM currency WHERE ROWNUM <= 1", [{"symbol": "USD"}]),
        ("SELECT symbol FROM currency ORDER BY symbol FETCH FIRST 1 ROWS ONLY", [{"symbol": "CAD"}]),
        ("SELECT NVL(NULL, 'x') a, DECODE(1, 1, 'one') b FROM dual", [{"a": "x", "b": "one"}]),
        ("SELECT c.id, t.id FROM currency c JOIN term t ON t.id = c.id WHERE c.id = 1", [{"id": "1", "id_1": "1"}]),
        ("SELECT name FROM term WHERE name LIKE 'Due%' UNION ALL SELECT symbol FROM currency WHERE id = 1", None),
        ("WITH x AS (SELECT id i FROM term) SELECT MAX(x.i) top FROM x", [{"top": "4"}]),
        ("SELECT name FROM subsidiary s WHERE EXISTS (SELECT 1 FROM currency c WHERE c.id = s.currency)", None),
    ],
)
def test_the_dialect_is_understood(api, q, expected):
    rows = api.query(q)
    assert rows == expected if expected is not None else rows


def test_totals_are_grouped_and_filtered(api, seeded):
    q = (
        "SELECT terms, COUNT(*) AS n, SUM(creditlimit) AS total FROM customer WHERE externalid LIKE 'row-%'"
        " GROUP BY terms HAVING COUNT(*) > 1 ORDER BY n DESC"
    )
    assert api.query(q) == [{"terms": "2", "n": "3", "total": "904.5"}, {"n": "2", "total": "603"}]


@pytest.mark.parametrize(
    ("q", "reason"),
    [
        ("SELECT nothing FROM customer", "Field 'nothing' for record 'customer' was not found"),
        ("SELECT id FROM nowhere", "Record 'nowhere' was not found"),
        ("DELETE FROM customer", "Only SELECT statements are allowed"),
        ("SELECT FROM WHERE", "Invalid or unsupported search"),
        ("SELECT x.id FROM customer c", "Field 'id' for record 'x' was not found"),
        ("SELECT id FROM customer WHERE id = ?", "Invalid or unsupported search"),
    ],
)
def test_a_query_that_cannot_run_says_why(api, q, reason):
    response = api.suiteql(q)
    assert response.status_code == 400
    assert reason in response.json()["o:errorDetails"][0]["detail"]


def test_times_are_the_accounts_wall_clock(tmp_path, seeded, api):
    with NetSuiteSandbox(tmp_path, account_timezone="America/Los_Angeles") as pacific, api.on(pacific) as caller:
        row = {"companyName": "West", "subsidiary": {"id": "1"}, "lastModifiedDate": "2024-03-01T03:30:00Z"}
        (id_,) = caller.seed("customer", row)
        assert caller.query(f"SELECT t.lastmodifieddate d, {LIKE_THE_CLIENT} AS m FROM customer t") == [
            {"d": "2/29/2024", "m": "2024-02-29 19:30:00"}
        ]
        q = "SELECT id FROM customer WHERE lastmodifieddate = TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')"
        assert caller.query(q, "2024-02-29 19:30:00") == [{"id": id_}]
        assert caller.read("customer", id_)["lastModifiedDate"] == "2024-03-01T03:30:00Z"


def test_a_query_is_asked_of_the_fields_and_the_time_zone_that_this_account_has_now(api, tmp_path):
    """Compiled once a process: another account, without the field and in another zone, gets none of it."""
    field, dates = "SELECT custentity_here FROM customer", "SELECT lastmodifieddate FROM customer WHERE id = ?"
    row = {"companyName": "A", "subsidiary": {"id": "1"}, "lastModifiedDate": "2024-03-01T23:30:00Z"}
    api.admin("customfields", record="customer", id="custentity_here", type="text")
    (here,) = api.seed("customer", row | {"custentity_here": "yes"})
    assert {"custentity_here": "yes"} in api.query(field)
    assert api.query(dates, here) == [{"lastmodifieddate": "3/1/2024"}]
    with NetSuiteSandbox(tmp_path, account_timezone="Asia/Tokyo") as other, api.on(other) as caller:
        (there,) = caller.seed("customer", row)
        assert caller.suiteql(field).status_code == 400
        assert caller.query(dates, there) == [{"lastmodifieddate": "3/2/2024"}]
    api.sandbox.field_rule("customer", "custentity_here", removed=True)
    assert api.suiteql(field).status_code == 400
