"""Files in the connector contract: customers of an ERP without an API, keyed by a column of ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from crmerp_assets.connectors.files import Children, FilesConnector, ObjectLayout
from crmerp_assets.connectors.files.reading import PAGE
from crmerp_assets.connectors.protocol import Write
from crmerp_assets.contract.case import Admin, ConnectorCase, Gap
from crmerp_assets.contract.changes import field_changes
from crmerp_assets.sandbox.files import FilesSandbox

KEY = "crmerp_id"
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PATIENCE = 4.0
NO_WINNER = Gap(AssertionError, "an extract shows that a record is gone, never into which it was merged")
NO_WAIT = Gap(AssertionError, "a folder never asks anybody to wait")

NO_LOGIN = Gap(pytest.fail.Exception, "a folder asks for no credentials")
NO_RIGHTS = Gap(AssertionError, "who may write into a folder is the operating system's affair, not the ERP's")
NO_CALLS = Gap(AssertionError, "a folder has no allowance and is not called, so that there is nothing to count")
NO_TLS = Gap(AssertionError, "a folder is mounted, not called")
NO_BETWEEN = Gap(pytest.fail.Exception, "an extract is read as a whole before its first page is given")
NO_SECOND = Gap(
    AssertionError, "a file without an acknowledgement is waited for, whatever it holds, and never sent twice"
)
LOST = Gap(AssertionError, "an import file that vanished is missed for a day before its rows are sent again")
GAPS = {
    "test_every_fault_in_every_form_of_writing_ends_with_one_record_for_each_write": LOST,
    "test_a_merge_names_its_winner": NO_WINNER,
    "test_a_throttled_call_waits_as_told": NO_WAIT,
    "test_everything_is_pulled_in_close_to_the_fewest_pages": NO_CALLS,
    "test_a_thousand_records_take_close_to_the_fewest_calls": NO_CALLS,
    "test_orders_with_their_lines_take_close_to_the_fewest_calls": NO_CALLS,
    "test_a_page_that_is_no_answer_is_told_and_the_pull_resumes_behind_the_last": NO_BETWEEN,
    "test_an_update_whose_answer_is_a_page_is_unknown_and_can_be_sent_again": NO_SECOND,
    "test_credentials_revoked_for_good_between_two_pages_are_told_and_the_pull_resumes": NO_LOGIN,
    "test_a_right_that_is_withdrawn_is_named_and_writes_go_through_once_it_is_back": NO_RIGHTS,
    "test_a_certificate_that_nobody_vouches_for_is_told_and_nothing_is_sent": NO_TLS,
}


def layout(name: str, id_column: str, **more: Any) -> ObjectLayout:
    """The extracts of the sandbox."""
    shape = {"full": f"extracts/{name}_*.csv", "id": id_column, "modified": "changed_at", "modified_by": "changed_by"}
    return ObjectLayout(**{**shape, "control": True, **more})


LINES = Children(pattern="extracts/order_lines_*.csv", parent="order_no")
OBJECTS = {
    "customer": layout("customer", "customer_no"),
    "contact": layout("contact", "contact_no"),
    "item": layout("item", "item_no"),
    "order": layout("order", "order_no", children={"lines": LINES}),
}


@contextmanager
def files_case(directory: Path) -> Iterator[ConnectorCase]:
    with FilesSandbox(directory / "files") as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox.url)
        yield ConnectorCase(
            system="files",
            admin=admin,
            connect=connector_to(sandbox),
            object="customer",
            key_field=KEY,
            text_field="name",
            fields=("name", "phone", KEY),
            page_size=PAGE,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.edit("customer", native_id, {"name": text}),
            delete=lambda native_id: person.delete("customer", native_id),
            merge=lambda winner, loser: person.merge("customer", winner, loser),
            missing_field="shoe_size",
            next_page=r"EXTRACT customer_",
            any_read=r"EXTRACT customer_",
            push_call=r"IMPORT .*customer",
            throttle_wait=0.5,
            secrets=(admin.person(),),
            changes=field_changes(admin, "customer", "terms", create, lambda: admin.field_rule("customer", "terms")),
            gaps=GAPS,
        )
        person.close()
        admin.close()


def connector_to(sandbox: FilesSandbox) -> Callable[..., FilesConnector]:
    def connect(sleep: Callable[[float], None] = time.sleep, overlap_seconds: int = 600) -> FilesConnector:
        def pause(seconds: float) -> None:
            """The ERP takes real time, so that every pause is taken as well as recorded, if shortened."""
            sleep(seconds)
            if sleep is not time.sleep:
                time.sleep(min(seconds, 0.5))

        return FilesConnector(
            "erp",
            sandbox.credentials["FILES_ROOT"],
            OBJECTS,
            clock=lambda: datetime.now(UTC),
            sleep=pause,
            overlap_seconds=overlap_seconds,
            patience=PATIENCE,
        )

    return connect


class Person:
    """Someone at the ERP's screens."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60, verify=False)

    def edit(self, object: str, native_id: str, values: dict[str, Any]) -> None:
        assert self._client.patch(f"/screens/{object}/{native_id}", json=values).status_code == 204

    def delete(self, object: str, native_id: str) -> None:
        assert self._client.delete(f"/screens/{object}/{native_id}").status_code == 204

    def merge(self, object: str, winner: str, loser: str) -> None:
        assert self._client.post(f"/screens/merge/{object}/{winner}/{loser}").status_code == 204

    def close(self) -> None:
        self._client.close()


def seed(count: int) -> list[dict[str, Any]]:
    """Three customers a second."""
    return [
        {
            "name": f"Company {number:05}",
            "changed_at": (SEEDED_AT + timedelta(seconds=number // 3)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for number in range(count)
    ]


def create(number: int) -> Write:
    values = {"name": f"Customer {number}", "phone": "+1 212 555 0100"}
    return Write(f"create-{number}", "customer", "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", "customer", "update", KEY, f"golden-{number:05}", native_id, {"name": text})


def bad(number: int) -> Write:
    return Write(f"bad-{number}", "customer", "create", KEY, f"golden-{number:05}", None, {"phone": "+1 212 555 0100"})
