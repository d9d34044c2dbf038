"""What every connector promises, checked against a sandbox of its system.

A test module imports everything from here and gives the fixture `case`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from crmerp_assets.connectors.errors import ConfigError, Gone, Rejected, Unknown
from crmerp_assets.connectors.protocol import Connector, Needs, Page, Row
from crmerp_assets.contract.bad_input import *  # noqa: F403
from crmerp_assets.contract.case import ConnectorCase
from crmerp_assets.contract.exactly_once import *  # noqa: F403
from crmerp_assets.contract.frugal import *  # noqa: F403


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def connector(case: ConnectorCase, pauses: list[float]) -> Iterator[Connector]:
    made = case.connect(sleep=pauses.append)
    yield made
    made.close()


def pulled(connector: Connector, case: ConnectorCase, since: str | None = None) -> tuple[list[Row], str]:
    pages = list(connector.pull(case.object, case.fields, since))
    return [row for page in pages for row in page.rows], pages[-1].cursor


def ids_of(rows: list[Row]) -> list[str]:
    return [str(row["_id"]) for row in rows]


def test_a_pull_gives_every_record_once(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(case.page_size + 7))
    rows, _ = pulled(connector, case)
    assert sorted(ids_of(rows)) == sorted(ids)
    assert all({*case.fields, "_id", "_modified", "_modified_by"} <= row.keys() for row in rows)


def test_pages_cover_everything_though_records_change_between_them(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(2 * case.page_size + 7))
    pages = connector.pull(case.object, case.fields, None)
    first = next(pages)
    read = ids_of(first.rows)
    unread = sorted(set(ids) - set(read))
    edited = {read[0], read[-1], unread[0], unread[-1]}
    for native_id in sorted(edited):
        case.edit(native_id, "Changed meanwhile")
    rest = list(pages)
    rows = [*first.rows, *(row for page in rest for row in page.rows)]
    assert set(ids_of(rows)) == set(ids)
    steady = [native_id for native_id in ids_of(rows) if native_id not in edited]
    assert len(steady) == len(set(steady))
    later, _ = pulled(connector, case, rest[-1].cursor)
    final = {str(row["_id"]): row[case.text_field] for row in [*rows, *later]}
    assert {final[native_id] for native_id in edited} == {"Changed meanwhile"}


def test_a_pages_cursor_resumes_at_the_next(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(case.page_size + 7))
    first: Page = next(iter(connector.pull(case.object, case.fields, None)))
    rest, _ = pulled(connector, case, first.cursor)
    assert sorted(ids_of(first.rows) + ids_of(rest)) == sorted(ids)


@pytest.mark.parametrize(
    ("fault", "which"), [("short_page", "any_read"), ("short_page", "next_page"), ("repeat_page", "next_page")]
)
def test_a_short_or_repeated_page_loses_nothing(
    case: ConnectorCase, connector: Connector, fault: str, which: str
) -> None:
    ids = case.admin.seed(case.object, case.seed(2 * case.page_size + 7))
    case.admin.fault(fault, case.next_page if which == "next_page" else case.any_read)
    rows, _ = pulled(connector, case)
    assert sorted(ids_of(rows)) == sorted(ids)


def test_an_incremental_pull_gives_what_changed(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(20))
    _, cursor = pulled(connector, case)
    case.edit(ids[3], "Changed by a person")
    rows, _ = pulled(connector, case, cursor)
    assert [(row["_id"], row[case.text_field]) for row in rows] == [(ids[3], "Changed by a person")]


@pytest.mark.parametrize("offset", [-7200, 7200])
def test_the_cursor_follows_the_servers_clock(case: ConnectorCase, connector: Connector, offset: int) -> None:
    ids = case.admin.seed(case.object, case.seed(5))
    case.admin.clock(offset)
    _, cursor = pulled(connector, case)
    case.edit(ids[0], "Changed by a person")
    rows, cursor = pulled(connector, case, cursor)
    assert ids_of(rows) == [ids[0]]


def test_changes_after_the_servers_clock_was_set_back_are_read(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(5))
    case.admin.clock(7200)
    _, cursor = pulled(connector, case)
    case.admin.clock(0)
    case.edit(ids[1], "Changed by a person")
    with closing(case.connect()) as later:
        rows, _ = pulled(later, case, cursor)
    assert (ids[1], "Changed by a person") in [(row["_id"], row[case.text_field]) for row in rows]


def test_a_record_committed_late_is_found(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(5))
    _, cursor = pulled(connector, case)
    case.admin.late(case.object, ids[2], seconds_ago=300)
    rows, _ = pulled(connector, case, cursor)
    assert ids_of(rows) == [ids[2]]


def test_a_field_that_is_missing_is_named(case: ConnectorCase, connector: Connector) -> None:
    with pytest.raises(ConfigError, match=case.missing_field):
        list(connector.pull(case.object, (case.missing_field,), None))


def test_a_throttled_call_waits_as_told(case: ConnectorCase, connector: Connector, pauses: list[float]) -> None:
    ids = case.admin.seed(case.object, case.seed(3))
    case.admin.fault("throttle", case.any_read, times=2)
    rows, _ = pulled(connector, case)
    assert sorted(ids_of(rows)) == sorted(ids)
    assert pauses == [case.throttle_wait] * 2


def test_a_revoked_token_is_replaced_without_a_word(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(3))
    pulled(connector, case)
    case.admin.fault("revoke", case.any_read)
    rows, _ = pulled(connector, case)
    assert sorted(ids_of(rows)) == sorted(ids)


def test_one_rejected_record_does_not_fail_its_batch(case: ConnectorCase, connector: Connector) -> None:
    writes = [case.create(number) for number in range(9)]
    writes[4] = case.bad(4)
    results = connector.push(case.object, writes)
    assert [result.write_id for result in results] == [write.id for write in writes]
    assert [result.error is None for result in results] == [number != 4 for number in range(9)]
    assert isinstance(results[4].error, Rejected)
    assert case.admin.count(case.object) == 8


def test_a_repeated_push_with_the_same_key_makes_nothing_new(case: ConnectorCase, connector: Connector) -> None:
    writes = [case.create(number) for number in range(6)]
    first = connector.push(case.object, writes)
    with closing(case.connect()) as another:
        again = another.push(case.object, writes)
    assert [result.error for result in first + again] == [None] * 12
    assert [result.native_id for result in first] == [result.native_id for result in again]
    assert case.admin.count(case.object) == 6


def test_two_writes_with_the_same_key_in_one_push_make_one_record(case: ConnectorCase, connector: Connector) -> None:
    writes = [case.create(1), case.create(2), replace(case.create(1), id="again")]
    results = connector.push(case.object, writes)
    assert [result.error for result in results] == [None] * 3
    assert [result.write_id for result in results] == [write.id for write in writes]
    assert results[0].native_id == results[2].native_id
    assert case.admin.count(case.object) == 2


@pytest.mark.parametrize("count", [2, 12])
def test_a_push_that_was_applied_and_cut_is_recognised(case: ConnectorCase, connector: Connector, count: int) -> None:
    writes = [case.create(number) for number in range(count)]
    case.admin.fault("cut_after", case.push_call, times=count)
    results = connector.push(case.object, writes)
    unknown = [write for write, result in zip(writes, results, strict=True) if isinstance(result.error, Unknown)]
    assert unknown
    assert all(result.error is None or isinstance(result.error, Unknown) for result in results)
    found = connector.find_by_key(case.object, case.key_field, [write.key for write in writes], case.fields)
    assert set(found) == {write.key for write in writes}
    assert case.admin.count(case.object) == count


def test_a_push_that_was_cut_before_it_arrived_is_unknown_and_not_found(
    case: ConnectorCase, connector: Connector
) -> None:
    case.admin.fault("cut_before", case.push_call)
    (result,) = connector.push(case.object, [case.create(1)])
    assert isinstance(result.error, Unknown)
    assert connector.find_by_key(case.object, case.key_field, [case.create(1).key]) == {}


def test_an_update_changes_what_it_names(case: ConnectorCase, connector: Connector) -> None:
    (made,) = connector.push(case.object, [case.create(1)])
    assert made.native_id is not None
    (result,) = connector.push(case.object, [case.update(1, made.native_id, "Changed by us")])
    assert (result.error, result.native_id) == (None, made.native_id)
    (row,) = connector.fetch(case.object, case.fields, [made.native_id])
    assert row[case.text_field] == "Changed by us"


def test_an_update_of_a_deleted_record_says_that_it_is_gone(case: ConnectorCase, connector: Connector) -> None:
    made = connector.push(case.object, [case.create(1), case.create(2)])
    case.delete(str(made[0].native_id))
    results = connector.push(
        case.object, [case.update(number, str(made[number].native_id), "Changed by us") for number in (0, 1)]
    )
    assert isinstance(results[0].error, Gone)
    assert results[1].error is None


def test_records_are_found_by_key_and_by_id(case: ConnectorCase, connector: Connector) -> None:
    writes = [case.create(number) for number in range(5)]
    ids = [str(result.native_id) for result in connector.push(case.object, writes)]
    found = connector.find_by_key(
        case.object, case.key_field, [*(write.key for write in writes), "nobody"], case.fields
    )
    assert {key: row["_id"] for key, row in found.items()} == dict(
        zip([write.key for write in writes], ids, strict=True)
    )
    fetched = {str(row["_id"]): row for row in connector.fetch(case.object, case.fields, ids)}
    for row in found.values():
        assert {name: fetched[str(row["_id"])][name] for name in case.fields} == {
            name: row[name] for name in case.fields
        }
    assert sorted(connector.ids(case.object)) == sorted(ids)


def test_deletions_are_seen(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(4))
    _, cursor = connector.deletions(case.object, None)
    case.delete(ids[1])
    deletions, cursor = connector.deletions(case.object, cursor)
    assert [(deletion.native_id, deletion.merged_into) for deletion in deletions] == [(ids[1], None)]
    assert sorted(connector.ids(case.object)) == sorted(set(ids) - {ids[1]})
    assert connector.fetch(case.object, case.fields, [ids[1]]) == []


def test_a_merge_names_its_winner(case: ConnectorCase, connector: Connector) -> None:
    ids = case.admin.seed(case.object, case.seed(3))
    _, cursor = connector.deletions(case.object, None)
    case.merge(ids[0], ids[2])
    deletions, _ = connector.deletions(case.object, cursor)
    assert [(deletion.native_id, deletion.merged_into) for deletion in deletions] == [(ids[2], ids[0])]


def test_a_connector_counts_the_calls_it_made(case: ConnectorCase, connector: Connector) -> None:
    case.admin.seed(case.object, case.seed(3))
    case.admin.reset_calls()
    pulled(connector, case)
    connector.push(case.object, [case.create(1)])
    assert connector.calls() == case.admin.calls()


def test_no_log_line_holds_a_secret_or_a_value(
    case: ConnectorCase, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ids = case.admin.seed(case.object, case.seed(3))
    case.admin.fault("revoke", case.any_read)
    case.edit(ids[0], "Quite Confidential")
    pulled(connector, case)
    connector.push(case.object, [case.update(0, ids[0], "Quite Confidential Too"), case.bad(1)])
    connector.find_by_key(case.object, case.key_field, [case.create(0).key])
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("crmerp_assets.conn", "http"))]
    assert lines
    for word in (*case.secrets, "Confidential", "Bearer"):
        assert not [line for line in lines if word in line]


def test_a_check_says_what_is_missing_and_what_to_do(case: ConnectorCase, connector: Connector) -> None:
    fields = frozenset(case.fields)
    findings = connector.check({case.object: Needs(fields, frozenset({case.text_field}))})
    assert [finding for finding in findings if not finding.ok] == []
    findings = connector.check({case.object: Needs(frozenset({case.missing_field}))})
    (wrong,) = [finding for finding in findings if not finding.ok]
    assert case.missing_field in wrong.what
    assert wrong.now


def test_a_job_is_told_of_before_its_outcome_and_is_over_once_that_is_known(
    case: ConnectorCase, connector: Connector
) -> None:
    """Where the process dies in between, whoever settles the writes must know what to ask for."""
    told: dict[str, list[str]] = {}
    writes = [case.create(number) for number in range(6)]

    def accepted(write_ids: Sequence[str], job: str) -> None:
        told.setdefault(job, []).extend(write_ids)

    results = connector.push(case.object, writes, accepted)

    assert [result.error for result in results] == [None] * 6
    assert sorted(i for ids in told.values() for i in ids) in ([], sorted(write.id for write in writes))
    assert connector.unfinished([*told, "999999999"] if told else []) == set()
