"""The policy is safe without a file, and refuses what it does not know."""

from datetime import date
from decimal import Decimal

import polars as pl
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


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"only": {"phone": ["1"]}}, "a scope cannot ask for 'phone'"),
        ({"only": {"tier": [1]}}, "1 is no text; put it in quotes"),
        ({"without": {"billing_country": ["France"]}}, "'France' is no ISO code"),
        ({"only": {"tier": []}}, "at least 1 item"),
        ({"only": {"tier": "Strategic"}}, "valid tuple"),
    ],
)
def test_a_scope_that_no_customer_could_be_in_is_refused_with_what_to_write(scope: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Policy.model_validate({"scope": {"customer": scope}})


def test_a_customer_is_in_scope_if_every_condition_holds_and_a_blank_meets_none_of_only() -> None:
    given = {"only": {"billing_country": ["US", "NO"], "active": [True]}, "without": {"tier": ["Internal"]}}
    scope = Policy.model_validate({"scope": {"customer": given}}).scope.customer
    rows = [("US", "true", None), ("NO", "true", "Internal"), (None, "true", None), ("US", "false", "Internal")]
    customers = pl.DataFrame(rows, schema=["billing_country", "active", "tier"], orient="row")
    assert customers.select(scope.outside()).to_series().to_list() == [
        None,
        "tier is Internal, which is out of scope",
        "billing_country is blank, and only US, NO is in scope",
        "active is false, and only true is in scope",
    ]
