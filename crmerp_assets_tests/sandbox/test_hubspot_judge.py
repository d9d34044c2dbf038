"""The `hubspot-api-client` package from PyPI, HubSpot's own, unchanged, works against the sandbox over TLS."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.companies import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts import ApiException as ContactException
from hubspot.crm.objects import ApiException as ObjectException
from hubspot.crm.properties import PropertyCreate, PropertyGroupCreate
from hubspot.discovery.discovery_base import DiscoveryBase
from urllib3.util.retry import Retry

from crmerp_assets.sandbox.hubspot import HubSpotSandbox

EXT = PropertyCreate(
    name="ext", label="Ext", type="string", field_type="text", group_name="sync", has_unique_value=True
)


class Judges:
    """Clients whose connections are closed in the end; by itself the package leaves that to the interpreter."""

    def __init__(self, sandbox: HubSpotSandbox) -> None:
        self._where = {"host": sandbox.url, "ssl_ca_cert": str(sandbox.ca_file)}
        self._pools: list[Any] = []

    def __call__(self, access_token: str | None = None) -> HubSpot:
        return HubSpot(access_token=access_token, api_factory=self._api, **self._where)

    def _api(self, package: Any, name: str, config: dict[str, Any]) -> Any:
        made = DiscoveryBase._default_api_factory(package, name, config)
        made.api_client.set_default_header("Connection", "close")
        self._pools.append(made.api_client.rest_client.pool_manager)
        return made

    def close(self) -> None:
        for pool in self._pools:
            pool.clear()


@pytest.fixture
def sandbox(tmp_path) -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(tmp_path, tls=True) as started:
        yield started


@pytest.fixture
def judges(sandbox) -> Iterator[Judges]:
    made = Judges(sandbox)
    yield made
    made.close()


@pytest.fixture
def judge(sandbox, judges) -> HubSpot:
    judge = judges(sandbox.credentials["HUBSPOT_TOKEN"])
    provision(judge)
    return judge


def provision(judge: HubSpot) -> None:
    judge.crm.properties.groups_api.create("companies", PropertyGroupCreate(name="sync", label="Sync"))
    judge.crm.properties.core_api.create("companies", EXT)


def create(judge: HubSpot, **properties: str):
    asked = SimplePublicObjectInputForCreate(properties=properties, associations=[])
    return judge.crm.companies.basic_api.create(asked)


def test_records_are_made_read_changed_and_archived(judge):
    companies = judge.crm.companies.basic_api
    made = create(judge, name="Acme", ext="A-1", annualrevenue="17")
    assert made.properties["annualrevenue"] == "17"
    assert companies.get_by_id(made.id).properties.keys() == {
        *("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id")
    }
    assert companies.get_by_id("A-1", id_property="ext", properties=["ext", "phone"]).properties["phone"] is None
    companies.update(made.id, SimplePublicObjectInput(properties={"name": "Acme Inc"}))
    assert companies.get_by_id(made.id).properties["name"] == "Acme Inc"
    companies.archive(made.id)
    with pytest.raises(ApiException) as refused:
        companies.get_by_id(made.id)
    assert refused.value.status == 404
    assert [one.id for one in companies.get_page(archived=True).results] == [made.id]


def test_a_contact_with_a_used_address_is_named(judge):
    def contact():
        asked = SimplePublicObjectInputForCreate(properties={"email": "Ann@Example.com"}, associations=[])
        return judge.crm.contacts.basic_api.create(asked)

    made = contact()
    with pytest.raises(ContactException) as refused:
        contact()
    assert refused.value.status == 409
    assert json.loads(refused.value.body)["message"] == f"Contact already exists. Existing ID: {made.id}"


def test_batches_answer_out_of_order_and_row_by_row(judge):
    batch = judge.crm.companies.batch_api
    rows = [
        {"id": f"A-{n}", "idProperty": "ext", "properties": {"name": f"N{n}"}, "objectWriteTraceId": str(n)}
        for n in range(3)
    ]
    made = batch.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows))
    assert [one.new for one in made.results] == [True] * 3
    assert sorted(one.object_write_trace_id for one in made.results) == ["0", "1", "2"]
    again = batch.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows))
    assert [one.new for one in again.results] == [False] * 3
    created = batch.create(
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                {"properties": {"name": "B"}, "associations": [], "objectWriteTraceId": "b"},
                {"properties": {"annualrevenue": "much"}, "associations": [], "objectWriteTraceId": "c"},
            ]
        )
    )
    assert [one.object_write_trace_id for one in created.results] == ["b"]
    assert created.num_errors == 1
    assert created.errors[0].context["objectWriteTraceId"] == ["c"]
    read = batch.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[{"id": "A-1"}, {"id": "A-9"}],
            id_property="ext",
            properties=["name"],
            properties_with_history=[],
        )
    )
    assert [one.properties["name"] for one in read.results] == ["N1"]
    assert read.errors[0].context["ids"] == ["A-9"]


def test_one_bad_row_spoils_a_batch_without_trace_ids(judge):
    rows = [
        {"id": create(judge, name=f"C{n}").id, "properties": {"annualrevenue": text}}
        for n, text in ((1, "1"), (2, "x"))
    ]
    with pytest.raises(ApiException) as refused:
        judge.crm.companies.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=rows))
    assert refused.value.status == 400
    assert json.loads(refused.value.body)["category"] == "VALIDATION_ERROR"
    assert all(
        one.properties["annualrevenue"] is None
        for one in judge.crm.companies.basic_api.get_page(properties=["annualrevenue"]).results
    )


def test_search_filters_sorts_and_ends_at_its_wall(judge):
    for n in range(3):
        create(judge, name=f"Acme {n}")
    search = judge.crm.companies.search_api
    filters = [{"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "Acme*"}]
    sorts = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]
    asked = {"filter_groups": [{"filters": filters}], "sorts": sorts, "properties": ["name"]}
    page = search.do_search(PublicObjectSearchRequest(limit=2, after="0", **asked))
    assert (page.total, len(page.results), page.paging.next.after) == (3, 2, "2")
    with pytest.raises(ApiException) as refused:
        search.do_search(PublicObjectSearchRequest(limit=200, after="9900", **asked))
    assert refused.value.status == 400


def test_a_merge_leaves_a_third_record(judge):
    one, other = create(judge, name="One", ext="1"), create(judge, name="Other", ext="2")
    merged = judge.crm.companies.basic_api.merge(
        PublicMergeInput(primary_object_id=one.id, object_id_to_merge=other.id)
    )
    assert merged.id not in (one.id, other.id)
    for old in (one.id, other.id):
        found = judge.crm.companies.basic_api.get_by_id(old, properties=["ext", "hs_merged_object_ids"])
        assert found.id == merged.id
        assert found.properties["ext"] == "1"
        assert set(found.properties["hs_merged_object_ids"].split(";")) == {one.id, other.id}


def test_deals_lines_pipelines_and_associations(judge):
    company = create(judge, name="Acme")
    (pipeline,) = judge.crm.pipelines.pipelines_api.get_all("deals").results
    won = next(stage.id for stage in pipeline.stages if stage.metadata["probability"] == "1.0")
    link = [{"to": {"id": company.id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]}]
    deal = judge.crm.deals.basic_api.create(
        {"properties": {"dealname": "Big", "dealstage": won, "amount": "20"}, "associations": link}
    )
    line_link = [
        {"to": {"id": deal.id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 20}]}
    ]
    line = judge.crm.line_items.basic_api.create(
        {"properties": {"quantity": "2", "price": "10"}, "associations": line_link}
    )
    assert line.properties["amount"] == "20.00"
    links = judge.crm.associations.v4
    read = links.batch_api.get_page(
        "deals", "companies", BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": deal.id}])
    )
    (target,) = read.results[0].to
    assert str(target.to_object_id) == company.id
    assert sorted((spec.type_id, spec.label) for spec in target.association_types) == [(5, "Primary"), (341, None)]
    bare = links.batch_api.get_page(
        "companies", "contacts", BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": company.id}])
    )
    (nothing,) = bare.errors
    assert (bare.results, nothing.category, nothing.context["fromObjectId"]) == ([], "OBJECT_NOT_FOUND", [company.id])
    page = links.basic_api.get_page("deals", deal.id, "line_items")
    assert [str(one.to_object_id) for one in page.results] == [line.id]
    won_deal = judge.crm.deals.basic_api.get_by_id(deal.id, properties=["hs_is_closed_won", "closedate"])
    assert won_deal.properties["hs_is_closed_won"] == "true"
    assert won_deal.properties["closedate"]


def test_a_refresh_token_gives_access(sandbox, judges):
    given = sandbox.credentials
    answer = judges().oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id=given["HUBSPOT_CLIENT_ID"],
        client_secret=given["HUBSPOT_CLIENT_SECRET"],
        refresh_token=given["HUBSPOT_REFRESH_TOKEN"],
    )
    assert judges(answer.access_token).crm.companies.basic_api.get_page().results == []


def test_a_search_too_many_is_told_by_its_policy(judge):
    judge.config["retry"] = Retry(0)
    asked = PublicObjectSearchRequest(limit=1, after="0", filter_groups=[], sorts=[], properties=[])
    with pytest.raises(ApiException) as refused:
        [judge.crm.companies.search_api.do_search(asked) for _ in range(30)]
    assert refused.value.status == 429
    assert json.loads(refused.value.body)["policyName"] == "SECONDLY"


def associated(**targets: str) -> list[dict[str, Any]]:
    """`_507=contact`: type ids, which lead from the record that is made, to ids."""
    return [
        {"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": int(kind[1:])}]}
        for kind, to in targets.items()
    ]


def made(judge: HubSpot, object: str, associations: list[dict[str, Any]] | None = None, **properties: str) -> str:
    body = {"properties": properties, "associations": associations or []}
    return str(judge.crm.objects.basic_api.create(object, body).id)


def kinds(judge: HubSpot, object: str, id_: str, to: str) -> list[tuple[str, list[int]]]:
    page = judge.crm.associations.v4.basic_api.get_page(object, id_, to)
    return [(str(one.to_object_id), [spec.type_id for spec in one.association_types]) for one in page.results]


@pytest.mark.parametrize(
    ("object", "there"),
    [
        ("orders", {"contacts": (507, 508), "companies": (509, 510), "deals": (512, 511), "line_items": (513, 514)}),
        ("invoices", {"contacts": (177, 178), "companies": (179, 180), "deals": (175, 176), "line_items": (409, 410)}),
    ],
)
def test_orders_and_invoices_are_made_with_their_associations(judge, object, there):
    needed = {"deals": {"dealstage": "closedwon"}, "invoices": {"hs_currency": "EUR"}}
    ids = {to: made(judge, to, **needed.get(to, {})) for to in there}
    links = associated(**{f"_{there[to][0]}": id_ for to, id_ in ids.items()})
    document = made(judge, object, links, **needed.get(object, {}))
    for to, (forth, back) in there.items():
        assert kinds(judge, object, document, to) == [(ids[to], [forth])]
        assert kinds(judge, to, ids[to], object) == [(document, [back])]
        with pytest.raises(ObjectException):
            made(judge, object, associated(**{f"_{back}": ids[to]}), **needed.get(object, {}))
    assert len(judge.crm.objects.basic_api.get_page(object).results) == 1


@pytest.mark.parametrize("object", ["orders", "invoices"])
def test_orders_and_invoices_are_upserted_by_a_unique_property(judge, object):
    judge.crm.properties.groups_api.create(object, PropertyGroupCreate(name="sync", label="Sync"))
    judge.crm.properties.core_api.create(object, EXT)
    values = {"hs_currency": "EUR"} if object == "invoices" else {"hs_order_name": "O"}
    rows = [{"id": f"E-{n}", "idProperty": "ext", "properties": values} for n in range(3)]
    batch = judge.crm.objects.batch_api
    first, again = (batch.upsert(object, {"inputs": rows}) for _ in range(2))
    assert [one.new for one in (*first.results, *again.results)] == [True] * 3 + [False] * 3
    assert len(judge.crm.objects.basic_api.get_page(object).results) == 3


def test_an_invoice_is_a_draft_and_billable_unless_it_says_otherwise(judge):
    with pytest.raises(ObjectException) as refused:
        made(judge, "invoices", hs_number="1")
    assert "hs_currency" in refused.value.body
    with pytest.raises(ObjectException) as refused:
        made(judge, "invoices", hs_currency="EUR", hs_balance_due="5")
    assert "READ_ONLY_VALUE" in refused.value.body
    invoice = made(judge, "invoices", hs_currency="EUR", hs_amount_billed="5", hs_due_date="2026-07-01")
    names = ["hs_invoice_status", "hs_invoice_billable", "hs_amount_billed", "hs_due_date"]
    found = judge.crm.objects.basic_api.get_by_id("invoices", invoice, properties=names).properties
    assert [found[name] for name in names] == ["draft", "true", "5", "2026-07-01T00:00:00.000Z"]


def test_a_billable_invoice_leaves_draft_with_a_contact_and_a_line_item_only(judge):
    def status(invoice: str, **values: str) -> None:
        judge.crm.objects.basic_api.update("invoices", invoice, {"properties": values})

    contact, line = made(judge, "contacts", lastname="Lee"), made(judge, "line_items", quantity="1")
    bare = made(judge, "invoices", hs_currency="EUR")
    with pytest.raises(ObjectException) as refused:
        status(bare, hs_invoice_status="open")
    told = json.loads(refused.value.body)
    assert (refused.value.status, told["category"]) == (400, "VALIDATION_ERROR")
    assert all(name in told["message"] for name in ("INVOICE_TO_CONTACT", "INVOICE_TO_LINE_ITEM"))
    with pytest.raises(ObjectException, match="INVOICE_TO_LINE_ITEM"):
        made(judge, "invoices", associated(_177=contact), hs_currency="EUR", hs_invoice_status="open")
    both = associated(_177=contact, _409=line)
    assert made(judge, "invoices", both, hs_currency="EUR", hs_invoice_status="open")
    assert made(judge, "invoices", hs_currency="EUR", hs_invoice_status="open", hs_invoice_billable="false")
    status(bare, hs_invoice_billable="false", hs_invoice_status="paid")
    shown = judge.crm.objects.basic_api.get_by_id("invoices", bare, properties=["hs_invoice_status"])
    assert shown.properties["hs_invoice_status"] == "paid"
    assert len(judge.crm.objects.basic_api.get_page("invoices").results) == 3


def test_an_object_that_the_portal_lacks_is_like_an_unknown_one(judge, sandbox):
    order, company = made(judge, "orders", hs_order_name="O"), made(judge, "companies", name="Acme")
    portal_has(sandbox, absent=["orders"])
    asked: list[Callable[[], Any]] = [
        lambda: made(judge, "orders", hs_order_name="O"),
        lambda: judge.crm.objects.basic_api.get_by_id("orders", order),
        lambda: judge.crm.objects.search_api.do_search("orders", {"filterGroups": []}),
        lambda: judge.crm.properties.core_api.get_all("orders"),
        lambda: judge.crm.associations.v4.basic_api.get_page("companies", company, "orders"),
    ]
    for call in asked:
        with pytest.raises(Exception, match="Unable to infer object type from: orders") as refused:
            call()
        assert refused.value.status == 400
    assert made(judge, "invoices", hs_currency="EUR")
    portal_has(sandbox, absent=[])
    assert judge.crm.objects.basic_api.get_by_id("orders", order).id == order


def portal_has(sandbox: HubSpotSandbox, absent: list[str]) -> None:
    answer = httpx.post(
        f"{sandbox.url}/_sandbox/settings", json={"objects_absent": absent}, verify=str(sandbox.ca_file)
    )
    answer.raise_for_status()
