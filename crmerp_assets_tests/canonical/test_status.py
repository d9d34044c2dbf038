"""Every rule of the invoice status table, and the ties between them."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical import INVOICE_STATUSES
from crmerp_assets.canonical.status import invoice_status, open_amount

TODAY = dt.date(2024, 6, 15)
PAST, AHEAD = dt.date(2024, 6, 14), dt.date(2024, 7, 1)


@pytest.mark.parametrize(
    ("total", "paid", "credited", "voided", "due", "draft", "status"),
    [
        ("100", "0", "0", False, AHEAD, False, "open"),
        ("100", None, None, None, None, None, "open"),
        ("100", "40", "0", False, AHEAD, False, "partially_paid"),
        ("100", "0", "40", False, AHEAD, False, "partially_paid"),
        ("100", "40", "0", False, PAST, False, "overdue"),
        ("100", "0", "0", False, TODAY, False, "open"),
        ("100", "100", "0", False, PAST, False, "paid"),
        ("100", "60", "40", False, PAST, False, "paid"),
        ("100", "0", "100", False, PAST, False, "credited"),
        ("100", "120", "0", False, PAST, False, "paid"),
        ("0", "0", "0", False, PAST, False, "paid"),
        ("100", "100", "0", True, PAST, True, "void"),
        ("100", "0", "0", False, PAST, True, "draft"),
        (None, "0", "0", False, PAST, False, None),
        (None, None, None, True, None, False, "void"),
    ],
)
def test_the_first_rule_that_holds_decides(total, paid, credited, voided, due, draft, status) -> None:
    assert _status(total, paid, credited, voided, due, draft) == status


AMOUNTS = st.none() | st.decimals(0, 200, places=2).map(str)


@settings(max_examples=40, deadline=None)
@given(AMOUNTS, AMOUNTS, AMOUNTS, st.none() | st.booleans(), st.sampled_from([None, PAST, AHEAD]), st.booleans())
def test_every_invoice_with_a_total_has_a_known_status(total, paid, credited, voided, due, draft) -> None:
    status = _status(total, paid, credited, voided, due, draft)
    assert status in INVOICE_STATUSES if total is not None or voided else status is None


def test_missing_payments_count_as_none_when_adding_up_what_is_open() -> None:
    frame = pl.DataFrame(
        {"t": [Decimal(100)], "p": [None], "c": [Decimal(30)]}, schema_overrides={"p": pl.Decimal(20, 6)}
    )
    assert frame.select(open_amount(pl.col("t"), pl.col("p"), pl.col("c"))).item() == Decimal(70)


def _status(total, paid, credited, voided, due, draft):
    money = {"total": total, "paid": paid, "credited": credited}
    frame = pl.DataFrame({k: [v] for k, v in money.items()}, schema=dict.fromkeys(money, pl.String))
    amounts = [pl.col(name).cast(pl.Decimal(20, 6)) for name in money]
    flags = [pl.lit(value, dtype=pl.Boolean) for value in (voided, draft)]
    status = invoice_status(*amounts, flags[0], pl.lit(due, dtype=pl.Date), pl.lit(TODAY), flags[1])
    return frame.select(status=status).item()
