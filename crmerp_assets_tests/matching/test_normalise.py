"""What records look like to the matching: the quick ways say the same as the plain ones.

Tried, and caught here: `worded` that takes a text with two spaces for plain words; the parent domain of a host looked
up without the host's own label; dots at the end of a host kept.
"""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.matching import fragments
from crmerp_assets.matching.customers import CUSTOMERS
from crmerp_assets.matching.normalise import normalise

TEXTS = st.lists(st.text("ab1 .'&,-’", max_size=12) | st.text("ab1 ", max_size=8), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_words_are_the_same_whether_or_not_most_of_the_work_was_saved(texts: list[str]) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT unnest($1::VARCHAR[]) AS value", [texts])
        rows = "t"
        for name, sql in fragments.worded("value", "quick").items():
            rows = f"(SELECT *, {sql} AS {name} FROM {rows})"
        found = con.execute(f"SELECT value, quick, {fragments.spaced('value')} FROM {rows}").fetchall()
    assert [(text, quick) for text, quick, _ in found] == [(text, plain) for text, _, plain in found]


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.acme.de/contact?from=x", "acme.de"),
        ("HTTP://Shop.Acme.co.uk:8080/", "acme.co.uk"),
        ("acme.co.uk.", "acme.co.uk"),
        ("www.acme.com.br", "acme.com.br"),
        ("a.b.c.acme.com", "acme.com"),
        ("acme.github.io", "acme.github.io"),
        ("mailto:sales@eu.acme.com", "acme.com"),
        ("mail.yahoo.co.uk", None),
        ("yahoo.co.uk", None),
        ("facebook.com/acme", None),
        ("intranet", None),
    ],
)
def test_a_website_is_known_by_its_registrable_domain(website: str, domain: str | None) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS rid, 'crm' AS side, '1' AS native_id, $1 AS website", [website])
        normalise(con, CUSTOMERS, "t", "n")
        assert con.execute("SELECT domain FROM n").fetchall() == [(domain,)]
