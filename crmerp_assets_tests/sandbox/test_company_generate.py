"""The generated company is believable where it matters: numbers check out, and the truth about who is who holds."""

import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from time import perf_counter

import phonenumbers
import pytest
from stdnum.ca import bn
from stdnum.de import vat as de_vat
from stdnum.fr import tva
from stdnum.gb import vat as gb_vat
from stdnum.us import ein

from crmerp_assets.sandbox.company.deals import net_amount
from crmerp_assets.sandbox.company.generate import generate

TODAY = date(2026, 11, 24)
FORMS = (
    *("incorporated", "inc", "corporation", "corp", "llc", "limited", "ltd", "plc", "gmbh", "ag", "aktiengesellschaft"),
    *("co", "kg", "sas", "sarl", "sa"),
)
CHECKS = {"US": ein.is_valid, "CA": bn.is_valid, "GB": gb_vat.is_valid, "DE": de_vat.is_valid, "FR": tva.is_valid}
COUNTRIES = {
    "US": {"United States", "USA", "US", "U.S.A."},
    "CA": {"Canada", "CA", "CAN"},
    "GB": {"United Kingdom", "UK", "Great Britain", "GB"},
    "DE": {"Germany", "Deutschland", "DE"},
    "FR": {"France", "FR"},
}


@pytest.fixture(scope="module")
def company():
    return generate(TODAY)


def by_key(records):
    return {record.key: record.fields for record in records}


def country_of(account):
    return next(code for code, names in COUNTRIES.items() if account["country"] in names)


def erp_country(customer):
    return customer["addresses"][0]["country"]


def core(name):
    words = re.sub(r"[^\w&+ ]", "", name.lower()).split()
    while words[-1] in (*FORMS, "&", "+"):
        words.pop()
    return " ".join(words)


def domain(url):
    return re.sub(r"^(https?://)?(www\.)?|/$", "", url)


def test_the_same_seed_and_day_give_the_same_company(company):
    assert generate(TODAY) == company
    assert generate(TODAY, seed=8) != company


def test_the_company_has_the_size_it_was_asked_for(company):
    assert len(company.accounts) == 520
    assert (len(company.customers), len(company.matches)) == (200, 175)
    assert (len(company.products), len(company.items)) == (38, 32)
    assert (len(company.deals), len(company.orders)) == (300, 60)
    assert Counter(deal.fields["stage"] for deal in company.deals)["won"] == 90
    assert len({match.account for match in company.ambiguous}) == 4


def test_no_two_accounts_share_a_name_or_a_web_domain(company):
    accounts = by_key(company.accounts).values()
    assert len({core(account["name"]) for account in accounts}) == 520
    domains = [domain(account["website"]) for account in accounts if account["website"]]
    assert len(set(domains)) == len(domains)


def test_every_tax_number_passes_its_countrys_checks(company):
    pairs = [(country_of(a), a["tax_number"]) for a in by_key(company.accounts).values() if a["tax_number"]]
    pairs += [(erp_country(c), c["tax_number"]) for c in by_key(company.customers).values() if c["tax_number"]]
    assert {country for country, _ in pairs} == set(COUNTRIES)
    assert [pair for pair in pairs if not CHECKS[pair[0]](pair[1])] == []


def test_every_phone_is_valid_in_its_country(company):
    pairs = [(country_of(a), a["phone"]) for a in by_key(company.accounts).values() if a["phone"]]
    pairs += [(erp_country(c), c["phone"]) for c in by_key(company.customers).values()]
    wrong = [p for p in pairs if not phonenumbers.is_valid_number_for_region(phonenumbers.parse(p[1], p[0]), p[0])]
    assert wrong == []


def test_every_known_customer_bears_the_evidence_it_is_said_to(company):
    accounts, customers = by_key(company.accounts), by_key(company.customers)
    seen = Counter()
    for match in company.matches:
        account, customer = accounts[match.account], customers[match.customer]
        seen[match.evidence] += 1
        assert country_of(account) == erp_country(customer)
        if match.evidence == "tax_id":
            assert re.sub(r"\W", "", account["tax_number"]) == re.sub(r"\W", "", customer["tax_number"])
            continue
        assert core(account["name"]) == core(customer["name"])
        if match.evidence == "domain_name":
            assert domain(account["website"]) == domain(customer["website"])
    assert min(seen[evidence] for evidence in ("tax_id", "domain_name", "name_country")) > 20


def test_names_of_known_customers_differ_in_more_than_half_the_pairs(company):
    accounts, customers = by_key(company.accounts), by_key(company.customers)
    same = sum(accounts[m.account]["name"] == customers[m.customer]["name"] for m in company.matches)
    assert same < len(company.matches) / 2


def test_customers_that_only_the_erp_knows_share_no_name_with_an_account(company):
    paired = {match.customer for match in (*company.matches, *company.ambiguous)}
    strangers = [record for record in company.customers if record.key not in paired]
    names = {core(account["name"]) for account in by_key(company.accounts).values()}
    assert len(strangers) == 19
    assert not names & {core(record.fields["name"]) for record in strangers}


def test_parents_come_before_their_children_and_no_account_owns_itself(company):
    owned = [record for record in company.accounts if record.refs]
    assert len(owned) > 20
    parents = {record.key for record in company.accounts if not record.refs}
    assert {record.refs["parent"] for record in owned} <= parents


def test_lines_are_priced_in_the_currency_of_their_deal_and_add_up(company):
    deals, prices = by_key(company.deals), by_key(company.prices)
    totals = Counter()
    for line in company.lines:
        price = prices[line.refs["price"]]
        assert price["currency"] == deals[line.refs["deal"]]["currency"]
        totals[line.refs["deal"]] += net_amount(line.fields)
    assert {key: deal["amount"] for key, deal in deals.items()} == dict(totals)
    assert {deal["currency"] for deal in deals.values()} == {"USD", "EUR", "GBP"}
    per_deal = Counter(line.refs["deal"] for line in company.lines)
    assert (min(per_deal.values()), max(per_deal.values())) == (1, 6)


def test_products_are_shared_except_a_few_on_either_side(company):
    crm = {product.fields["sku"] for product in company.products}
    erp = {item.fields["sku"] for item in company.items}
    assert (len(crm & erp), len(crm - erp), len(erp - crm)) == (30, 8, 2)


def test_nothing_was_changed_within_the_last_two_weeks(company):
    limit = datetime.combine(TODAY - timedelta(days=14), time(0))
    crm = (*company.accounts, *company.contacts, *company.products, *company.deals, *company.lines)
    assert max(record.changed for record in crm) < limit
    erp = (*company.customers, *company.customer_contacts, *company.items, *company.orders)
    assert max(record.changed for record in erp) < limit


def test_won_deals_closed_in_the_past_and_open_ones_are_to_close(company):
    for deal in by_key(company.deals).values():
        assert (deal["closes"] < TODAY) is (deal["stage"] in ("won", "lost"))


def test_a_large_company_is_made_in_seconds():
    started = perf_counter()
    company = generate(TODAY, accounts=20_000)
    assert perf_counter() - started < 10
    assert (len(company.accounts), len(company.customers)) == (20_000, 4_000)
    assert len({core(record.fields["name"]) for record in company.accounts}) == 20_000
