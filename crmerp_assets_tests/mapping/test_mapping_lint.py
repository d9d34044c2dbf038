"""Lint finds what loads and would still go wrong."""

from pathlib import Path

import pytest

from crmerp_assets.mapping import Matrix, fields_to_provision, lineage, lint, load_governance, load_matrix

PAIR = ("netsuite", "salesforce")
"""The systems whose files these tests break: a third one would have what is missing in one of them."""


def pair(config: Path | None = None) -> Matrix:
    return Matrix([entity_map for entity_map in load_matrix(config).all() if entity_map.system in PAIR])


def findings(config: Path, files: dict[str, str]) -> list[tuple[str, str, str]]:
    for name, text in files.items():
        path = config / "mapping" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [(f.level, f.field, f.what) for f in lint(pair(config), load_governance(config))]


def test_what_is_packaged_has_neither_errors_nor_warnings() -> None:
    assert [str(f) for f in lint(load_matrix(), load_governance()) if f.level != "note"] == []


def test_every_loss_on_the_way_in_is_named() -> None:
    notes = {str(f) for f in lint(load_matrix(), load_governance())}
    assert any("fields.billing_country, shipping_country: not kept on the way in: how the country" in n for n in notes)
    assert any("lines beyond 2, which join the last one after commas" in n for n in notes)
    assert any("'E' is read as partially_fulfilled and would be written back as 'D'" in n for n in notes)


CUSTOMER, GOVERNANCE = "matrix/customer.salesforce.yaml", "governance/customer.yaml"


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (CUSTOMER, "fields: {email: {native: Phone}}", ("error", "fields.phone", "writes Phone, and so does email")),
        (CUSTOMER, "key: Name", ("error", "key", "writes Name, and so does name")),
        (CUSTOMER, "key: null", ("error", "key", "a map that creates records needs a key field")),
        (
            CUSTOMER,
            "fields: {credit_limit: {write: never}}",
            ("warning", "fields.credit_limit", "may be changed in another system (owner erp), but is not written here"),
        ),
        (
            CUSTOMER,
            "fields: {payment_terms: {values: {NET30: Net 15}}}",
            ("error", "fields.payment_terms", "'Net 15' stands for 2 values; which one is read is not defined"),
        ),
        (
            CUSTOMER,
            "fields: {payment_terms: {values: {NET45: Net 45}}}",
            (
                "error",
                "fields.payment_terms",
                "'NET45' is not a value of payment_terms; use NET15, NET30, NET60, RECEIPT",
            ),
        ),
        (
            CUSTOMER,
            "fields: {email: {provision: {type: date}}}",
            ("error", "fields.email", "a date field cannot hold text; provision text or picklist or url"),
        ),
        (
            CUSTOMER,
            "fields: {email: {provision: {length: 300}}}",
            ("error", "fields.email", "a text field to provision needs a length from 1 to 255"),
        ),
        (
            CUSTOMER,
            "fields: {email: {provision: {length: 100}}}",
            ("error", "fields.email", "length 255 is more than the 100 that is provisioned"),
        ),
        (CUSTOMER, "fields: {email: {length: 0}}", ("error", "fields.email", "length must be at least 1")),
        (
            GOVERNANCE,
            "fields: {phone: null}",
            ("error", "fields.phone", "has no rule; add it to mapping/governance/customer.yaml"),
        ),
        (
            GOVERNANCE,
            "fields: {phone: {personal: false}}",
            ("warning", "fields.phone", "is personal data; say personal: true"),
        ),
        (
            "matrix/contact.salesforce.yaml",
            "fields: {last_name: null}",
            ("error", "fields.last_name", "is required on create, and no other system has it"),
        ),
        (
            "matrix/customer.netsuite.yaml",
            "fields: {credit_hold: null}",
            ("note", "fields.credit_hold", "is mapped here only; it is read, and nothing is ever written to it"),
        ),
    ],
)
def test_a_fault_is_found(tmp_path: Path, file: str, text: str, expected: tuple[str, str, str]) -> None:
    assert expected in findings(tmp_path, {file: text})


def test_an_entity_without_governance_is_an_error() -> None:
    governance = {name: rules for name, rules in load_governance().items() if name != "invoice"}
    found = lint(load_matrix(), governance)[0]
    assert (found.level, found.what) == ("error", "has no governance; add mapping/governance/invoice.yaml")


def test_a_finding_names_the_line_of_the_winning_file(tmp_path: Path) -> None:
    path = tmp_path / "mapping" / CUSTOMER
    path.parent.mkdir(parents=True)
    path.write_text("fields:\n  email: {length: 0}\n")
    found = lint(load_matrix(tmp_path), load_governance())[0]
    assert str(found) == f"error: {path}:2: fields.email: length must be at least 1"


def test_custom_fields_to_provision_carry_their_shape() -> None:
    specs = {(spec.object, spec.name): spec for spec in fields_to_provision(load_matrix(), "salesforce")}
    key = specs[("Account", "Crmerp_Id__c")]
    assert (key.type, key.length, key.external_id) == ("text", 64, True)
    terms = specs[("Account", "Payment_Terms__c")]
    assert (terms.type, terms.values) == ("picklist", ("Net 15", "Net 30", "Net 60", "Due on receipt"))
    balance = specs[("Account", "ERP_Balance__c")]
    assert (balance.type, balance.length, balance.scale) == ("currency", 18, 2)
    assert ("Opportunity", "Product_Name__c") in specs


def test_netsuite_needs_no_custom_fields() -> None:
    assert fields_to_provision(load_matrix(), "netsuite") == []


def test_lineage_leads_from_a_canonical_field_to_native_ones() -> None:
    found = lineage(pair(), "customer")
    assert found["billing_street"] == [
        ("netsuite", "customer", "billing.addr1"),
        ("netsuite", "customer", "billing.addr2"),
        ("salesforce", "Account", "BillingStreet"),
    ]
    assert ("salesforce", "Opportunity", "OpportunityLineItems.Quantity") in lineage(pair(), "order")["lines"]
    assert lineage(pair(), "product")["price"][1] == ("salesforce", "Product2", "PricebookEntries.UnitPrice")


def test_another_system_that_has_a_required_field_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "mapping" / "matrix").mkdir(parents=True)
    (tmp_path / "mapping" / "matrix" / "contact.salesforce.yaml").write_text("fields: {last_name: null}")
    found = [str(f) for f in lint(load_matrix(tmp_path), load_governance()) if f.level == "error"]
    assert any("contact.netsuite.yaml" in f and "on create, and salesforce lacks it" in f for f in found), found
