"""The engine on public data with truth: floors that hold without tuning on them.

What was tried on Chicago: name levels with and without words in common, phones and domains with and without a level
for those that many share (counted as records and as names; as records is kept), addresses counted as records and as
names (names are kept), and the least evidence of a cluster from -3 to 4 bits; the weights that ship never saw these
data. The other two were run as they are.
"""

from dataclasses import replace

from crmerp_assets.matching import SPECS, engine
from crmerp_assets.matching.model import Model, shipped
from crmerp_assets.matching.spec import Feature, Key, Spec
from crmerp_assets_tests.matching.engines import TABLES, clustered, opened
from crmerp_assets_tests.matching.measures import judged, judged_pairs, partition
from crmerp_assets_tests.matching.public import chicago_sites, febrl4, name_bench

CUSTOMER, CONTACT = SPECS["customer"], SPECS["contact"]
LEAST = -1.0
"""Bits from even odds from which sites belong together; the one figure that was chosen on these data."""


def test_chicago_sites_with_the_weights_that_ship() -> None:
    known = chicago_sites()
    with opened(known.records, CUSTOMER) as con:
        engine.compare_all(con, CUSTOMER, shipped("customer"), TABLES)
        found = judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth)
        assert found.best().f1 >= 0.93, str(found.best())
        joined = partition(clustered(con, known.records.height, LEAST), known.truth)
        assert joined.precision >= 0.95, str(joined)
        assert joined.recall >= 0.90, str(joined)


def test_chicago_sites_with_weights_that_were_learned_there_and_checked_by_phones() -> None:
    known = chicago_sites()
    with opened(known.records, CUSTOMER) as con:
        engine.compare_all(con, CUSTOMER, shipped("customer"), TABLES)
        learned, check = engine.learn(con, CUSTOMER, TABLES, shipped("customer"))
        assert (check.objections, check.guard) == ([], "phone"), "there are no tax ids"
        engine.compare_all(con, CUSTOMER, learned.model, TABLES)
        found = judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth)
        assert found.best().f1 >= 0.93, str(found.best())


PERSONS: Spec = replace(
    CONTACT,
    inputs={
        **CONTACT.inputs,
        "born": ("date_of_birth", "raw"),
        "number": ("national_id", "raw"),
        "street": ("street", "text"),
        "postcode": ("postcode", "raw"),
    },
    columns={**CONTACT.columns, "born": "in_born", "number": "in_number", "street": "in_street", "zip": "in_postcode"},
    keys=(*CONTACT.keys, Key("born", "born"), Key("number", "number"), Key("street", "zip || left(street, 6)")),
    features=(
        *CONTACT.features,
        *(
            Feature(
                name,
                f"CASE WHEN a.{name} IS NULL OR b.{name} IS NULL THEN 0 WHEN a.{name} = b.{name} THEN 2 "
                f"WHEN jaro_similarity(a.{name}, b.{name}, 0.88) >= 0.88 THEN 1 ELSE -1 END",
                {2: "same", 1: "differ by a slip", -1: "differ"},
            )
            for name in ("born", "number", "street")
        ),
    ),
    guards=("number",),
)
"""febrl's persons have a birthday and a number instead of an e-mail address and a company."""


def test_febrl4_persons_with_what_they_have_besides_names() -> None:
    known = febrl4()
    start = shipped("contact")
    more = {name: {0: 0.0, -1: -3.0, 1: 3.0, 2: 6.0} for name in ("born", "number", "street")}
    with opened(known.records, PERSONS) as con:
        engine.compare_all(con, PERSONS, Model("contact", start.prior, {**start.weights, **more}), TABLES)
        learned, _ = engine.learn(con, PERSONS, TABLES, Model("contact", start.prior, {**start.weights, **more}))
        engine.compare_all(con, PERSONS, learned.model, TABLES)
        found = judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth, across=True)
    assert found.best().f1 >= 0.99, str(found.best())


def test_name_bench_by_names_alone() -> None:
    known = name_bench()
    with opened(known.records, CUSTOMER) as con:
        con.register("asked", known.pairs.select("l", "r").to_arrow())
        con.execute(f"CREATE OR REPLACE TEMP TABLE {engine.PAIRS} AS FROM asked")
        engine.compare_given(con, CUSTOMER, shipped("customer"), TABLES)
        found = judged_pairs(
            con.execute(f"SELECT l, r, weight FROM {engine.SCORED}").pl(), known.pairs.filter("right"), "weight"
        )
    assert found.best().f1 >= 0.80, str(found.best())
