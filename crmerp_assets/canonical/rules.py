"""What makes a record unusable and what is only worth reporting, as data.

`park` holds a record back until its data change; `flag` keeps it and reports it. A rule is skipped where the frame
lacks one of its fields: a system that does not keep a field cannot be wrong about it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import polars as pl

from crmerp_assets.canonical import shapes
from crmerp_assets.canonical.entities import (
    ENTITIES,
    INVOICE_PHASES,
    INVOICE_STATUSES,
    ORDER_STATUSES,
    PAYMENT_KINDS,
    PAYMENT_TERMS,
    Field,
)
from crmerp_assets.canonical.frames import ISSUES
from crmerp_assets.canonical.line_rules import LINE_RULES

Severity = Literal["park", "flag"]
Stage = Literal["conformed", "golden"]
FIRST_DAY = pl.lit(shapes.FIRST_DAY).str.to_date("%Y-%m-%d")
CENT = pl.lit("0.01").cast(pl.Decimal(20, 6))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `ok` gives an expression that is false where a record breaks it; null counts as kept.

    The reason reads "<first field> <problem>". `needs` names every column the expression reads.
    """

    field: str
    severity: Severity
    problem: str
    ok: Callable[[], pl.Expr]
    needs: tuple[str, ...]
    stages: tuple[Stage, ...] = ("conformed", "golden")

    @property
    def name(self) -> str:
        """Stable name of the check in reports."""
        return f"{self.field} {self.problem}"


@cache
def rules(entity: str, stage: Stage) -> tuple[Rule, ...]:
    """Every rule of an entity at a stage: those its fields' kinds bring, then its own."""
    general = [rule for field in ENTITIES[entity].fields for rule in _of_kind(entity, field)]
    return tuple(rule for rule in (*general, *_OWN[entity]) if stage in rule.stages)


def _of_kind(entity: str, field: Field) -> Iterator[Rule]:
    name = field.name
    if field.kind in _UNREADABLE:
        severity: Severity = "flag" if field.kind == "bool" and (entity, name) != ("order", "won") else "park"
        yield Rule(name, severity, _UNREADABLE[field.kind], lambda: ~pl.col(ISSUES).list.contains(name), (name,))
    if field.kind == "date":
        yield Rule(name, "park", "lies before 1900", lambda: pl.col(name) >= FIRST_DAY, (name,))
    if name in {"currency", "base_currency"}:
        yield _shape(name, "park", "is not a currency of ISO 4217", shapes.is_currency)
    if name.endswith("_country"):
        yield _shape(name, "flag", "is not a known country", shapes.is_country)
    if name.endswith("_subdivision"):
        yield _shape(name, "flag", "is not a known state or province", shapes.is_subdivision)
        yield _subdivision_in_country(name, name.replace("_subdivision", "_country"))
    if name in _SHAPES:
        yield _shape(name, "flag", *_SHAPES[name])


_UNREADABLE = {
    "money": "is not an amount",
    "decimal": "is not a number",
    "date": "is not a date",
    "bool": "is neither true nor false",
    "lines": "are not readable as lines",
}
_SHAPES: dict[str, tuple[str, Callable[[pl.Expr], pl.Expr]]] = {
    "email": ("is not a valid e-mail address", shapes.is_email),
    "phone": ("is not a phone number in E.164", shapes.is_phone),
    "website": ("is not a web address", shapes.is_website),
}


def _shape(name: str, severity: Severity, problem: str, shape: Callable[[pl.Expr], pl.Expr]) -> Rule:
    return Rule(name, severity, problem, lambda: shape(pl.col(name)), (name,))


def _present(name: str, severity: Severity = "park", stages: tuple[Stage, ...] = ("conformed", "golden")) -> Rule:
    return Rule(name, severity, "is missing", lambda: pl.col(name).is_not_null(), (name,), stages)


def _balance_agrees() -> pl.Expr:
    return (pl.col("open_balance") - pl.col("erp_open_balance")).abs() <= CENT


def _known_amount(name: str) -> Rule:
    """Missing, but not merely unreadable: that is said by another rule."""
    present = pl.col(name).is_not_null() | pl.col(ISSUES).list.contains(name)
    return Rule(name, "park", "is missing", lambda: present, (name,))


def _not_negative(name: str) -> Rule:
    return Rule(name, "park", "is negative", lambda: pl.col(name) >= 0, (name,))


def _positive(name: str) -> Rule:
    return Rule(name, "park", "is not above zero", lambda: pl.col(name) > 0, (name,))


def _one_of(name: str, values: Collection[str], severity: Severity = "flag") -> Rule:
    problem = f"is none of {', '.join(values)}"
    return Rule(name, severity, problem, lambda: pl.col(name).is_in(list(values)), (name,))


def _subdivision_in_country(name: str, country: str) -> Rule:
    known = shapes.is_subdivision(pl.col(name)) & pl.col(country).is_not_null()
    within = pl.col(name).str.starts_with(pl.col(country) + "-")
    return Rule(name, "flag", f"is not in {country}", lambda: ~known | within, (name, country))


def _tax_id() -> pl.Expr:
    country = pl.col("billing_country")
    return shapes.is_tax_id(pl.col("tax_id"), {"region": pl.when(shapes.is_country(country)).then(country)})


def _adds_up() -> pl.Expr:
    settled = pl.sum_horizontal("paid", "credited", "written_off", "open_balance") - pl.col("reversed")
    return (pl.col("invoiced") - settled).abs() <= CENT


_OWN: dict[str, tuple[Rule, ...]] = {
    "customer": (
        _present("name"),
        Rule("tax_id", "flag", "fails its country's checks", _tax_id, ("tax_id", "billing_country")),
        _one_of("payment_terms", PAYMENT_TERMS),
        _not_negative("credit_limit"),
    ),
    "contact": (
        Rule(
            "last_name",
            "park",
            "is missing, and so is first_name",
            lambda: pl.col("last_name").is_not_null() | pl.col("first_name").is_not_null(),
            ("last_name", "first_name"),
        ),
        _present("customer", "flag", ("golden",)),
    ),
    "product": (
        Rule(
            "name",
            "park",
            "is missing, and so is sku",
            lambda: pl.col("name").is_not_null() | pl.col("sku").is_not_null(),
            ("name", "sku"),
        ),
        _not_negative("price"),
    ),
    "order": (
        Rule(
            "name",
            "park",
            "is missing, and so is order_number",
            lambda: pl.col("name").is_not_null() | pl.col("order_number").is_not_null(),
            ("name", "order_number"),
        ),
        Rule(
            "close_date",
            "park",
            "is missing on a won deal",
            lambda: ~pl.col("won") | pl.col("close_date").is_not_null() | pl.col(ISSUES).list.contains("close_date"),
            ("won", "close_date"),
        ),
        _not_negative("amount"),
        Rule(
            "currency",
            "flag",
            "is missing beside an amount",
            lambda: pl.col("amount").is_null() | pl.col("currency").is_not_null(),
            ("currency", "amount"),
        ),
        _one_of("order_status", ORDER_STATUSES),
        _one_of("invoice_status", INVOICE_STATUSES),
        *(Rule("lines", "park", line.problem, line.ok, ("lines",)) for line in LINE_RULES),
    ),
    "invoice": (
        Rule(
            "number",
            "park",
            "is missing",
            lambda: pl.col("number").is_not_null() | pl.col("status").is_in(["draft", "void"]).fill_null(False),
            ("number", "status"),
        ),
        _known_amount("total"),
        _not_negative("total"),
        _positive("exchange_rate"),
        _one_of("status", INVOICE_STATUSES),
        _present("currency", "flag"),
        Rule(
            "due_date",
            "flag",
            "lies before invoice_date",
            lambda: pl.col("due_date") >= pl.col("invoice_date"),
            ("due_date", "invoice_date"),
        ),
        Rule(
            "invoiced",
            "flag",
            "is less than what was paid, credited and written off",
            _adds_up,
            ("invoiced", "paid", "credited", "written_off", "reversed", "open_balance"),
        ),
        Rule(
            "open_balance",
            "flag",
            "is not what the ERP says is owed",
            lambda: pl.col("status").eq_missing("draft") | _balance_agrees(),
            ("open_balance", "erp_open_balance", "status"),
            ("golden",),
        ),
        Rule(
            "company_open_balance",
            "flag",
            "is not known, because the invoice has no exchange rate",
            lambda: pl.col("company_open_balance").is_not_null(),
            ("company_open_balance",),
            ("golden",),
        ),
        _present("customer", "flag", ("golden",)),
    ),
    "payment": (
        _present("kind"),
        _one_of("kind", PAYMENT_KINDS, "park"),
        _known_amount("amount"),
        _not_negative("amount"),
        _positive("exchange_rate"),
        _present("date", "flag"),
    ),
    "exchange_rate": (
        _present("base_currency"),
        _present("currency"),
        _known_amount("rate_date"),
        _known_amount("rate"),
        _positive("rate"),
    ),
    "order_mirror": (
        _one_of("order_status", ORDER_STATUSES),
        _one_of("invoice_status", INVOICE_STATUSES),
    ),
    "invoice_mirror": (
        _one_of("status", INVOICE_STATUSES),
        _one_of("phase", INVOICE_PHASES),
    ),
}
