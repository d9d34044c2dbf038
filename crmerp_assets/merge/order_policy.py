"""What the company has decided about orders: who must approve what, what credit allows, and unknown products."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[Decimal, Field(ge=0)]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
Hours = Annotated[float, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(_Section):
    """One approval that is needed. Without `people`, anybody may give it who has not given a level before it.

    After `escalate_hours` without an answer, those in `escalate_to` may give it too, and everything says so.
    """

    name: str
    people: tuple[str, ...] = ()
    escalate_hours: Hours | None = None
    escalate_to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Level":
        if (self.escalate_hours is None) != (not self.escalate_to):
            raise ValueError("give both escalate_hours and escalate_to, or neither")
        return self


class ApprovalRule(_Section):
    """Orders that need approval: every condition that is given must hold.

    `discount_over` is in percent of the list price, or the discount that the line states where there is no list price;
    `total_over` is in the order's currency. `products` (SKUs) and `categories` narrow the lines that are looked at,
    `tiers` the customers.
    """

    name: str
    discount_over: Percent | None = None
    total_over: Mapping[Currency | Literal["default"], Amount] | None = None
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _asks(self) -> "ApprovalRule":
        if not (self.discount_over is not None or self.total_over or self.products or self.categories or self.tiers):
            raise ValueError(f"the approval rule '{self.name}' has no condition, so every order would need approval")
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names):
            raise ValueError(f"the approval rule '{self.name}' names a level twice")
        return self


class Credit(_Section):
    """`hold`: customers whom the ERP has put on credit hold get no order. `limit`: nor those whose open invoices,
    unbilled orders and this order together are more than the credit limit that the ERP has for them."""

    hold: bool = True
    limit: bool = False


class UnknownProduct(_Section):
    """What becomes of a line whose product no catalogue knows: `park` asks a person, `default_item` sells the item of
    that SKU with the unknown text as its description, and `create` makes a product of that name in the ERP first."""

    rule: Literal["park", "default_item", "create"] = "park"
    sku: str | None = None

    @model_validator(mode="after")
    def _named(self) -> "UnknownProduct":
        if (self.rule == "default_item") != (self.sku is not None):
            raise ValueError("unknown_product: give a sku with `rule: default_item`, and only there")
        return self


class Orders(_Section):
    """The whole of `orders` in policy.yaml.

    `not_won` says what becomes of the order of a deal that was re-opened or lost: `cancel` cancels it in the ERP unless
    somebody has begun to work on it, which a person is then asked about; `ignore` leaves it.
    """

    approvals: tuple[ApprovalRule, ...] = ()
    credit: Credit = Credit()
    unknown_product: UnknownProduct = UnknownProduct()
    not_won: Literal["review", "cancel", "ignore"] = "review"

    @field_validator("approvals")
    @classmethod
    def _once(cls, value: tuple[ApprovalRule, ...]) -> tuple[ApprovalRule, ...]:
        names = [rule.name for rule in value]
        if len(set(names)) != len(names):
            raise ValueError("two approval rules have the same name")
        return value


class Receivables(_Section):
    """`write_off_items`: a credit memo whose first line is over one of these items of the ERP is a write-off."""

    write_off_items: tuple[str, ...] = ("WRITE-OFF",)
