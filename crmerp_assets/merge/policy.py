"""What the company has decided: since when deals become orders, who creates what, how patient to be.

Everything has a default that is safe on the first day; without a go-live date no deal becomes an order.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmerp_assets.merge.guards import Breaker, Budget
from crmerp_assets.merge.three_way import Role

CreateRule = Literal["always", "when_ordered", "with_customer", "never"]
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


class Create(_Part):
    customer: CustomerSides = CustomerSides()
    contact: ContactSides = ContactSides()
    product: ProductSides = ProductSides()


class Sensors(_Part):
    """Seconds between two looks for won deals, for changed invoices, and for retries that are due."""

    won_seconds: Seconds = 15
    invoice_seconds: Seconds = 60
    retry_seconds: Seconds = 30


class Retries(_Part):
    """The wait doubles from `base_seconds` to `max_seconds`; after the last attempt a person must look."""

    max_attempts: Annotated[int, Field(ge=1)] = 6
    base_seconds: Seconds = 2
    max_seconds: Seconds = 3600


class Policy(_Part):
    """The whole of policy.yaml.

    `tolerance` is the allowed difference between a deal and its order, by currency. A nightly comparison
    that finds fewer than `short_pull_share` of the known records refuses to call the rest deleted.
    """

    go_live: date | None = None
    tolerance: Mapping[Currency | Literal["default"], Amount] = {"default": Decimal("0.01")}
    create: Create = Create()
    default_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    sensors: Sensors = Sensors()
    retries: Retries = Retries()
    short_pull_share: Share = 0.5
    breaker: Breaker = Breaker()
    budget: Budget = Budget()

    @field_validator("tolerance")
    @classmethod
    def _with_default(cls, value: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        return {"default": Decimal("0.01"), **value}
