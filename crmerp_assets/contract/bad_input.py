"""What every connector does when the system, its administrator or something in between turns on it.

Each time: an error that says what, of which record or field, and what to do now; what was sound goes through; nothing
is lost or there twice; and work goes on once the cause is gone.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError, Rejected, Transient, Unknown
from crmerp_assets.connectors.protocol import Connector, Result
from crmerp_assets.contract.case import Change, Changed, ConnectorCase
from crmerp_assets.contract.distrusted import distrusted_server

ALWAYS = 99
"""More often than a connector tries."""
STRANGE = ["html", "truncated", "wrong_type", "redirect"]
ADVICE = (
    "again",
    "correct",
    "create",
    "check",
    "give",
    "grant",
    "provision",
    "settle",
    "make a new",
    "install",
    "fill",
    "choose",
)


@pytest.mark.parametrize("strange", STRANGE)
def test_a_page_that_is_no_answer_is_told_and_the_pull_resumes_behind_the_last(
    case: ConnectorCase, connector: Connector, strange: str
) -> None:
    ids = case.admin.seed(case.object, case.seed(2 * case.page_size + 7))
    pages = connector.pull(case.object, case.fields, None)
    first = next(pages)
    case.admin.fault(strange, case.any_read, times=ALWAYS)
    with pytest.raises((Transient, ConfigError)) as told:
        list(pages)
    says_what_now(told.value)
    case.admin.no_faults()
    rest = [row for page in connector.pull(case.object, case.fields, first.cursor) for row in page.rows]
    assert sorted(str(row["_id"]) for row in [*first.rows, *rest]) == sorted(ids)


@pytest.mark.parametrize("strange", STRANGE)
def test_an_answer_to_a_write_that_is_none_never_passes_for_done_and_nothing_is_made_twice(
    case: ConnectorCase, connector: Connector, strange: str
) -> None:
    """What was not applied is never called done, and what may have been applied never failed."""
    writes = [case.create(number) for number in range(3)]
    case.admin.fault(strange, case.push_call, times=ALWAYS)
    results = connector.push(case.object, writes)
    case.admin.no_faults()
    found = connector.find_by_key(case.object, case.key_field, [write.key for write in writes])
    for write, result in zip(writes, results, strict=True):
        assert result.error is None or isinstance(result.error, Unknown | Transient | ConfigError)
        assert write.key in found if result.error is None else says_what_now(result.error)
        assert isinstance(result.error, Unknown) or result.error is None or write.key not in found
    again = connector.push(case.object, [write for write in writes if write.key not in found])
    assert [result.error for result in again if result.error] == []
    assert case.admin.count(case.object) == 3


def test_an_update_whose_answer_is_a_page_is_unknown_and_can_be_sent_again(
    case: ConnectorCase, connector: Connector
) -> None:
    (made,) = connector.push(case.object, [case.create(1)])
    update = case.update(1, str(made.native_id), "Changed by us")
    case.admin.fault("html", case.push_call, times=ALWAYS)
    (result,) = connector.push(case.object, [update])
    assert isinstance(result.error, Unknown)
    case.admin.no_faults()
    assert [one.error for one in connector.push(case.object, [update])] == [None]
    (row,) = connector.fetch(case.object, case.fields, [str(made.native_id)])
    assert row[case.text_field] == "Changed by us"


def test_a_token_that_expires_between_two_pages_is_replaced_and_no_row_is_lost(
    case: ConnectorCase, connector: Connector
) -> None:
    ids = case.admin.seed(case.object, case.seed(2 * case.page_size + 7))
    pages = connector.pull(case.object, case.fields, None)
    first = next(pages)
    case.admin.fault("revoke", case.any_read)
    rows = [*first.rows, *(row for page in pages for row in page.rows)]
    assert sorted(str(row["_id"]) for row in rows) == sorted(ids)


def test_credentials_revoked_for_good_between_two_pages_are_told_and_the_pull_resumes(
    case: ConnectorCase, connector: Connector
) -> None:
    ids = case.admin.seed(case.object, case.seed(2 * case.page_size + 7))
    pages = connector.pull(case.object, case.fields, None)
    first = next(pages)
    case.admin.fault("revoke", case.any_read, times=ALWAYS)
    with pytest.raises(AuthFailed) as told:
        list(pages)
    says_what_now(told.value)
    case.admin.no_faults()
    rest = [row for page in connector.pull(case.object, case.fields, first.cursor) for row in page.rows]
    assert sorted(str(row["_id"]) for row in [*first.rows, *rest]) == sorted(ids)


def test_a_right_that_is_withdrawn_is_named_and_writes_go_through_once_it_is_back(
    case: ConnectorCase, connector: Connector
) -> None:
    refused_until_undone(case, connector, "right", ConfigError)


def test_a_field_that_is_removed_is_named_and_the_other_records_go_through(
    case: ConnectorCase, connector: Connector
) -> None:
    change = refused_until_undone(case, connector, "field", (ConfigError, Rejected))
    change.apply()
    with pytest.raises(ConfigError, match=change.named) as told, closing(case.connect()) as later:
        list(later.pull(case.object, (*case.fields, change.named), None))
    says_what_now(told.value)


def test_a_value_taken_off_a_list_is_told_with_its_field_and_the_other_records_go_through(
    case: ConnectorCase, connector: Connector
) -> None:
    refused_until_undone(case, connector, "value", Rejected)


def test_a_field_that_an_administrator_requires_is_named_and_the_other_records_go_through(
    case: ConnectorCase, connector: Connector
) -> None:
    refused_until_undone(case, connector, "required", Rejected)


def test_a_certificate_that_nobody_vouches_for_is_told_and_nothing_is_sent(case: ConnectorCase, tmp_path: Path) -> None:
    assert case.connect_to is not None, f"{case.system} needs connect_to"
    with (
        distrusted_server(tmp_path) as url,
        closing(case.connect_to(url)) as connector,
        pytest.raises(ConfigError, match="certificate") as told,
    ):
        list(connector.pull(case.object, case.fields, None))
    assert "ca_file" in str(told.value)


def refused_until_undone(
    case: ConnectorCase, connector: Connector, name: Changed, kinds: type[ConnectorError] | tuple[type, ...]
) -> Change:
    """The change stops what it concerns, by name, and nothing else; when it is undone, everything goes through."""
    assert name in case.changes, f"{case.system} has no change of a {name}"
    change = case.changes[name]
    (before,) = connector.push(case.object, [change.write(0)])
    assert before.error is None
    sound = [change.sound(number) for number in (1, 3)] if change.sound else []
    writes = [*sound[:1], change.write(2), *sound[1:]]
    change.apply()
    try:
        refused = {result.write_id: result for result in pushed_or_refused(connector, case.object, writes)}
    finally:
        change.undo()
    error = refused[change.write(2).id].error
    assert isinstance(error, kinds)
    assert error is not None
    assert change.named in str(error)
    says_what_now(error)
    assert [refused[write.id].error for write in sound] == [None] * len(sound)
    again = connector.push(case.object, writes)
    assert [result.error for result in again] == [None] * len(writes)
    assert case.admin.count(case.object) == 1 + len(writes)
    return change


def pushed_or_refused(connector: Connector, object: str, writes: list) -> list[Result]:  # type: ignore[type-arg]
    """The results; where the push as a whole is refused, as it may be for a missing right, that of each."""
    try:
        return connector.push(object, writes)
    except ConfigError as error:
        return [Result(write.id, write.native_id, error) for write in writes]


def says_what_now(error: ConnectorError) -> bool:
    """An error's sentence ends in what to do."""
    assert any(word in str(error) for word in ADVICE), str(error)
    return True
