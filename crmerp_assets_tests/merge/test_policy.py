"""The policy is safe without a file, and refuses what it does not know."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from crmerp_assets.merge.policy import Policy


def test_without_a_go_live_date_no_deal_becomes_an_order_and_no_contact_is_made_in_the_crm() -> None:
    policy = Policy()
    assert policy.go_live is None
    assert (policy.create.customer.of("crm"), policy.create.customer.of("erp")) == ("always", "when_ordered")
    assert (policy.create.contact.of("crm"), policy.create.contact.of("erp")) == ("never", "with_customer")


def test_a_tolerance_of_ones_own_keeps_the_default_of_the_others() -> None:
    policy = Policy.model_validate({"go_live": "2026-01-01", "tolerance": {"JPY": "1"}})
    assert policy.tolerance == {"JPY": Decimal("1"), "default": Decimal("0.01")}
    assert policy.go_live == date(2026, 1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"golive": "2026-01-01"},
        {"tolerance": {"usd": "1"}},
        {"tolerance": {"USD": "-1"}},
        {"create": {"customer": {"erp": "sometimes"}}},
        {"short_pull_share": 1.5},
        {"retries": {"max_attempts": 0}},
        {"sensors": {"won_seconds": 0}},
    ],
)
def test_a_policy_that_says_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)
