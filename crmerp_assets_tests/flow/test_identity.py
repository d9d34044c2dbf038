"""Who is who, through both systems: scored links with their reasons, doubles that wait, and the nightly full run."""

import csv
import io
import json

import pytest
from world import GO_LIVE, World

from crmerp_assets.matching.calibrate import TooFewLabels
from crmerp_assets.matching.model import shipped
from crmerp_assets.sync import labels
from crmerp_assets.sync.refit import refit, summary
from crmerp_assets.sync.review import decide, open_reviews

HOME = {
    "BillingStreet": "12 Harbour Road",
    "BillingCity": "Boston",
    "BillingPostalCode": "02108",
    "BillingCountry": "US",
}

BILLED = {
    "addressBook": {
        "items": [
            {
                "defaultBilling": True,
                "addressBookAddress": {
                    "addr1": "12 Harbour Rd",
                    "city": "Boston",
                    "zip": "02108",
                    "country": {"id": "US"},
                },
            }
        ]
    }
}


@pytest.fixture
def met(world: World) -> tuple[World, dict[str, str]]:
    """An account with a customer that is clearly it, one that may be, two accounts of one company, and a foreigner."""
    world.policy(GO_LIVE)
    names = {
        "sure": {"Name": "Halvorsen Marine Supplies Inc", "Website": "halvorsen-marine.com", **HOME},
        "likely": {"Name": "Orbital Ceramics LLC", "BillingCountry": "US"},
        "twice": {"Name": "Pinecrest Botanical", "Website": "pinecrest-botanical.com", "Phone": "+1 617 555 0188"},
        "again": {
            "Name": "Pinecrest Botanical Ltd.",
            "Website": "www.pinecrest-botanical.com",
            "Phone": "617-555-0188",
        },
        "abroad": {"Name": "Halvorsen Marine Supplies", "BillingCountry": "Norway", "Website": "halvorsen-marine.no"},
    }
    accounts = world.seed("crm", "Account", [{"CurrencyIsoCode": "USD", **fields} for fields in names.values()])
    own = {"subsidiary": {"id": "1"}, "isPerson": False}
    sure, likely = world.seed(
        "erp",
        "customer",
        [
            {"companyName": "HALVORSEN MARINE SUPPLIES", "url": "https://halvorsen-marine.com", **own, **BILLED},
            {"companyName": "Orbital Ceramics", **own},
        ],
    )
    return world, dict(zip(names, accounts, strict=True)) | {"erp sure": sure, "erp likely": likely}


def test_links_come_with_their_reasons_and_what_is_not_sure_waits_for_a_person(
    met: tuple[World, dict[str, str]],
) -> None:
    world, ids = met
    world.pass_through(push=False)
    with world.platform() as used, used.ledger.read() as tx:
        (link,) = tx.links.by_native("customer", "netsuite", [ids["erp sure"]]).to_dicts()
        crm = tx.links.by_native("customer", "salesforce", list(ids.values())).to_dicts()
    golden = {row["native_id"]: row["golden_id"] for row in crm}
    assert golden[ids["sure"]] == link["golden_id"]
    assert golden[ids["abroad"]] != link["golden_id"], "a company of the group in another country is another customer"
    assert link["method"] == "match"
    assert link["evidence"].startswith("p 1.0 by")
    assert shipped("customer").version in link["evidence"]
    assert "same web domain (+" in link["evidence"]
    with world.platform() as used:
        asked = {row["kind"]: row for row in open_reviews(used).to_dicts()}
    assert set(asked) == {"ambiguous_link", "duplicate"}
    facts = json.loads(asked["ambiguous_link"]["detail"])
    assert json.loads(asked["ambiguous_link"]["subject"]) == [ids["likely"], ids["erp likely"]]
    assert 0.2 <= facts["p"] < 0.95
    assert facts["model"] == shipped("customer").version
    assert facts["why"][0]["says"] == "same name, and a rare one"
    assert set(json.loads(asked["duplicate"]["subject"])[1:]) == {ids["twice"], ids["again"]}
    newer = json.loads(asked["duplicate"]["subject"])[1]
    assert newer not in golden, "nothing is made of it before somebody has looked"

    with world.platform() as used:
        decide(used, asked["ambiguous_link"]["id"], "same", "ann")
        decide(used, asked["duplicate"]["id"], "different", "ann")
    world.pass_through(push=False)
    with world.platform() as used, used.ledger.read() as tx:
        linked = {r["native_id"]: r["golden_id"] for r in tx.links.all("customer").to_dicts()}
        assert open_reviews(used).is_empty()
    assert linked[ids["likely"]] == linked[ids["erp likely"]]
    assert len({linked[ids["twice"]], linked[ids["again"]]}) == 2


def test_a_nightly_run_finds_doubles_and_relations_and_relinks_nothing(met: tuple[World, dict[str, str]]) -> None:
    world, ids = met
    world.pass_through(push=False)
    with world.platform() as used:
        with used.ledger.read() as tx:
            before = tx.links.all("customer")
        done = refit(used, "customer")
        with used.warehouse.open() as con:
            doubles = con.execute('SELECT connection, native_id, survivor FROM match."customer_duplicates"').fetchall()
            related = con.execute('SELECT kind, a_id, b_id FROM match."customer_related"').fetchall()
        with used.ledger.read() as tx:
            assert tx.links.all("customer").equals(before)
            assert tx.models.current("customer") is None
    assert {(c, n) for c, n, _ in doubles} == {("salesforce", ids["twice"]), ("salesforce", ids["again"])}
    assert sorted(survives for *_, survives in doubles) == [False, True]
    pairs = {(kind, frozenset(pair)) for kind, *pair in related}
    assert ("group", frozenset({ids["sure"], ids["abroad"]})) in pairs
    assert not done.adopted
    assert any("are needed to learn" in objection for objection in done.objections)
    assert summary({"customer": done}).row(0, named=True)["duplicates"] == 2


def test_pairs_to_label_are_written_read_back_and_a_few_of_them_say_nothing(met: tuple[World, dict[str, str]]) -> None:
    world, ids = met
    world.pass_through(push=False)
    sheet = world.state / "label.csv"
    with world.crmerp("review", "calibrate", "--export", str(sheet)) as writing:
        _, failure = writing.communicate(timeout=120)
    assert writing.returncode == 0, failure
    rows = list(csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8-sig"))))
    assert {(row["first"], row["second"]) for row in rows} >= {(ids["sure"], ids["erp sure"])}
    with world.platform() as used:
        told = [(n, row["id"], "same", "") for n, row in enumerate(rows, start=2)]
        with pytest.raises(TooFewLabels, match="label at least 30"):
            labels.calibrate(used, "customer", told)
        with pytest.raises(labels.NoLabels, match="Row 2 says 'perhaps'"):
            labels.calibrate(used, "customer", [(2, rows[0]["id"], "perhaps", "")])
