"""Rules of price book entries, of names made of two fields, and of the records that change the schema."""

from crmerp_assets.sandbox.salesforce.engine.change import Change
from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Organisation, Row
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, cross_reference


class NoRules:
    """An object without rules of its own."""

    def before(self, change: Change) -> None:
        """Nothing to add."""

    def after(self, change: Change) -> None:
        """Nothing follows."""

    def deleted(self, organisation: Organisation, row: Row, actor: Actor) -> None:
        """Nothing follows."""


class PersonRules(NoRules):
    """The full name of a contact or a user."""

    def before(self, change: Change) -> None:
        if change.creating or "FirstName" in change.new or "LastName" in change.new:
            parts = (change.value("FirstName"), change.value("LastName"))
            change.new["Name"] = " ".join(str(part) for part in parts if part)


class PricebookEntryRules(NoRules):
    """A product has one price per price book and currency, and first of all a standard one."""

    def before(self, change: Change) -> None:
        if not change.creating:
            return
        product, book = change.record("Product2", "Product2Id"), change.record("Pricebook2", "Pricebook2Id")
        if product is None or book is None:
            raise cross_reference(["Product2Id" if product is None else "Pricebook2Id"])
        change.new |= {"Name": product["Name"], "ProductCode": product["ProductCode"]}
        if self._exists(change, '"Pricebook2Id" = ?', change.value("Pricebook2Id")):
            raise SalesforceError("DUPLICATE_VALUE", "This price definition already exists in this price book", [])
        standard = '"Pricebook2Id" IN (SELECT "Id" FROM "Pricebook2" WHERE "IsStandard" = ?)'
        if not book["IsStandard"] and not self._exists(change, standard, 1):
            message = "Before creating a custom price, create a standard price."
            raise SalesforceError("STANDARD_PRICE_NOT_DEFINED", message, [])

    def _exists(self, change: Change, where: str, value: object) -> bool:
        where += ' AND "Product2Id" = ? AND "CurrencyIsoCode" = ? AND "IsDeleted" = 0'
        wanted = (value, change.value("Product2Id"), change.value("CurrencyIsoCode"))
        return change.organisation.first(change.kind, where, wanted) is not None


class ProductRules(NoRules):
    """The code and name of a product are repeated on its prices."""

    def after(self, change: Change) -> None:
        if change.old is not None and (change.changes("Name") or change.changes("ProductCode")):
            sql = 'UPDATE "PricebookEntry" SET "Name" = ?, "ProductCode" = ? WHERE "Product2Id" = ?'
            change.organisation.store.db.execute(
                sql, (change.value("Name"), change.value("ProductCode"), change.old["Id"])
            )


class CurrencyRules(NoRules):
    """Which currencies records may use."""

    def after(self, change: Change) -> None:
        change.organisation.forget_currencies()


class FieldPermissionRules(NoRules):
    """Field-level security takes effect at once."""

    def before(self, change: Change) -> None:
        if not change.creating:
            return
        object_name, _, field = str(change.value("Field")).partition(".")
        catalog = change.organisation.catalog
        known = object_name.lower() in catalog.objects and catalog.object(object_name).find(field)
        if object_name != change.value("SobjectType") or not known:
            message = f"Field Name: bad value for restricted picklist field: {change.value('Field')}"
            raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Field"])
        where = '"ParentId" = ? AND "Field" = ? AND "IsDeleted" = 0'
        existing = change.organisation.first(change.kind, where, (change.value("ParentId"), change.value("Field")))
        if existing:
            message = f"duplicate value found: <unknown> duplicates value on record with id: {existing['Id']}"
            raise SalesforceError("DUPLICATE_VALUE", message, [])

    def after(self, change: Change) -> None:
        change.organisation.catalog.forget()

    def deleted(self, organisation: Organisation, row: Row, actor: Actor) -> None:
        organisation.catalog.forget()
