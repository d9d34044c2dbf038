"""Loading a folder of CSV files into the CRM sandbox as it is, dirt included."""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.mapping import (
    CRM_SALES_OPPORTUNITIES,
    FolderMapping,
    MappingError,
    Opportunities,
    Table,
    load_mapping,
)
from crmerp_assets.sandbox.company.salesforce import Salesforce

__all__ = ["CRM_SALES_OPPORTUNITIES", "FolderMapping", "MappingError", "load_folder", "load_mapping"]

Row = dict[str, str]
_NUMBERS: dict[str, Callable[[str], Any]] = {"int": int, "currency": float, "double": float, "percent": float}


def load_folder(folder: Path, mapping: FolderMapping, url: str, ca_file: Path | None = None) -> dict[str, int]:
    """Load accounts, products, opportunities and lines; how many of each, and how many deals name a product in text.

    Raises MappingError when a file lacks a column, and Refused when the sandbox does not take the data.
    """
    with Administration(url, ca_file) as admin, Salesforce(url, "admin", ca_file) as person:
        return _Loading(folder, mapping, admin, person).run()


class _Loading:
    """One run; keys of the files become ids as the records are made."""

    def __init__(self, folder: Path, mapping: FolderMapping, admin: Administration, person: Salesforce) -> None:
        self._folder, self._mapping = folder, mapping
        self._admin, self._person = admin, person
        self._price_book = person.standard_price_book()
        self._types: dict[str, dict[str, str]] = {}

    def run(self) -> dict[str, int]:
        self._person.ensure_field("Opportunity", self._mapping.lines.text, "Product")
        accounts = self._accounts()
        entries = self._products()
        sold = self._sold()
        deals, texts = self._opportunities(accounts, entries, sold)
        lines = self._lines(deals, entries, sold)
        counts = {"accounts": len(accounts), "products": len(entries), "opportunities": len(deals)}
        return counts | {"lines": lines, "text products": texts}

    def _accounts(self) -> dict[str, str]:
        """Owners before the accounts they own; an owner that is in no row is left out."""
        table = self._mapping.accounts
        waiting = {row[table.key]: row for row in self._rows(table)}
        parents = {key: row[table.parent] for key, row in waiting.items() if table.parent and row[table.parent]}
        ids: dict[str, str] = {}
        while waiting:
            ready = [key for key in waiting if parents.get(key) not in waiting] or list(waiting)
            rows = [
                {**self._fields("Account", table, waiting.pop(key)), "ParentId": ids.get(parents.get(key, ""))}
                for key in ready
            ]
            ids.update(zip(ready, self._admin.seed("Account", rows), strict=True))
        return ids

    def _products(self) -> dict[str, str]:
        """Product key -> price book entry."""
        table = self._mapping.products
        rows = list(self._rows(table))
        products = [{**self._fields("Product2", table, row), "IsActive": True} for row in rows]
        ids = self._admin.seed("Product2", products)
        shared = {"Pricebook2Id": self._price_book, "CurrencyIsoCode": self._mapping.currency, "IsActive": True}
        entries = [
            {**shared, "Product2Id": id_, "UnitPrice": float(row[table.price])}
            for id_, row in zip(ids, rows, strict=True)
        ]
        entry_ids = self._admin.seed("PricebookEntry", entries)
        return {row[table.key]: id_ for row, id_ in zip(rows, entry_ids, strict=True)}

    def _sold(self) -> dict[str, list[Row]]:
        """Opportunity key -> the rows that say what was sold."""
        lines, deals = self._mapping.lines, self._mapping.opportunities
        key = lines.opportunity or deals.key
        sold: dict[str, list[Row]] = {}
        for row in _read(self._folder / (lines.file or deals.file), {key, lines.product, lines.price}):
            sold.setdefault(row[key], []).append(row)
        return sold

    def _opportunities(
        self, accounts: Mapping[str, str], entries: Mapping[str, str], sold: Mapping[str, list[Row]]
    ) -> tuple[dict[str, str], int]:
        table, lines = self._mapping.opportunities, self._mapping.lines
        rows = list(self._rows(table))
        records = []
        for row in rows:
            unknown = [
                line[lines.product] for line in sold.get(row[table.key], ()) if line[lines.product] not in entries
            ]
            records.append({**self._opportunity(row, accounts), lines.text: "; ".join(unknown) or None})
        ids = self._admin.seed("Opportunity", records)
        made = {row[table.key]: id_ for row, id_ in zip(rows, ids, strict=True)}
        return made, sum(record[lines.text] is not None for record in records)

    def _opportunity(self, row: Row, accounts: Mapping[str, str]) -> dict[str, Any]:
        table = self._mapping.opportunities
        fields = self._fields("Opportunity", table, row)
        fields["Name"] = table.name.format(**row)
        fields["CloseDate"] = fields.get("CloseDate") or _close_date(table, row)
        return {**fields, "AccountId": accounts.get(row[table.account]), "Pricebook2Id": self._price_book}

    def _lines(self, deals: Mapping[str, str], entries: Mapping[str, str], sold: Mapping[str, list[Row]]) -> int:
        """A line needs a price: what an open deal will bring nobody knows yet, so it has no lines."""
        lines = self._mapping.lines
        records = [
            {
                "OpportunityId": deals[deal],
                "PricebookEntryId": entries[row[lines.product]],
                "Quantity": float(row[lines.quantity]) if lines.quantity else 1,
                "UnitPrice": float(row[lines.price]),
            }
            for deal, rows in sold.items()
            for row in rows
            if row[lines.product] in entries and row[lines.price]
        ]
        self._admin.seed("OpportunityLineItem", records)
        return len(records)

    def _rows(self, table: Table) -> Iterator[Row]:
        return _read(self._folder / table.file, {table.key, *table.fields.values(), *table.modified})

    def _fields(self, object: str, table: Table, row: Row) -> dict[str, Any]:
        """The mapped fields with the types Salesforce wants, and when the record was last changed."""
        if object not in self._types:
            self._types[object] = self._person.field_types(object)
        types = self._types[object]
        fields: dict[str, Any] = {"CurrencyIsoCode": self._mapping.currency}
        for name, column in table.fields.items():
            text = table.values.get(name, {}).get(row[column], row[column])
            fields[name] = _NUMBERS.get(types.get(name, ""), str)(text) if text else None
        changed = next((row[column] for column in table.modified if row[column]), self._mapping.exported.isoformat())
        return {**fields, "SystemModstamp": f"{changed}T12:00:00.000+0000"}


def _close_date(table: Opportunities, row: Row) -> str:
    if table.close is None:
        raise MappingError(f"{table.file}: {row[table.key]} has no close date and the mapping has no `close`")
    start = row[table.close.after]
    day = date.fromisoformat(start) + timedelta(days=table.close.days) if start else table.close.otherwise
    return day.isoformat()


def _read(path: Path, columns: set[str]) -> Iterator[Row]:
    """The rows of a CSV file. Raises MappingError naming the columns it lacks."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = sorted(columns - set(reader.fieldnames or ()))
        if missing:
            raise MappingError(f"{path.name} has no column {', '.join(missing)}; it has {reader.fieldnames}")
        yield from reader
