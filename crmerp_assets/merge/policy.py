"""What the company has decided: since when deals become orders, who creates what, how patient to be.

Everything has a default that is safe on the first day; without a go-live date no deal becomes an order.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmerp_assets.merge.audit_policy import Audit
from crmerp_assets.merge.currency_policy import Currencies
from crmerp_assets.merge.guards import Breaker, Budget
from crmerp_assets.merge.order_policy import Orders, Receivables
from crmerp_assets.merge.scope import Scope
from crmerp_assets.merge.three_way import Role

CreateRule = Literal["always", "when_ordered", "with_customer", "never"]
DeletionRule = Literal["ignore", "deactivate", "review"]
Share = Annotated[float, Field(ge=0, le=1)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[Decimal, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sides(_Part):
    """When a record is created in each system: always, when_ordered (a won deal needs it), with_customer or never."""

    crm: CreateRule
    erp: CreateRule

    def of(self, role: Role) -> CreateRule:
        """The rule for one side."""
        return self.crm if role == "crm" else self.erp


class CustomerSides(Sides):
    crm: CreateRule = "always"
    erp: CreateRule = "when_ordered"


class ContactSides(Sides):
    crm: CreateRule = "never"
    erp: CreateRule = "with_customer"


class ProductSides(Sides):
    crm: CreateRule = "always"
    erp: CreateRule = "always"


class OrderSides(_Part):
    """`crm: always` makes a won deal of each order that was entered in the ERP since the go-live date."""

    crm: Literal["always", "never"] = "never"


class Create(_Part):
    customer: CustomerSides = CustomerSides()
    contact: ContactSides = ContactSides()
    product: ProductSides = ProductSides()
    order: OrderSides = OrderSides()


class Mirror(_Part):
    """Which documents of the ERP the CRM shows as records of its own, besides the properties of the deal."""

    orders: bool = False
    invoices: bool = False

    @property
    def entities(self) -> tuple[str, ...]:
        """The canonical entities of those records."""
        return tuple(
            name for name, wanted in (("order_mirror", self.orders), ("invoice_mirror", self.invoices)) if wanted
        )

    def unmapped(self, mapped: Collection[str], crm: str) -> list[str]:
        """What the CRM has no records for; `mapped` are the entities that it has a map for."""
        return [
            f"policy.yaml: mirror.{name.removesuffix('_mirror')}s: {crm} has no map for it; take it away (the deal's "
            f"fields show the same), or add mapping/matrix/{name}.{crm}.yaml"
            for name in self.entities
            if name not in mapped
        ]


class Vanished(_Part):
    """What becomes of the other system's record when one vanishes in the CRM, or in the ERP."""

    crm: DeletionRule = "review"
    erp: DeletionRule = "review"

    def of(self, role: Role) -> DeletionRule:
        """The rule for a record that vanished on this side."""
        return self.crm if role == "crm" else self.erp


class Deletions(_Part):
    """By entity: ignore, deactivate the other record, or review. Nothing is ever deleted."""

    customer: Vanished = Vanished()
    contact: Vanished = Vanished()
    product: Vanished = Vanished()
    order: Vanished = Vanished()

    def of(self, entity: str, role: Role) -> DeletionRule:
        """The rule for records of an entity that vanished on a side."""
        rules: Vanished = getattr(self, entity)
        return rules.of(role)

    def unfit(self, can_deactivate: Callable[[str, Role], bool]) -> list[str]:
        """Rules that no mapping can carry out; `can_deactivate` says whether a side's `active` is written."""
        sides: tuple[tuple[Role, Role], ...] = (("crm", "erp"), ("erp", "crm"))
        return [
            f"policy.yaml: deletions.{entity}.{gone}: the {kept.upper()}'s {entity} has no field `active` that is "
            "written, so it cannot be deactivated; map one, or say review or ignore"
            for entity in type(self).model_fields
            for gone, kept in sides
            if self.of(entity, gone) == "deactivate" and not can_deactivate(entity, kept)
        ]


class Sensors(_Part):
    """Seconds between two looks for won deals, for changed invoices, and for retries that are due."""

    won_seconds: Seconds = 15
    invoice_seconds: Seconds = 60
    retry_seconds: Seconds = 30


class Retries(_Part):
    """The wait doubles from `base_seconds` to `max_seconds`; after the last attempt a person must look.

    A connection whose calls are spent rests for `quota_seconds` unless the system says for how long; one that refuses
    credentials or lacks a right is asked again every `probe_seconds`.
    """

    max_attempts: Annotated[int, Field(ge=1)] = 6
    base_seconds: Seconds = 2
    max_seconds: Seconds = 3600
    quota_seconds: Seconds = 3600
    probe_seconds: Seconds = 900


class Matching(_Part):
    """From which probability two records are linked without a person, and from which a person is asked; and whether
    weights that the nightly run learned, and that pass its checks, take the place of those that ship."""

    link: Share = 0.95
    review: Share = 0.20
    learn: bool = True


class Policy(_Part):
    """The whole of policy.yaml.

    `company_currency` is what reports convert into; without it the base of the ERP's exchange rates, if that is one.
    `tolerance` is the allowed difference between a deal and its order, by currency. Where fewer than
    `short_pull_share` of the known records would remain, nothing is marked deleted before a person has looked.
    """

    go_live: date | None = None
    scope: Scope = Scope()
    company_currency: Currency | None = None
    tolerance: Mapping[Currency | Literal["default"], Amount] = {"default": Decimal("0.01")}
    create: Create = Create()
    mirror: Mirror = Mirror()
    deletions: Deletions = Deletions()
    default_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    sensors: Sensors = Sensors()
    retries: Retries = Retries()
    short_pull_share: Share = 0.5
    breaker: Breaker = Breaker()
    budget: Budget = Budget()
    orders: Orders = Orders()
    currencies: Currencies = Currencies()
    receivables: Receivables = Receivables()
    matching: Matching = Matching()
    audit: Audit = Audit()

    @field_validator("tolerance")
    @classmethod
    def _with_default(cls, value: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        return {"default": Decimal("0.01"), **value}
