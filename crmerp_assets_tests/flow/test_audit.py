"""The data-quality audit of both systems with dirty records, as a Dagster run and as a command, and of bad input.

Tried by taking the protection away, and what caught it: deleted records counted, and references to them taken for
good (what_is_gone...), records that were never usable not mapped again, and work lists that everybody can read
(a_go_live...), a system that was not read taken for an empty one (one_system...), the audit in every sync
(it_runs_with...).

Wrong before, and found here: the amount of a deal was lost under what the record is worth, so that every open deal
held something that was no amount; and where no record at all was usable, dates as text met dates.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner
from world import GO_LIVE, World, make_world

from crmerp_assets.bootstrap import build
from crmerp_assets.cli.main import app
from crmerp_assets.mapping import raw_columns
from crmerp_assets.reports.quality import Audit
from crmerp_assets.settings import Settings
from crmerp_assets.sync import tables
from crmerp_assets.sync.audit import NothingToAudit, run_audit
from crmerp_assets.sync.audit_files import publish
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.refit import refit

ATTACK = '=HYPERLINK("http://elsewhere.example","open")'
ADDRESS = {"BillingStreet": "1 Main St", "BillingCity": "Boston", "BillingPostalCode": "02108"}
CLEAN = {**ADDRESS, "BillingCountry": "United States", "CurrencyIsoCode": "USD"}
SECRET = {"FirstName": "Zebulon", "LastName": "Quux"}


def crmerp(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "110"})


def told(done: Audit, system: str, entity: str) -> set[tuple[str, str, str | None]]:
    """(record, kind, field) of what takes points."""
    here = done.findings.filter((pl.col("system") == system) & (pl.col("entity") == entity))
    return set(here.filter(~pl.col("kind").is_in(["one_side", "unused"])).select("native_id", "kind", "field").rows())


def dirty(world: World) -> dict[str, str]:
    """A CRM as found, and an ERP that knows one of its accounts; all is read, and nothing is sent."""
    world.policy(GO_LIVE)
    given: dict[str, dict[str, Any]] = {
        "clean": {"Name": "Acme Corporation", **CLEAN},
        "double": {"Name": "ACME Corp.", **CLEAN, "Website": "acme.example"},
        "invalid": {"Name": ATTACK, **CLEAN, "Phone": "12", "BillingCountry": "Atlantis"},
        "tax": {"Name": "Mistyped", **CLEAN, "BillingCountry": "Deutschland", "Tax_Id__c": "DE136695971"},
        "placeholder": {"Name": "Zeros", **CLEAN, "Tax_Id__c": "000000000", "Website": "zeros.example"},
        "long": {"Name": "N" * 84, **CLEAN},
        "negative": {"Name": "Owed", **CLEAN, "Credit_Limit__c": -5},
        "incomplete": {"Name": "Bare", "CurrencyIsoCode": "USD"},
    }
    ids = dict(zip(given, world.seed("crm", "Account", list(given.values())), strict=True))
    (ids["homeless"], ids["person"]) = world.seed(
        "crm", "Contact", [{**SECRET, "Email": "a@b.example"}, {**SECRET, "AccountId": ids["clean"]}]
    )
    world.deals([ids["clean"]], world.catalogue(1), 2, lines=1)
    own = {"isPerson": False, "subsidiary": {"id": "1"}}
    customers = [{"companyName": n, "url": f"https://{n.lower()}.example", **own} for n in ("Zeros", "Lonely")]
    (ids["erp"], ids["erp only"]) = world.seed("erp", "customer", customers)
    world.pass_through(push=False)
    with world.platform() as used:
        refit(used, "customer")
    return ids


def test_a_go_live_finds_each_fault_and_every_steward_gets_a_list(world: World) -> None:
    ids = dirty(world)

    ran = world.run("audit")

    folder = Settings().reports
    with world.platform() as used:
        done = run_audit(used)
    assert told(done, "salesforce", "customer") == {
        (ids["double"], "duplicate", None),
        (ids["invalid"], "invalid", "phone"),
        (ids["invalid"], "invalid", "billing_country"),
        (ids["tax"], "invalid", "tax_id"),
        (ids["placeholder"], "placeholder", "tax_id"),
        (ids["long"], "does_not_fit", "name"),
        (ids["negative"], "unusable", None),
        (ids["incomplete"], "incomplete", "billing_street, billing_city, billing_postcode, billing_country"),
    }
    assert told(done, "salesforce", "contact") == {
        (ids["homeless"], "refused", "customer"),
        (ids["homeless"], "orphan", "customer"),
        (ids["person"], "incomplete", "email"),
    }
    _one_side(done, ids)
    _checks(ran, done)
    _files(world, ids)
    assert json.loads((folder / "audit.json").read_text())["scores"][0]["records"] == 8


def _one_side(done: Audit, ids: dict[str, str]) -> None:
    """Both directions, with the money of the deals."""
    alone = done.findings.filter(pl.col("kind") == "one_side")
    worth = {row["native_id"]: (row["amount"], row["currency"]) for row in alone.to_dicts()}
    assert worth[ids["clean"]] == (pytest.approx(30.75), "USD")
    assert worth[ids["erp only"]] == (None, None)
    assert {ids["erp"], ids["placeholder"]}.isdisjoint(worth)


def _checks(ran: Any, done: Audit) -> None:
    """One for each system and entity: a low score warns and names what takes the points."""
    checks = {one.check_name: one for one in ran.get_asset_check_evaluations() if one.check_name.startswith("quality")}
    assert len(checks) == 8
    scores = {f"quality_{row['system']}_{row['entity']}": row["score"] for row in done.scores.to_dicts()}
    for name, check in checks.items():
        score = scores[name]
        assert check.passed == (score is None or score >= done.warn_below), name
        assert check.severity.value == "WARN"
    low = checks["quality_salesforce_customer"]
    assert "is below 90; most points go to" in (low.description or "")
    assert "duplicate 12.5" in (low.description or "")


def _files(world: World, ids: dict[str, str]) -> None:
    """Names of people are in the list of the contacts' steward only, which others cannot read."""
    folder = Settings().reports
    book = openpyxl.load_workbook(folder / "audit" / "revenue-operations.xlsx")
    people = [row[3].value for row in book["worklist"].iter_rows(min_row=2) if row[1].value == "contact"]
    assert set(people) == {"Zebulon Quux"}
    finance = openpyxl.load_workbook(folder / "audit" / "finance-operations.xlsx")
    attack = next(row[3] for row in finance["worklist"].iter_rows(min_row=2) if row[2].value == ids["invalid"])
    assert (attack.value, attack.data_type, attack.quotePrefix) == (ATTACK, "s", True)
    assert [row[3].value for row in finance["duplicates"].iter_rows(min_row=2)] == [ids["clean"], ids["double"]]
    for file in (folder / "audit").glob("*.xlsx"):
        assert file.stat().st_mode & 0o077 == 0
    for name in ("audit.html", "audit.json"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "Quux" not in text
        assert ids["homeless"] in text or name == "audit.html"


def test_the_command_shows_scores_trend_findings_and_files_and_says_when_a_score_is_low(world: World) -> None:
    dirty(world)
    with world.platform() as used:
        yesterday = replace(used, clock=lambda: used.clock() - timedelta(days=1))
        run_audit(yesterday)

    said = crmerp("audit")

    assert said.exit_code == 1, said.output
    assert "0.0 since " in said.output
    assert "same as another record" in said.output
    assert "salesforce customer has " in said.output
    assert "finance-operations.xlsx" in said.output
    assert "Quux" not in said.output
    world.policy(GO_LIVE + "audit: {warn_below: 10}\n")
    said = crmerp("audit", "--json")
    assert said.exit_code == 0, said.output
    everything = json.loads(said.output)
    assert sum(row["cost"] for row in everything["findings"]) == sum(row["cost"] for row in everything["scores"])
    assert everything["findings_left_out"] == 0


def test_it_runs_with_the_nightly_comparison_and_not_with_every_sync(world: World) -> None:
    from crmerp_assets.definitions import defs

    def runs(job: str) -> set[str]:
        return {key.to_user_string() for key in defs().resolve_job_def(job).asset_layer.executable_asset_keys}

    assert runs("audit") == {"identity/full_run", "report/audit"}
    assert "report/audit" in runs("nightly")
    for job in ("sync", "plan", "apply", "reconcile", "won_deals", "order_to_cash", "customers"):
        assert "report/audit" not in runs(job), job


def test_what_is_gone_or_hidden_leaves_orphans_and_is_no_record_itself(world: World) -> None:
    world.policy(GO_LIVE)
    gone, kept = world.accounts(2)
    (contact,) = world.seed("crm", "Contact", [{**SECRET, "AccountId": gone, "Email": "a@b.example"}])
    (deal,) = world.deals([kept], world.catalogue(1), 1, lines=1)
    world.pass_through(push=False)
    with world.platform() as used:
        with used.warehouse.open() as con:
            con.execute("UPDATE raw.salesforce__Product2 SET _deleted = true")
            con.execute("UPDATE raw.salesforce__Account SET _deleted = true WHERE _id = ?", [gone])
        done = run_audit(used)
    assert (contact, "orphan", "customer") in told(done, "salesforce", "contact")
    assert told(done, "salesforce", "order") == {(deal, "orphan", "lines")}
    (row,) = done.findings.filter(pl.col("field") == "lines").to_dicts()
    assert row["reason"] == "1 of its lines name no product that is there: line 1"
    counts = {row["entity"]: row["records"] for row in done.scores.to_dicts() if row["system"] == "salesforce"}
    assert counts == {"customer": 1, "contact": 1, "product": 0, "order": 1}


def test_before_anything_was_read_the_command_says_what_to_do(world: World) -> None:
    said = crmerp("audit")
    assert "nothing to audit; run `crmerp plan` first" in str(said.exception)
    assert not Settings().reports.exists()


def test_one_system_alone_is_audited_and_what_needs_the_other_is_not_assessed(tmp_path: Any, monkeypatch: Any) -> None:
    with make_world(tmp_path / "state", monkeypatch) as world:
        world.provision()
        world.accounts(2)
        with world.platform() as used:
            with pytest.raises(NothingToAudit, match="run `crmerp plan` first"):
                run_audit(used)
            pull(used, "salesforce", "customer")
            conform(used, "salesforce", "customer")
            done = run_audit(used)
            publish(done, Settings().reports)
        here = {(row["system"], row["entity"]): row for row in done.scores.to_dicts()}
        assert here["salesforce", "customer"]["records"] == 2
        assert here["salesforce", "customer"]["not_assessed"] == "duplicate, one_side, refused, does_not_fit"
        assert here["netsuite", "customer"]["not_assessed"] == "not read yet"
        assert {kind for _, kind, _ in told(done, "salesforce", "customer")} == {"incomplete"}
        assert done.findings.filter(pl.col("kind") == "one_side").is_empty()


def test_texts_of_a_megabyte_and_nonsense_in_every_field_are_a_line_each(tmp_path: Any, monkeypatch: Any) -> None:
    with make_world(tmp_path / "state", monkeypatch):
        used = build(Settings())
        nonsense = [
            "x" * 1_000_000,
            ATTACK,
            "\x00\x01",
            "\n" * 5000,
            "'; DROP TABLE raw; --",
            "<script>",
            "🦆" * 999,
            "",
        ]
        for system, native in (("salesforce", "Account"), ("netsuite", "customer")):
            _poison(used, system, native, nonsense)
        done = run_audit(used)
        publish(done, Settings().reports)
        used.close()
    counts = {(row["system"], row["entity"]): row["records"] for row in done.scores.to_dicts()}
    assert (counts["salesforce", "customer"], counts["netsuite", "customer"]) == (8, 8)
    assert done.findings["value"].str.len_chars().max() <= 60  # type: ignore[operator]
    sizes = {file.name: file.stat().st_size for file in Settings().reports.rglob("*") if file.is_file()}
    assert all(size < 200_000 for size in sizes.values()), sizes
    assert "<script>" not in (Settings().reports / "audit.html").read_text(encoding="utf-8")


def _poison(used: Platform, system: str, native: str, texts: list[str]) -> None:
    """One record for each text, which stands in all of its fields."""
    columns = [name for name in raw_columns(used.map(system, "customer")) if not name.startswith("_")]
    fate: dict[str, Any] = {"_modified": "2026-01-01T00:00:00+00:00", "_modified_by": None, "_deleted": False}
    rows = [{"_id": f"{n}", "_merged_into": None, **fate, **dict.fromkeys(columns, t)} for n, t in enumerate(texts)]
    types = {name: pl.Boolean if name == "_deleted" else pl.String for name in rows[0]}
    with used.warehouse.open() as con:
        tables.raw(system, native).upsert(con, pl.DataFrame(rows, schema=types))
    conform(used, system, "customer")
