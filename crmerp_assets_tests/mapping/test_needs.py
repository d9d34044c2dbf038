"""What a connection needs follows from maps, governance and policy, and is no more than that.

Removed once, each caught here: asking nothing of the owner before a field counts as written, or of the policy before
records are made; the rule of a line itself; the field by which a record is retired.
"""

from crmerp_assets.mapping import FieldNeed, field_needs, load_governance, load_matrix
from crmerp_assets.mapping.needs import Role

EVERYTHING = frozenset({"customer", "contact", "product", "order"})


def needs(system: str, role: Role, created: frozenset[str] = EVERYTHING) -> dict[tuple[str, str], FieldNeed]:
    found = field_needs(load_matrix().maps(system), load_governance(), role, created)
    assert len({(need.object, need.field) for need in found}) == len(found)
    return {(need.object, need.field): need for need in found}


def access(need: FieldNeed) -> tuple[bool, bool, bool]:
    return need.read, need.create, need.update


def test_a_field_is_written_where_another_side_decides_it_and_only_read_where_its_own_does() -> None:
    crm = needs("salesforce", "crm", EVERYTHING - {"order"})
    assert access(crm["Opportunity", "ERP_Order_Number__c"]) == (True, False, True)
    assert access(crm["Opportunity", "Name"]) == (True, False, False)
    assert access(crm["Opportunity", "OpportunityLineItems.Quantity"]) == (True, False, False)
    assert access(crm["Account", "Name"]) == (True, True, True)
    assert access(crm["Account", "ShippingCity"]) == (True, True, False)


def test_what_the_policy_never_makes_takes_no_right_to_make_it() -> None:
    fields = needs("salesforce", "crm", frozenset())
    assert not any(need.create for need in fields.values())
    assert ("Opportunity", "StageName") in fields
    assert needs("salesforce", "crm")["Opportunity", "StageName"].create


def test_an_erp_is_given_orders_and_only_tells_of_invoices() -> None:
    erp = needs("netsuite", "erp")
    assert not any(need.create or need.update for (object_, _), need in erp.items() if object_ == "invoice")
    assert all(erp["salesOrder", path].create for path in ("externalId", "item.quantity", "memo"))
    assert access(erp["salesOrder", "tranId"]) == (True, False, False)
    assert access(erp["salesOrder", "orderStatus"]) == (False, False, True)
    assert access(erp["customer", "subsidiary"]) == (False, True, False)
    assert access(erp["customer", "creditLimit"]) == (True, True, False)
    assert access(erp["customer", "isInactive"])[2]


def test_every_need_says_what_it_is_for_and_in_which_stages() -> None:
    found = needs("salesforce", "crm")
    assert found["Account", "Phone"].serves == ("customer.phone",)
    assert found["Account", "Phone"].stages == ("golden", "push")
    assert found["Account", "Crmerp_Id__c"].serves == ("customer key",)
    assert found["Account", "Crmerp_Id__c"].stages == ("links", "push")
    assert all(need.serves and need.stages for need in found.values())


def test_an_object_that_only_updates_are_sent_to_is_never_made_there_and_a_line_keeps_its_own_rules() -> None:
    found = needs("tryton", "erp")
    assert access(found["sale.sale", "lines.quantity"]) == (True, True, True)
    assert access(found["sale.sale", "lines.amount"]) == (True, False, False)
    assert access(found["product.product", "key"]) == (True, False, True)
