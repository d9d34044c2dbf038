from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors.protocol import Ref, Write
from crmerp_assets.connectors.salesforce.payload import payload
from crmerp_assets.connectors.salesforce.pushing import groups_of
from crmerp_assets.connectors.salesforce.selection import Selection, select, text

KEYS = st.sampled_from(["k-1", "K-1", "k-2", "k-3", "k-4"])


def write(number: int, key: str, parent: str | None, update: bool) -> Write:
    values = {"ParentId": Ref("Account", key_field="Key__c", key=parent)} if parent else {}
    operation = "update" if update else "create"
    return Write(f"w-{number}", "Account", operation, "Key__c", key, f"id-{key}" if update else None, dict(values))


WRITES = st.lists(st.tuples(KEYS, st.none() | KEYS, st.booleans()), max_size=12).map(
    lambda rows: [write(number, *row) for number, row in enumerate(rows)]
)


@given(WRITES)
def test_no_call_holds_a_key_twice_or_a_child_beside_its_parent(writes: list[Write]) -> None:
    for group in groups_of(writes):
        batch = [item for each in group for item in each]
        keys = [item.key.lower() for item in batch]
        assert len(keys) == len(set(keys))
        parents = [
            ref.key.lower() for item in batch for ref in item.values.values() if isinstance(ref, Ref) and ref.key
        ]
        earlier = {item.key.lower(): writes.index(item) for item in batch}
        children = [item for item in batch if item.values]
        assert all(
            earlier.get(parent, len(writes)) >= writes.index(child)
            for child, parent in zip(children, parents, strict=True)
        )


@given(WRITES)
def test_every_write_is_sent_once_and_writes_on_one_key_keep_their_order(writes: list[Write]) -> None:
    sent = [item for group in groups_of(writes) for batch in group for item in batch]
    assert sorted(item.id for item in sent) == sorted(item.id for item in writes)
    for key in {item.key.lower() for item in writes}:
        assert [w for w in sent if w.key.lower() == key] == [w for w in writes if w.key.lower() == key]


def test_a_thousand_creates_are_five_batches_of_one_group() -> None:
    writes = [write(number, f"k-{number}", None, update=False) for number in range(1000)]
    assert [[len(batch) for batch in group] for group in groups_of(writes)] == [[200] * 5]


class NoDescribe:
    """Stands where a schema is not to be asked."""

    def relationship(self, object: str, field: str) -> str | None:
        raise AssertionError(f"{object}.{field} needs no describe")

    def children(self, object: str) -> dict[str, str]:
        raise AssertionError(f"{object} needs no describe")


def test_a_list_that_every_organisation_has_needs_no_describe() -> None:
    selection = select(["Name", "OpportunityLineItems.Quantity"], "Opportunity", NoDescribe())
    assert (selection.paths, selection.children) == (("Name",), {"OpportunityLineItems": ("Quantity",)})


class Described(NoDescribe):
    """Stands where the schema is."""

    def children(self, object: str) -> dict[str, str]:
        return {"OpportunityLineItems": "OpportunityLineItem", "Own__r": "Own__c"}


def test_paths_through_other_relationships_are_looked_up() -> None:
    paths = ["OpportunityLineItems.Quantity", "Own__r.Name", "Account.Name"]
    selection = select(paths, "Opportunity", Described())
    assert selection.paths == ("Account.Name",)
    assert selection.children == {"OpportunityLineItems": ("Quantity",), "Own__r": ("Name",)}


def test_a_reference_by_id_needs_no_describe() -> None:
    item = Write("w", "Contact", "update", "Key__c", "k", "003x", {"AccountId": Ref("Account", native_id="001x")})
    assert payload(item, NoDescribe()) == {"attributes": {"type": "Contact"}, "AccountId": "001x", "id": "003x"}


def test_child_lists_become_one_sub_select_each_with_their_ids() -> None:
    selection = Selection(("Name", "Account.Name"), {"Lines": ("Quantity", "Product2.Name"), "Notes": ("Id", "Title")})
    assert selection.soql("Opportunity") == (
        "SELECT Id, SystemModstamp, LastModifiedById, Name, Account.Name, "
        "(SELECT Id, Quantity, Product2.Name FROM Lines), (SELECT Id, Title FROM Notes) FROM Opportunity"
    )


def test_timestamps_become_utc_to_the_second_and_other_text_stays() -> None:
    values = ["2026-11-20T10:01:02.000+0000", "2026-11-20", "12.50", True, None, "at 2026-11-20T10:01:02.000+0000"]
    assert [text(value) for value in values] == [
        "2026-11-20T10:01:02Z",
        "2026-11-20",
        "12.50",
        "true",
        None,
        "at 2026-11-20T10:01:02.000+0000",
    ]
