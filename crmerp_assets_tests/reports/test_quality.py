"""The data-quality audit: what is found in which record, and that every point of a score is a row of a work list.

Tried by taking the protection away, and what caught it: a record that costs all of its findings (costs_its_worst...,
and the law of the points), sources of one system and entity scored apart (batches...), names of people left in the
public audit and values of personal fields left in findings (nothing_personal..., a_name_that_governance...), work
lists without export.py's marks and a page that does not escape (..._formula...), a survivor that is gone still
proposed (a_survivor...), values that are not cut (..._megabyte...), fields that only we write counted
(..._only_the_platform...), and values that are never sent asked about (what_the_mapping_does_not_send...).
"""

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.mapping import MASK, EntityRules
from crmerp_assets.reports.quality import Audit, Source
from crmerp_assets.reports.quality.duplicates import proposed
from crmerp_assets.reports.quality.findings import LONGEST_REASON
from crmerp_assets.reports.quality.kinds import BEGIN, END, KINDS, kinds_page
from crmerp_assets.reports.quality.lists import work_lists
from crmerp_assets.reports.quality.page import page
from crmerp_assets.reports.quality.scores import TREND
from crmerp_assets.reports.quality.source import DUPLICATES, LINES, NOT_READ, PARKED, RAW, REMARKS
from crmerp_assets.sync.audit_files import document
from crmerp_assets_tests.reports.audited import GOVERNANCE, MATRIX, TODAY, Row, audited, customer, frame, source, told

ATTACK = '=HYPERLINK("http://elsewhere.example","open")'
TWINS = [{"native_id": n, "cluster": "c", "survivor": "1", "probability": 0.984, "why": "tax equal"} for n in "12"]


def score(audit: Audit, system: str = "salesforce", entity: str = "customer") -> float | None:
    return audit.scores.filter((pl.col("system") == system) & (pl.col("entity") == entity))["score"][0]


def test_each_kind_of_fault_is_found_in_the_record_that_has_it() -> None:
    rows = [
        customer("1"),
        customer("2"),
        customer("3", linked=False, name="N" * 84),
        customer("4", linked=False, name=None),
        customer("5", flags=["phone: is no phone number", "tier: 'X' is not in the value list"], phone="12"),
        customer("6", **{RAW + "tax_id": "000000"}),
        customer("7", changed=TODAY - timedelta(days=31)),
        customer("8", orders=0),
        customer("9", parent="gone", **{"known:parent": False}),
    ]
    found = audited(
        source(
            rows,
            parked=frame([{"native_id": "2", "reason": "name is missing"}], PARKED),
            duplicates=frame(TWINS, DUPLICATES),
            remarks=frame([{"native_id": "8", "field": "billing_country", "reason": "is elsewhere"}], REMARKS),
            stale_days=30,
        )
    )
    assert told(found) == {
        ("2", "unusable", None),
        ("2", "duplicate", None),
        ("3", "does_not_fit", "name"),
        ("3", "one_side", None),
        ("4", "refused", "name"),
        ("4", "one_side", None),
        ("5", "invalid", "phone"),
        ("5", "invalid", "tier"),
        ("6", "placeholder", "tax_id"),
        ("7", "stale", None),
        ("8", "unused", None),
        ("8", "invalid", "billing_country"),
        ("9", "orphan", "parent"),
    }
    (double,) = found.findings.filter(pl.col("kind") == "duplicate").to_dicts()
    assert (double["reason"], double["survivor"]) == ("98% the same as 1: tax equal", "1")
    assert found.clusters.select("native_id", "role").rows() == [("1", "survivor"), ("2", "merge into it")]


def test_contacts_and_orders_belong_to_somebody_and_lines_name_a_product() -> None:
    contacts = source([{"native_id": "1", "last_name": "Roe"}, {"native_id": "2", "customer": "9"}], "contact")
    lines = frame([{"native_id": "3", "reason": "1 of its lines names no product"}], LINES)
    orders = source([{"native_id": "3", "customer": "9"}, {"native_id": "4"}], "order", lines=lines)
    assert told(audited(contacts, orders), "entity", "native_id", "field") == {
        ("contact", "1", "customer"),
        ("order", "3", "lines"),
        ("order", "4", "customer"),
    }


def test_a_record_costs_its_worst_finding_and_no_more() -> None:
    bad = customer("1", flags=["phone: no", "website: no"], changed=date(2020, 1, 1), **{RAW + "tax_id": "000"})
    found = audited(source([bad, customer("2"), customer("3"), customer("4")], stale_days=30))
    assert found.findings.select("kind", "cost").rows()[0] == ("invalid", KINDS["invalid"].cost)
    assert found.findings["cost"].sum() == KINDS["invalid"].cost
    assert score(found) == 100 - KINDS["invalid"].cost / 4
    assert found.scores["faultless"][0] == 3


def test_a_system_without_records_has_no_score_and_one_that_was_not_read_says_so() -> None:
    found = audited(source([]), source([], system="netsuite", read=False))
    assert found.scores.select("score", "records").rows() == [(None, 0), (None, 0)]
    assert found.scores["not_assessed"].to_list() == ["duplicate", NOT_READ]
    assert found.findings.is_empty()
    assert NOT_READ in page(found, work_lists(found), "audit")


def test_what_was_not_looked_for_is_said_and_is_no_finding() -> None:
    found = audited(source([customer("1", linked=None)]))
    assert found.scores["not_assessed"][0] == "duplicate, one_side, refused, does_not_fit"
    assert (told(found), score(found)) == (set(), 100)
    assert audited(source([customer("1")], duplicates=frame([], DUPLICATES))).scores["not_assessed"][0] == ""


def test_completeness_says_who_needs_a_field_and_how_many_records_are_refused_for_lack_of_it() -> None:
    of = {"1": "9", "2": None, "3": None}
    rows = [{"native_id": n, "last_name": "Roe", "linked": n == "1", "customer": c} for n, c in of.items()]
    found = audited(source(rows, "contact", expected=["email"])).completeness
    told_of = {row.pop("field"): row for row in found.drop("system", "entity").to_dicts()}
    assert told_of["customer"] == {
        "records": 3,
        "filled": 1,
        "missing": 2,
        "filled_percent": 33.3,
        "needed_by": "netsuite",
        "refused": 2,
    }
    assert told_of["last_name"]["needed_by"] == "salesforce, netsuite"
    assert (told_of["email"]["needed_by"], told_of["email"]["refused"]) == ("policy", 0)


def test_a_field_that_only_the_platform_writes_is_not_called_incomplete() -> None:
    fields = set(audited(source([customer("1")])).completeness["field"])
    assert "tax_id" in fields
    assert fields.isdisjoint({"balance", "days_overdue", "erp_number", "order_count"})


def test_the_spellings_of_a_field_are_counted_as_standard_otherwise_or_not_understood() -> None:
    rows = [
        customer("1", phone="+12025550100"),
        customer("2", phone="+12025550101", **{RAW + "phone": "(202) 555-0101"}),
        customer("3", phone="12", flags=["phone: is no phone number"]),
        customer("4", billing_country="DE", **{RAW + "billing_country": "Deutschland"}),
        customer("5", billing_country="DE", **{RAW + "billing_country": "Germany"}),
    ]
    found = {row.pop("field"): row for row in audited(source(rows)).formats.drop("system", "entity").to_dicts()}
    counts = {name: tuple(row.values())[:5] for name, row in found.items()}
    assert counts == {"phone": (3, 1, 1, 1, 3), "billing_country": (2, 1, 1, 0, 1)}
    assert (found["billing_country"]["commonest"], found["billing_country"]["commonest_percent"]) == ("Aa", 100)


def test_what_the_mapping_does_not_send_is_no_reason_to_be_refused() -> None:
    flags = ["billing_country: is not a known country"]
    unknown = customer("1", linked=False, billing_country="Atlantis", flags=flags)
    assert {kind for (kind,) in told(audited(source([unknown])), "kind")} == {"invalid", "one_side"}


def test_a_record_that_is_never_created_there_is_not_refused() -> None:
    alone = customer("1", linked=False, name=None)
    assert told(audited(source([alone], other=None)), "kind") == {("one_side",)}
    there = customer("1", linked=False, expected_there=False, name=None)
    assert told(audited(source([there])), "kind") == set()


def test_a_survivor_that_is_gone_is_not_proposed_and_one_that_is_left_is_no_cluster() -> None:
    why = json.dumps(
        [{"fact": "name", "says": "exact name, rare", "weight": 4.1}, {"fact": "tax", "says": "equal", "v": "DE1"}]
    )
    rows = pl.DataFrame(
        {
            "cluster": ["a", "a", "a", "b", "b"],
            "native_id": ["1", "2", "3", "4", "5"],
            "probability": [0.99] * 5,
            "survivor": [True, False, None, True, False],
            "why": [why, why, "no json", None, None],
        }
    )
    whole = proposed(rows, pl.Series(["1", "2", "3", "4", "5"]))
    assert dict(whole.select("native_id", "survivor").iter_rows()) == {"1": "1", "2": "1", "3": "1", "4": "4", "5": "4"}
    assert whole["why"].to_list() == ["exact name, rare, equal"] * 2 + [None] * 3
    left = proposed(rows, pl.Series(["2", "3", "5"]))
    assert left.select("native_id", "survivor").rows() == [("2", "2"), ("3", "2")]


def test_the_trend_is_the_last_run_day_that_had_a_score() -> None:
    found = audited(source([customer("1", flags=["phone: no"])]))
    days = [(date(2026, 11, 28), 70.0), (date(2026, 11, 29), None), (TODAY, 50.0)]
    history = frame([{"day": d, "system": "salesforce", "entity": "customer", "score": s} for d, s in days], TREND)
    (row,) = found.since(history).scores.to_dicts()
    assert (row["before"], row["before_day"], row["change"]) == (70.0, date(2026, 11, 28), -20.0)
    shown = page(replace(found.since(history), trend=history.drop_nulls("score")), [], "audit")
    assert "-20.0</span> since 2026-11-28" in shown
    assert "<polyline" in shown


SECRETS = {"first_name": "Zebulon", "last_name": "Quux", "phone": "+4917000001", "email": "zebulon@quux.example"}


def test_nothing_personal_is_in_anything_but_the_name_column_of_the_stewards_own_list() -> None:
    flags = ["phone: is not a phone number", "email: is not an address"]
    doubles = frame(TWINS, DUPLICATES)
    rows = [{"native_id": n, "flags": flags, "linked": False, **SECRETS} for n in "12"]
    rows[0] |= {"phone": None, RAW + "phone": "+4917000001", "email": "x" * 400 + SECRETS["email"]}
    found = audited(source(rows, "contact", duplicates=doubles))
    public = found.public()
    (mine,) = work_lists(found)
    everything = [document(public, [mine]), page(public, [mine], "audit"), public.findings.write_json()]
    for secret in SECRETS.values():
        assert all(secret not in text for text in everything), secret
    assert MASK in everything[0]
    assert mine.personal
    assert "Zebulon Quux" in mine.csv().decode()
    assert SECRETS["phone"] not in mine.csv().decode()
    assert SECRETS["email"] not in mine.csv().decode()


def test_a_name_that_governance_calls_personal_is_hidden_like_a_persons() -> None:
    rules = GOVERNANCE["customer"]
    personal = rules.fields["name"].model_copy(update={"personal": True})
    hidden = rules.model_copy(update={"fields": rules.fields | {"name": personal}})
    found = audited(replace(source([customer("1", name="Zebulon", linked=False)]), rules=hidden)).public()
    assert found.findings["name"].to_list() == [MASK]


def test_a_name_or_value_that_looks_like_a_formula_is_a_text_in_every_file() -> None:
    rows = [customer("1", name=ATTACK, website="@SUM(A1)", flags=["website: is no address"])]
    found = audited(source(rows))
    (mine,) = work_lists(found)
    (row,) = csv.DictReader(io.StringIO(mine.csv().decode("utf-8-sig"), newline=""))
    assert (row["name"], row["value"]) == (f"'{ATTACK}", "'@SUM(A1)")
    head, cells = list(openpyxl.load_workbook(io.BytesIO(mine.workbook()))["worklist"].iter_rows())
    named = {title.value: cell for title, cell in zip(head, cells, strict=True)}
    for column, text in (("name", ATTACK), ("value", "@SUM(A1)")):
        assert (named[column].value, named[column].data_type, named[column].quotePrefix) == (text, "s", True)
    markup = source([customer("1", name="<script>alert", linked=False, worth=Decimal(1), worth_currency="USD")])
    assert "<script>alert" not in page(audited(markup), [mine], "audit")


def test_a_workbook_holds_the_costliest_and_says_where_the_rest_is() -> None:
    rows = [customer(f"{n}", flags=["phone: no"] if n < 3 else [], linked=n < 3) for n in range(9)]
    (mine,) = work_lists(audited(source(rows)))
    book = openpyxl.load_workbook(io.BytesIO(mine.workbook(most_rows=3)))
    assert [row[4].value for row in book["worklist"].iter_rows(min_row=2)] == ["value not understood"] * 3
    assert book["summary"]["B4"].value == "6 of the least costly: see finance-operations.csv"
    assert len(mine.csv().decode().splitlines()) == 10


def test_the_files_of_stewards_have_names_that_are_safe_and_different() -> None:
    def held_by(steward: str, entity: str) -> Source:
        rules = EntityRules(entity=entity, steward=steward, fields={})
        return replace(source([], entity), rules=rules)

    names = {"../../Ops": "ops", "OPS!": "ops-2", "Ops": "ops-3", "财务": "steward"}
    entities = ("customer", "contact", "product", "order")
    lists = work_lists(audited(*(held_by(s, e) for s, e in zip(names, entities, strict=True))))
    assert {one.steward: one.name for one in lists} == names


def test_a_text_of_a_megabyte_is_told_in_a_line() -> None:
    long = "x\n" * 500_000
    rows = [customer("1", name=long, website=long, flags=[f"website: {long}"], linked=False)]
    found = audited(source(rows))
    assert found.findings["reason"].str.len_chars().max() <= LONGEST_REASON
    assert len(document(found.public(), work_lists(found))) < 20_000
    assert len(page(found.public(), work_lists(found), "audit")) < 30_000


def test_the_runbook_shows_what_is_looked_for_and_what_it_costs() -> None:
    runbook = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    assert runbook[runbook.index(BEGIN) + len(BEGIN) : runbook.index(END)].strip() == kinds_page()


FLAGS = st.lists(st.sampled_from(["phone: no", "website: no", "tax_id: no"]), unique=True)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["Acme", "=1+1", "N" * 90, None]),
            "phone": st.sampled_from(["+12025550100", None]),
            "website": st.sampled_from(["acme.com", None]),
            "billing_country": st.sampled_from(["DE", None]),
            RAW + "tax_id": st.sampled_from(["000000", None]),
            "flags": FLAGS,
            "changed": st.sampled_from([TODAY, date(2020, 1, 1), None]),
            "linked": st.booleans(),
            "expected_there": st.booleans(),
            "orders": st.sampled_from([0, 3, None]),
            "worth": st.sampled_from([Decimal("-1.5"), Decimal(7), None]),
        }
    ),
    max_size=12,
)


def drawn(rows: list[Row], cut: int) -> Source:
    """These records; the first ones are doubles of the first, and one in `cut` fails validation."""
    ids = [f"{n}" for n in range(len(rows))]
    doubles = [{"native_id": n, "cluster": "c", "survivor": "0", "probability": 0.9} for n in ids[:cut]]
    return source(
        [{"native_id": n, **row} for n, row in zip(ids, rows, strict=True)],
        duplicates=frame(doubles if len(doubles) > 1 else [], DUPLICATES),
        parked=frame([{"native_id": n, "reason": "is bad"} for n in ids[:: cut + 1]], PARKED),
        expected=["billing_country"],
        stale_days=365,
    )


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(0, 5))
def test_every_point_of_a_score_is_a_row_of_a_work_list(rows: list[Row], cut: int) -> None:
    found = audited(drawn(rows, cut))
    listed = [row for one in work_lists(found) for row in one.rows.to_dicts()]
    (scored,) = found.scores.to_dicts()
    assert sum(row["cost"] for row in listed) == scored["cost"]
    faulty = [row["native_id"] for row in listed if row["cost"]]
    assert len(faulty) == len(set(faulty)) == scored["records"] - scored["faultless"]
    if not rows:
        assert scored["score"] is None
        return
    assert scored["score"] == round(100 - scored["cost"] / len(rows), 2)
    assert 0 <= scored["score"] <= 100
    assert scored["score"] == pytest.approx(100 - found.points["points"].sum(), abs=0.01 * len(KINDS))
    for row in found.points.to_dicts():
        mine = [one for one in listed if one["finding"] == KINDS[row["kind"]].title]
        assert (row["findings"], row["records"]) == (len(mine), len({one["native_id"] for one in mine}))
        assert row["worst"] == sum(1 for one in mine if one["cost"])
    worst = {n: max(KINDS[k].cost for i, k in told(found, "native_id", "kind") if i == n) for n in set(faulty)}
    assert {row["native_id"]: row["cost"] for row in listed if row["cost"]} == worst


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(0, 5), st.integers(0, 12), st.randoms(use_true_random=False))
def test_batches_and_their_order_change_nothing(rows: list[Row], cut: int, at: int, random: "object") -> None:
    whole = drawn(rows, cut)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = whole.records[order] if order else whole.records
    parts = [replace(whole, records=part) for part in (mixed[:at], mixed[at:])]
    one, several = audited(whole), audited(*parts)
    for name in ("scores", "points", "completeness", "formats", "clusters", "findings"):
        assert getattr(one, name).equals(getattr(several, name)), name


def test_the_kinds_are_all_that_is_ever_found_and_each_has_a_cost_between_nothing_and_all() -> None:
    assert all(0 <= kind.cost <= 100 for kind in KINDS.values())
    assert MATRIX.map("netsuite", "customer").fields["billing_country"].unknown == "skip"
