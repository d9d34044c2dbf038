"""What the company expects of its data: which fields, how recent, and from which score on somebody should look."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmerp_assets.canonical import ENTITIES

Audited = Literal["customer", "contact", "product", "order"]
AUDITED: tuple[Audited, ...] = ("customer", "contact", "product", "order")
Days = Annotated[int, Field(ge=1)]
Score = Annotated[float, Field(ge=0, le=100)]
_EXPECTED: Mapping[Audited, tuple[str, ...]] = {
    "customer": ("billing_street", "billing_city", "billing_postcode", "billing_country"),
    "contact": ("email",),
    "product": ("sku", "name"),
    "order": ("close_date", "currency"),
}
_STALE: Mapping[Audited, int] = {"customer": 730, "contact": 730}


class Audit(BaseModel):
    """The whole of `audit` in policy.yaml.

    A system and entity whose score is below `warn_below` warns. `expected` names by entity the fields that a record
    should have though no system demands them; `stale_days` after how many days without a change a record is stale,
    where an entity is named at all. What is said of one entity keeps the defaults of the others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    warn_below: Score = 90
    expected: Mapping[Audited, tuple[str, ...]] = Field(default=_EXPECTED, validate_default=True)
    stale_days: Mapping[Audited, Days | None] = Field(default=_STALE, validate_default=True)

    @field_validator("expected")
    @classmethod
    def _known(cls, value: Mapping[Audited, tuple[str, ...]]) -> Mapping[Audited, tuple[str, ...]]:
        for entity, names in value.items():
            unknown = sorted(set(names) - set(ENTITIES[entity].names()))
            if unknown:
                raise ValueError(f"{entity} has no field '{unknown[0]}'; `crmerp mapping render` lists its fields")
        return {**_EXPECTED, **value}

    @field_validator("stale_days")
    @classmethod
    def _others(cls, value: Mapping[Audited, int | None]) -> Mapping[Audited, int | None]:
        return {**_STALE, **value}
