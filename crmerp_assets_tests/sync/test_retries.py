"""What happens after each error: one table for code and docs, and waiting times that spread.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- a row of the table in docs/operating.md: `test_the_runbook_says_what_the_code_does`
- the class `Gone` in retries.py: `test_every_error_of_a_connector_has_a_class`
- `error.wait` in `wait`: `test_a_throttled_write_never_comes_back_before_it_was_told`
- the intent's own id in `outcome`: `test_a_create_that_failed_takes_no_record_over`
- the exception for `Dependent` in `_again`: `test_what_waits_for_another_record_is_never_given_up`
- `told` in `paused_until`: `test_a_spent_quota_rests_until_the_time_it_names`
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors import errors
from crmerp_assets.connectors.errors import AuthFailed, QuotaSpent, Throttled, Transient
from crmerp_assets.connectors.protocol import Result
from crmerp_assets.merge.policy import Policy, Retries
from crmerp_assets.sync import retries
from crmerp_assets.sync.outcomes import outcome

DOCS = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(retries=Retries(base_seconds=2, max_seconds=100))
IDS = st.integers(0, 0xFFFF).map(lambda n: f"{n:04x}{'0' * 28}")


def test_the_runbook_says_what_the_code_does() -> None:
    section = DOCS.read_text(encoding="utf-8").split("\n## Errors\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:3] == "| `"
    ]
    told = {row[0].strip("`"): row[1:] for row in rows if len(row) == 5}
    assert told == {one.name: [one.meaning, one.platform, one.again, one.person] for one in retries.CLASSES.values()}


def test_every_link_of_the_table_leads_somewhere() -> None:
    text = DOCS.read_text(encoding="utf-8")
    anchors = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines()}
    links = {
        found for one in retries.CLASSES.values() for found in re.findall(r"\(#([^)]*)\)", one.person + one.meaning)
    }
    assert links
    assert links <= anchors


def test_every_error_of_a_connector_has_a_class() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ConnectorError)
    ]
    kinds.remove(errors.ConnectorError)
    assert {kind.__name__ for kind in kinds} == set(retries.CLASSES) - {retries.UNUSABLE}
    pausing = {kind.__name__ for kind in retries.PAUSING}
    assert pausing == {one.name for one in retries.CLASSES.values() if one.pauses}
    stopping = {kind.__name__ for kind in kinds if issubclass(kind, retries.STOPPING)}
    assert stopping == {one.name for one in retries.CLASSES.values() if one.outcome == "released"}


@given(IDS, st.integers(1, 500))
def test_waits_double_up_to_a_limit_and_spread_by_half(intent_id: str, attempts: int) -> None:
    wait = retries.wait(intent_id, attempts, POLICY, Transient("", system="x")).total_seconds()
    plain = min(2 * 2 ** (attempts - 1), 100)
    assert plain <= wait <= plain * 1.5


def test_writes_that_failed_together_do_not_come_back_together() -> None:
    error = Transient("", system="x")
    waits = {retries.wait(f"{n:04x}", 5, POLICY, error) for n in range(0, 0xFFFF, 0xFFF)}
    assert len(waits) == len(range(0, 0xFFFF, 0xFFF))


@given(IDS, st.integers(1, 5), st.floats(0, 10_000))
def test_a_throttled_write_never_comes_back_before_it_was_told(intent_id: str, attempts: int, told: float) -> None:
    error = Throttled("", system="x", wait=told)
    assert retries.wait(intent_id, attempts, POLICY, error) >= timedelta(seconds=told) - timedelta(microseconds=1)


def test_the_limit_parks_a_write_that_keeps_failing() -> None:
    def after(attempts: int) -> dict[str, object]:
        intent = {"id": "0" * 32, "native_id": None, "attempts": attempts}
        return outcome(intent, Result("0" * 32, None, Transient("locked.", system="x")), POLICY, NOW)

    assert [after(n)["outcome"] for n in range(6)] == ["retry"] * 5 + ["rejected"]
    assert "Gave up after 6 attempts" in str(after(5)["error"])
    assert after(5)["error_class"] == "Transient"


def test_a_spent_quota_rests_until_the_time_it_names() -> None:
    reset = NOW + timedelta(hours=3)
    assert retries.paused_until(QuotaSpent("", system="x", until=reset), POLICY, NOW)[0] == reset
    for told in (None, NOW - timedelta(hours=1)):
        until, _ = retries.paused_until(QuotaSpent("", system="x", until=told), POLICY, NOW)
        assert until == NOW + timedelta(seconds=POLICY.retries.quota_seconds)
    until, _ = retries.paused_until(AuthFailed("", system="x"), POLICY, NOW)
    assert until == NOW + timedelta(seconds=POLICY.retries.probe_seconds)


@pytest.mark.parametrize(
    "error", [errors.Rejected("no", system="odoo", reason="no", code="NO"), Transient("later", system="odoo")]
)
def test_a_create_that_failed_takes_no_record_over(error: errors.ConnectorError) -> None:
    """With an id it would be another write than the one that is planned, and go again in every pass."""
    intent = {"id": "0" * 32, "native_id": None, "operation": "create", "currency": None, "attempts": 0}
    assert outcome(intent, Result(intent["id"], "12", error), POLICY, NOW)["native_id"] is None
    assert (
        outcome(intent, Result(intent["id"], "12", errors.Unknown("?", system="odoo")), POLICY, NOW)["native_id"]
        == "12"
    )


@pytest.mark.parametrize(("kind", "became"), [(errors.Transient, "rejected"), (errors.Dependent, "retry")])
def test_what_waits_for_another_record_is_never_given_up(kind: type[errors.ConnectorError], became: str) -> None:
    intent = {"id": "0" * 32, "native_id": None, "operation": "create", "attempts": 99, "currency": None}
    row = outcome(
        intent, Result(intent["id"], None, kind("erp: its customer is not there", system="odoo")), POLICY, NOW
    )
    assert row["outcome"] == became
    if became == "retry":
        assert timedelta(0) < row["next_attempt_at"] - NOW <= timedelta(seconds=150)
