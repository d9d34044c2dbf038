"""Odoo as a CRM in the connector contract: opportunities, keyed by their external ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from crmerp_assets.connectors.odoo import OdooCrmConnector
from crmerp_assets.connectors.protocol import FieldSpec, Write
from crmerp_assets.contract.case import Admin, ConnectorCase, Gap
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets_tests.contract.odoo_case import KEY, SEEDED_AT, Person, changes, connector_to, provision

OBJECT = "crm.lead"
TIER_SPEC = FieldSpec(OBJECT, "x_tier", "Tier", "text", length=40)
LOST = Gap(AssertionError, "Odoo deletes an opportunity that is merged away together with its external id")


@contextmanager
def odoo_crm_case(directory: Path) -> Iterator[ConnectorCase]:
    with OdooSandbox(directory / "odoo") as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox, admin)
        connect = connector_to(sandbox, OdooCrmConnector)
        provision(connect, TIER_SPEC)
        yield ConnectorCase(
            system="odoo_crm",
            admin=admin,
            connect=connect,
            object=OBJECT,
            key_field=KEY,
            text_field="name",
            fields=("name", "deal.amount", KEY),
            page_size=1000,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.call(OBJECT, "write", [[int(native_id)], {"name": text}]),
            delete=lambda native_id: person.call(OBJECT, "unlink", [[int(native_id)]]),
            merge=partial(merge, person),
            missing_field="shoe_size",
            next_page=r"POST /json/2/crm\.lead/search_read",
            any_read=r"POST /json/2/crm\.lead/search_read",
            push_call=r"POST /json/2/crm\.lead/load",
            # a page, its keys, its orders, and the next page, which is empty
            pull_calls=lambda count: 4 * -(-count // 1000),
            find_calls=lambda count: -(-count // 1000),
            # which version it is, and the fields of an opportunity, are asked once
            create_calls=lambda count: 2 + -(-count // 200),
            update_calls=lambda count: -(-count // 200),
            throttle_wait=3.0,
            secrets=(sandbox.credentials["ODOO_API_KEY"], person.key),
            changes=changes(admin, TIER_SPEC, create, connect),
            connect_to=lambda url: connector_to(sandbox, OdooCrmConnector, url=url, verify=True)(),
            hasty=lambda seconds: connect(timeout=seconds),
            gaps={"test_a_merge_names_its_winner": LOST},
        )
        person.close()
        admin.close()


def merge(person: Person, winner: str, loser: str) -> None:
    made = person.call("crm.merge.opportunity", "create", [{"opportunity_ids": [[6, 0, [int(winner), int(loser)]]]}])
    person.call("crm.merge.opportunity", "action_merge", [[made]])


def seed(count: int) -> list[dict[str, Any]]:
    """Three deals a second, so that pages end within one; each with a key, as every linked record has."""
    return [
        {
            "name": f"Deal {number:05}",
            "expected_revenue": 100.0,
            "xml_id": f"__crmerp__.seeded-{number:05}",
            "write_date": (SEEDED_AT + timedelta(seconds=number // 3)).strftime("%Y-%m-%d %H:%M:%S"),
        }
        for number in range(count)
    ]


def create(number: int) -> Write:
    values = {"name": f"Deal {number}", "deal.amount": Decimal("100.50")}
    return Write(f"create-{number}", OBJECT, "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", OBJECT, "update", KEY, f"golden-{number:05}", native_id, {"name": text})


def bad(number: int) -> Write:
    """A deal without a name, with the same columns as the others."""
    return replace(create(number), id=f"bad-{number}", values={"name": "", "deal.amount": Decimal(1)})
