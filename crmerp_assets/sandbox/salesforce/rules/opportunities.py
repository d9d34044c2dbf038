"""Deals: what a stage implies, and an amount that belongs to the line items as soon as there are some."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crmerp_assets.sandbox.salesforce.engine.change import Change
from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Organisation, Row
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, cross_reference, integrity, required


class OpportunityRules:
    """An attempt to set Amount while lines exist is ignored, not refused; the rest of the change is saved."""

    def before(self, change: Change) -> None:
        if change.changes("StageName"):
            _follow_stage(change)
        if change.old is None or not change.old["HasOpportunityLineItem"]:
            return
        change.new.pop("Amount", None)
        for name, what in (("CurrencyIsoCode", "currency"), ("Pricebook2Id", "price book")):
            if change.changes(name):
                raise integrity(f"{name} (the {what} cannot be changed while the opportunity has products)", [name])

    def after(self, change: Change) -> None:
        """Nothing follows from a deal."""

    def deleted(self, organisation: Organisation, row: Row, actor: Actor) -> None:
        """Its lines go with it by the schema's cascade."""


class LineItemRules:
    """Lines take product, code, name and currency from their price book entry."""

    def before(self, change: Change) -> None:
        if change.creating:
            self._enter(change)
        _price(change)

    def after(self, change: Change) -> None:
        opportunity = str(change.value("OpportunityId"))
        recompute(change.organisation, [opportunity], None if change.seeding else change.actor)

    def deleted(self, organisation: Organisation, row: Row, actor: Actor) -> None:
        recompute(organisation, [row["OpportunityId"]], actor)

    def _enter(self, change: Change) -> None:
        opportunity = change.record("Opportunity", "OpportunityId")
        if opportunity is None or opportunity["IsDeleted"]:
            raise cross_reference(["OpportunityId"])
        entry = _entry(change, opportunity)
        if entry["CurrencyIsoCode"] != opportunity["CurrencyIsoCode"]:
            message = "PricebookEntryId (pricebook entry currency code does not match opportunity currency code)"
            raise integrity(message, ["PricebookEntryId"])
        if opportunity["Pricebook2Id"] not in (None, entry["Pricebook2Id"]):
            message = "PricebookEntryId (pricebook entry is in a different pricebook than the one assigned to the opp)"
            raise integrity(message, ["PricebookEntryId"])
        if opportunity["Pricebook2Id"] is None:
            kind = change.organisation.catalog.object("Opportunity")
            change.organisation.change(kind, opportunity["Id"], {"Pricebook2Id": entry["Pricebook2Id"]})
        change.new |= {
            "PricebookEntryId": entry["Id"],
            "Product2Id": entry["Product2Id"],
            "ProductCode": entry["ProductCode"],
            "Name": f"{opportunity['Name']} {entry['Name']}"[:376],
            "CurrencyIsoCode": entry["CurrencyIsoCode"],
            "ListPrice": entry["UnitPrice"],
        }


def recompute(organisation: Organisation, opportunities: Iterable[str], actor: Actor | None) -> None:
    """Amounts from lines. With an actor the deals are stamped as changed; seeding leaves their stamps alone."""
    kind = organisation.catalog.object("Opportunity")
    sql = 'SELECT "TotalPrice" FROM "OpportunityLineItem" WHERE "OpportunityId" = ? AND "IsDeleted" = 0'
    for id_ in opportunities:
        prices = [price for (price,) in organisation.store.rows(sql, (id_,))]
        values: dict[str, Any] = {"HasOpportunityLineItem": int(bool(prices))}
        if prices:
            values["Amount"] = float(sum((_decimal(price) for price in prices), Decimal()))
        stamps = organisation.stamps(actor) if actor else {}
        organisation.change(kind, id_, {**values, **stamps})


def _follow_stage(change: Change) -> None:
    stages = change.organisation.catalog.object("OpportunityStage")
    stage = change.organisation.first(stages, '"MasterLabel" = ?', (change.new["StageName"],))
    if stage is None:
        return
    change.new |= {name: stage[name] for name in ("IsClosed", "IsWon", "ForecastCategoryName")}
    if change.new.get("Probability") is None:
        change.new["Probability"] = stage["DefaultProbability"]


def _entry(change: Change, opportunity: Row) -> Row:
    """The price book entry of a new line, named or found by its product."""
    entries = change.organisation.catalog.object("PricebookEntry")
    if change.value("PricebookEntryId"):
        entry = change.record("PricebookEntry", "PricebookEntryId")
    elif change.value("Product2Id"):
        where = (
            '"Product2Id" = ? AND "CurrencyIsoCode" = ? AND "IsDeleted" = 0 AND "IsActive" = 1 '
            'AND ("Pricebook2Id" = ?3 OR ?3 IS NULL)'
        )
        wanted = (change.value("Product2Id"), opportunity["CurrencyIsoCode"], opportunity["Pricebook2Id"])
        entry = change.organisation.first(entries, where, wanted)
    else:
        raise integrity("unknown (must specify pricebook entry id or product id, but not both)", ["PricebookEntryId"])
    if entry is None or entry["IsDeleted"]:
        raise cross_reference(["PricebookEntryId"])
    if not entry["IsActive"]:
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", "pricebook entry is inactive", ["PricebookEntryId"])
    return entry


def _price(change: Change) -> None:
    """Total from quantity, price and discount, or the price from the total; both at once are refused."""
    given = [name for name in ("UnitPrice", "TotalPrice") if change.new.get(name) is not None]
    if len(given) == 2:
        message = "TotalPrice (only one of UnitPrice and TotalPrice may be specified)"
        raise integrity(message, ["UnitPrice", "TotalPrice"])
    if change.creating and not given:
        raise required(["UnitPrice"])
    if not change.new.keys() & {"UnitPrice", "TotalPrice", "Quantity", "Discount"}:
        return
    quantity = _decimal(change.value("Quantity"))
    factor = 1 - _decimal(change.value("Discount")) / 100
    if given == ["TotalPrice"]:
        divisor = quantity * factor
        change.new["UnitPrice"] = _cents(_decimal(change.new["TotalPrice"]) / divisor) if divisor else 0.0
        return
    change.new["TotalPrice"] = _cents(quantity * _decimal(change.value("UnitPrice")) * factor)


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal()


def _cents(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
