"""Currencies, rates, terms, tax items and subsidiaries: small lists that other records refer to."""

from collections.abc import Iterator

from crmerp_assets.sandbox.netsuite.schema import fields as f
from crmerp_assets.sandbox.netsuite.schema.fields import RecordType


def record_types() -> Iterator[RecordType]:
    yield RecordType("currency", "Currency", "currency", "currency", "Currency", -122, _currency(), created=None)
    yield RecordType(
        "currencyRate",
        "Currency Exchange Rate",
        "currencyrate",
        "currencyrate",
        "CurrencyRate",
        -123,
        _rate(),
        created=None,
    )
    yield RecordType("term", "Term", "term", "term", "Term", -199, _term(), modified=None, created=None)
    yield RecordType(
        "salesTaxItem",
        "Sales Tax Item",
        "salestaxitem",
        "salestaxitem",
        "TaxItem",
        -128,
        _tax_item(),
        modified=None,
        created=None,
    )
    yield RecordType(
        "subsidiary",
        "Subsidiary",
        "subsidiary",
        "subsidiary",
        "Subsidiary",
        -117,
        _subsidiary(),
        modified=None,
        created=None,
    )


def _currency() -> dict[str, f.Field]:
    return f.named(
        f.text("externalId", 255),
        f.text("name", 50, required=True),
        f.text("symbol", 3, label="ISO Code", required=True),
        f.number("exchangeRate", required=True),
        f.boolean("isBaseCurrency", readonly=True),
        f.integer("currencyPrecision"),
        f.boolean("isInactive"),
        f.datetime("lastModifiedDate"),
    )


def _rate() -> dict[str, f.Field]:
    return f.named(
        f.text("externalId", 255),
        f.reference("baseCurrency", "currency", required=True),
        f.reference("transactionCurrency", "currency", label="Currency", required=True),
        f.date("effectiveDate", required=True),
        f.number("exchangeRate", required=True),
        f.datetime("lastModifiedDate"),
    )


def _term() -> dict[str, f.Field]:
    return f.named(
        f.text("externalId", 255),
        f.text("name", 60, required=True),
        f.integer("daysUntilNetDue"),
        f.boolean("isInactive"),
    )


def _tax_item() -> dict[str, f.Field]:
    """`rate` is in percent."""
    return f.named(
        f.text("externalId", 255),
        f.text("itemId", 60, label="Tax Name", required=True),
        f.number("rate", required=True),
        f.boolean("isInactive"),
    )


def _subsidiary() -> dict[str, f.Field]:
    return f.named(
        f.text("externalId", 255),
        f.text("name", 83, required=True),
        f.reference("currency", "currency"),
        f.boolean("isInactive"),
    )
